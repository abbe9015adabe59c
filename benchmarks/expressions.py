"""What breaks on people's heads when keys act: teeth through lips, lids in eyeballs, lips through themselves.

usage: python benchmarks/expressions.py HEAD.npz... [--model open_head.npz] [--pairs 20] [--without-combinations]
       [--as-in-model]

Each head lends its neutral shape and its joints; keys and corrections of pairs are those of the head model (its blinks
scaled to the head and its lips kept apart, as `seif_core.assembly` does; the latter not with `--as-in-model`), so that
head.npz files made once serve any later model. Poses: all 52 keys at 1, one at a time, all pairs of the keys used most,
both at 1, and the open jaw with both sides of six keys; corrections act with the weights of the pose, so that
`mouthClose` alone, or with a key other than `jawOpen`, is what `mouthClose_over_jawOpen` makes of it, as in Blender.

Counts, per pose: *teeth*, vertices of teeth farther than 0.3 mm, and less than 6, before the triangle of the skin about
the mouth that is nearest to them, where that faces away from the head's inside (a rolled lip faces teeth
behind it); *pierced*, pairs of triangles of teeth and of that skin that pass through each other; *lids*, vertices
of lids deeper than 0.3 mm in the eyeball; *lips*, pairs of triangles of the lips that pass through each other, less the
neutral head's number (since Open head 1.5 that is 0); *linings*, triangles of the linings of mouth and eye sockets that
have come out through the skin over them: about a point 0.15 mm before them the head's closed skin winds backwards.
Those of the neutral head are counted in every pose.

A row is a head: pairs that cross at rest, then for keys, pairs and triples the sums of the five counts and in how many
poses there are any.

Last figures, 2026-11-30, six heads of portraits_pd by lot (quality full), sums over heads, Open head 1.6 and in
parentheses 1.5 as this counts today:

                 52 keys at 1     190 pairs at 1    6 triples at 1
    lips         0 (0)            0 (47)            0 (0)
    linings      0 (0)            5 (5)             0 (0)
    pierced      0 (0)            0 (0)             0 (0)

Linings without the one head that has eight outside at rest. Teeth 0; as they were counted until now, with the triangles
that face inwards, 54 (54), all `mouthRollLower`: upper teeth above and behind a lower lip rolled in before them.
Lids: one vertex, `cheekSquintLeft` with `eyeLookDownLeft`. Other six heads had 1, 106 and 0 pairs of lips with 1.5, of
which 102 were `mouthClose` without `jawOpen`.

All 15 sample portraits, Open head 1.6, 52 keys / 190 pairs / 6 triples: teeth and pierced none, lips 22 / 5 / 0 (the 22
are `mouthRollUpper` on one head), lids one vertex; linings on three heads that have some outside at rest, 0 to 3 on the
others.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import igl
import numpy as np
from scipy.spatial import KDTree

from seif_core.expressions.lips import keep_lips_apart
from seif_core.expressions.own_keys import own_keys
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.head import Head
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.headmodel.model import read_open_head, triangulate

MOST_USED: Final[tuple[str, ...]] = (
    "jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight", "browInnerUp", "mouthPucker",
    "mouthFunnel", "eyeSquintLeft", "eyeSquintRight", "mouthClose", "cheekSquintLeft", "browDownLeft", "browDownRight",
    "mouthUpperUpLeft", "mouthLowerDownLeft", "mouthStretchLeft", "mouthFrownLeft", "noseSneerLeft", "eyeLookDownLeft",
)  # fmt: skip
"""Keys that talking, laughing and blinking use; chosen by hand."""

DEPTH: Final = 0.0003
"""Metres below which nothing is seen."""
TRIPLES: Final = tuple(
    ("jawOpen", f"{stem}Left", f"{stem}Right")
    for stem in ("mouthSmile", "mouthStretch", "mouthFrown", "mouthDimple", "mouthUpperUp", "mouthLowerDown")
)
"""An open mouth with both sides of what mostly acts on both."""
_SHALLOW: Final = 0.00015
"""Metres before a lining at which is asked whether it has come out."""
_LOST: Final = 0.006
"""Metres: teeth farther from the skin than this stand before another place of it."""
_NEAR: Final = 0.05
"""Metres from the lips of the skin that teeth may pass."""


@dataclass(frozen=True, eq=False)
class Counts:
    """What breaks in one pose."""

    teeth: int
    pierced: int
    lids: int
    lips: int
    linings: int


class Checker:
    """Counts faults of one head's poses; V vertices of the head model."""

    def __init__(self, model: HeadModel, neutral: np.ndarray) -> None:
        self.model, self.neutral = model, neutral.astype(np.float64)
        self.joints = model.joint_regressor.astype(np.float64) @ self.neutral
        triangles, origin = triangulate(model.faces)
        part = model.face_part[origin]
        skin = triangles[part == 0].astype(np.int64)
        inner, lips = model.regions["mouth_interior"], model.regions["lips"]
        self.closed = with_lid(skin, len(neutral))
        outer = np.logical_or.reduce([model.regions[name] for name in ("face", "scalp", "ears", "neck")])
        self.linings = skin[~outer[skin].all(axis=1)]
        near = np.linalg.norm(self.neutral - self.neutral[lips].mean(axis=0), axis=1) < _NEAR
        self.cover = skin[(near & ~inner)[skin].all(axis=1)]
        edges = np.sort(np.concatenate([self.cover[:, [0, 1]], self.cover[:, [1, 2]], self.cover[:, [2, 0]]]), axis=1)
        kinds, count = np.unique(edges, axis=0, return_counts=True)
        rim = np.unique(kinds[count == 1])  # the lips' edge, and far skin
        self.cover = self.cover[~np.isin(self.cover, rim).any(axis=1)]
        self.lips = skin[lips[skin].all(axis=1)]
        self.teeth = {name: np.unique(triangles[part == index]) for name, index in (("upper", 3), ("lower", 4))}
        self.throat = self.neutral[self.teeth["upper"]].mean(axis=0)
        self.dental = triangles[(part == 3) | (part == 4)].astype(np.int64)
        self.eyes = {index: np.unique(triangles[part == index]) for index in (1, 2)}
        self.lids = np.flatnonzero(model.regions["lids"])

    @cached_property
    def crossed_at_rest(self) -> int:
        """Pairs of triangles of the neutral lips that pass through each other."""
        return crossings(self.neutral, self.lips)

    def counts(self, offset: np.ndarray) -> Counts:
        """Faults of the head under an offset (V, 3)."""
        head = self.neutral + offset
        lips = max(crossings(head, self.lips) - self.crossed_at_rest, 0)
        return Counts(self._teeth(head), self._pierced(head), self._lids(head), lips, self._linings(head))

    def _linings(self, head: np.ndarray) -> int:
        corners = head[self.linings]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-15)
        rim = self.closed[self.closed[:, 2] == len(head), :2]
        points = np.concatenate([head, head[rim].mean(axis=(0, 1))[None]])
        before = corners.mean(axis=1) + _SHALLOW * normal
        winding = np.asarray(igl.fast_winding_number(points, self.closed, before), np.float64)
        return int(np.count_nonzero(winding < -0.5))

    def _pierced(self, head: np.ndarray) -> int:
        pairs = crossing_pairs(head, np.concatenate([self.cover, self.dental]))
        return int(((pairs[:, 0] < len(self.cover)) & (pairs[:, 1] >= len(self.cover))).sum())

    def _teeth(self, head: np.ndarray) -> int:
        corners = head[self.cover]
        centre = corners.mean(axis=1)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        size = np.sqrt(np.linalg.norm(normal, axis=1))
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-15)
        ahead = (normal * (centre - self.throat)).sum(axis=1) > 0  # a lip rolled in faces teeth that stand behind it
        points = head[np.concatenate(list(self.teeth.values()))]
        _, nearest = KDTree(centre).query(points)
        arm = points - centre[nearest]
        out = (arm * normal[nearest]).sum(axis=1)
        beside = np.linalg.norm(arm - out[:, None] * normal[nearest], axis=1)
        return int((ahead[nearest] & (out > DEPTH) & (out < _LOST) & (beside < size[nearest])).sum())

    def _lids(self, head: np.ndarray) -> int:
        found = 0
        for index, ball in self.eyes.items():
            centre = self.joints[2 + index]
            arm = head[ball] - centre
            reach = np.linalg.norm(arm, axis=1)
            mine = self.lids[np.sign(self.neutral[self.lids, 0]) == (1 if index == 1 else -1)]
            lid = head[mine] - centre
            length = np.linalg.norm(lid, axis=1)
            distance, near = KDTree(arm / reach[:, None]).query(lid / length[:, None], k=3)
            share = 1 / (distance + 1e-6)
            surface = (share * reach[near]).sum(axis=1) / share.sum(axis=1)
            found += int(((surface - length > DEPTH) & (lid[:, 2] > 0)).sum())
        return found


def with_lid(skin: np.ndarray, apex: int) -> np.ndarray:
    """Triangles (T, 3) closed over their open edge by a fan about one more vertex `apex`."""
    edges = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    known = set(map(tuple, edges.tolist()))
    rim = np.array([(b, a) for a, b in sorted(known) if (b, a) not in known])
    return np.concatenate([skin, np.column_stack([rim, np.full(len(rim), apex)])])


def crossings(head: np.ndarray, triangles: np.ndarray) -> int:
    """Pairs of triangles without a common vertex that pass through each other."""
    return len(crossing_pairs(head, triangles))


def poses(names: tuple[str, ...], pairs: int) -> list[tuple[str, ...]]:
    """All keys alone, then all pairs of the keys used most, then open mouths with both sides of a key."""
    return [*((name,) for name in names), *itertools.combinations(MOST_USED[:pairs], 2), *TRIPLES]


def main() -> int:
    """Print the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("heads", nargs="+", type=Path)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--without-combinations", action="store_true")
    parser.add_argument("--as-in-model", action="store_true", help="keys of the model, not those made for the head")
    options = parser.parse_args()
    model = load_head_model("open") if options.model is None else read_open_head(options.model)
    worst: dict[tuple[str, ...], np.ndarray] = {}
    for path in options.heads:
        head = Head.load(path)
        checker = Checker(model, head.vertices[: len(model.template)])
        keys, own = own_keys(model, checker.neutral.astype(np.float32), head.joints)
        own = None if options.without_combinations else own
        if not options.as_in_model:
            keys, own = keep_lips_apart(model, checker.neutral.astype(np.float32), keys, own)
        total = np.zeros((3, 10), int)
        for pose in poses(model.key_names, options.pairs):
            offset = keys[[model.key_names.index(n) for n in pose]].sum(axis=0)
            if own is not None:
                offset = offset + own.displacement(dict.fromkeys(pose, 1.0))
            found = checker.counts(offset)
            row = np.array([found.teeth, found.pierced, found.lids, found.lips, found.linings])
            total[len(pose) - 1] += np.concatenate([row, row > 0])
            worst[pose] = worst.get(pose, np.zeros(5, int)) + row
        print(path.parent.name, checker.crossed_at_rest, *total.ravel().tolist(), flush=True)
    for column, what in enumerate(("teeth", "pierced", "lids", "lips", "linings")):
        order = sorted(worst, key=lambda pose: -worst[pose][column])[:12]
        told = ", ".join(f"{'+'.join(p)} {worst[p][column]}" for p in order if worst[p][column])
        print(f"{what}: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
