"""Keys that draw no lip through itself on this head: the lips of one person meet elsewhere than those of another.

A head model's keys are made on its mean and on drawn heads. On a person the corners of the mouth lie closer or deeper,
and a key that opens them there may draw their skin through itself. Where it does, the vertices of triangles that newly
cross are attached to each other, ever more strongly, and the skin around bends as little as it can: what moves alike
crosses no more than at rest. The same is done for pairs of keys that the model corrects, for some that it does not,
and for an open mouth with both sides of a key; what a pair needs beyond its keys goes into its correction.

Convention: metres, model space, keys and corrections at 1. Worked number: on one portrait's head `jawOpen` with
`mouthFunnel` drew 26 pairs of triangles in the corners through each other; moved by 2 mm at most, there are none.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..combination_shapes import LESS, CombinationShapes, pair_amount
from ..geometry.connectivity import Connectivity
from ..geometry.laplacian import graph_laplacian
from ..geometry.self_intersection import CrossingFinder
from ..headmodel import HeadModel
from ..headmodel.model import triangulate
from ..registration.attachments import Attachments
from ..registration.quadratic_energy import QuadraticEnergy
from ..registration.solver import solve_sparse
from ..shapes import Float, Float32, Float64, Int
from .arkit import mirrored_name

_STILL: Final = 1e-4
"""Metres: a key that moves no vertex of the lips farther is left as it is."""
_RINGS: Final = 4
"""Rings of vertices around the lips that may move too; chosen by eye on five portraits."""
_ROUNDS: Final = 12
"""Rounds of attachments; most places need two or three, one key of 21 portraits nine."""
_FIRST: Final = 0.03
"""Strength of the first round's attachments, against the stiffness of the skin."""
_GROWTH: Final = 2.5
"""Factor of the strength from round to round: with 4 lips moved 1.5 times as far as they had to, on three portraits."""
_MOST: Final = 0.0015
"""Metres that a vertex may move at most; beyond, lips part where they should press: chosen by eye on one portrait."""
_MEMBRANE: Final = 10.0
"""How much stretching counts beside bending, both of the uniform graph; chosen by eye on five portraits."""
_MIDDLE: Final = 0.012
"""Metres from the middle plane at which a correction for both sides has become that of one side."""
_PASSES: Final = 2
"""Both sides of a key share corners with one side alone: looked at in turn so many times."""
_MORE_PAIRS: Final = (
    ("mouthFunnel", "mouthClose"),
    ("mouthPucker", "mouthFrownLeft"),
    ("mouthPucker", "mouthFrownRight"),
    ("mouthPucker", "mouthStretchLeft"),
    ("mouthPucker", "mouthStretchRight"),
    ("mouthPucker", "cheekSquintLeft"),
    ("mouthPucker", "cheekSquintRight"),
    ("cheekSquintLeft", "jawOpen"),
    ("cheekSquintRight", "jawOpen"),
)
"""Pairs without a correction in the model that crossed most often, on 21 portraits; they get one where needed."""
_SHUT: Final = ("mouthClose", f"{LESS}jawOpen")
"""The pair that takes back what shuts the lips of an open jaw where the jaw is not open."""


def keep_lips_apart(
    model: HeadModel,
    neutral: Float32[np.ndarray, "V 3"],
    keys: Float32[np.ndarray, "K V 3"],
    pairs: CombinationShapes | None,
) -> tuple[Float32[np.ndarray, "K V 3"], CombinationShapes | None]:
    """Keys and corrections of pairs of `model` that draw no lip of the head `neutral` through itself, where possible.

    Args:
        model: one without lips, or whose keys have no names, gets its keys back.
        neutral: (V, 3) metres, the shaped neutral head.
        keys: (K, V, 3) metres.
        pairs: corrections of pairs of these keys, or None.
    """
    mender = _Mender(model, neutral) if "lips" in model.regions and len(keys) else None
    if mender is None or not mender.has_lips:
        return keys, pairs
    deltas = {} if pairs is None else {p: delta.copy() for p, delta in zip(pairs.pairs, pairs.deltas, strict=True)}
    mended = dict(zip(model.key_names, keys.copy(), strict=True))
    for name, key in mended.items():
        if _SHUT not in deltas or name != _SHUT[0]:
            mended[name] = key + mender.change(key).astype(np.float32)
    if pairs is None:
        return np.stack(list(mended.values())), None
    if _SHUT in deltas:  # with the open jaw, without which the key never acts alone
        shut = mended[_SHUT[0]]
        change = mender.change(mended["jawOpen"] + shut)
        deltas[_SHUT] += mender.change(shut + deltas[_SHUT]) - change
        shut += change
    return np.stack(list(mended.values())), _mended_pairs(mender, mended, deltas)


def _mended_pairs(
    mender: _Mender, keys: dict[str, np.ndarray], deltas: dict[tuple[str, str], np.ndarray]
) -> CombinationShapes:
    def together(*names: str) -> np.ndarray:
        """The displacement of keys at 1, with the corrections that they have by now."""
        weights = dict.fromkeys(names, 1.0)
        total = np.sum([keys[name] for name in weights], axis=0, dtype=np.float32)
        return total + sum((delta for pair, delta in deltas.items() if pair_amount(pair, weights)), np.float32(0))

    model_pairs = tuple(deltas)
    for _ in range(_PASSES):
        for pair, twin in _both_sides(deltas):
            change = mender.change(together(*pair, *twin))
            left, right = (pair, twin) if any(name.endswith("Left") for name in pair) else (twin, pair)
            deltas[left] = deltas[left] + mender.share * change
            deltas[right] = deltas[right] + (1 - mender.share) * change
        for pair in (*model_pairs, *_MORE_PAIRS):
            if not set(pair) <= set(keys):
                continue
            change = mender.change(together(*pair))
            if not change.any():
                continue
            deltas[pair] = deltas.get(pair, 0) + mender.side(pair) * change
    return CombinationShapes(tuple(deltas), np.stack(list(deltas.values())).astype(np.float32))


def _both_sides(deltas: dict[tuple[str, str], np.ndarray]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of a one-sided and an even key, each with its mirror image, once."""
    found = []
    for pair in deltas:
        twin = (mirrored_name(pair[0]), mirrored_name(pair[1]))
        if pair[0] != twin[0] and pair[1] == twin[1] and twin in deltas and pair < twin:
            found.append((pair, twin))
    return found


class _Mender:
    """Mends offsets on one head.

    Attributes:
        neutral: (V, 3) metres.
        share: (V, 1) 1 on the subject's left, 0 on the right, mirror images add up to 1.
    """

    def __init__(self, model: HeadModel, neutral: Float[np.ndarray, "V 3"]) -> None:
        self.neutral = neutral.astype(np.float64)
        triangles, origin = triangulate(model.faces)
        skin = Connectivity(triangles[model.face_part[origin] == 0].astype(np.int64), len(neutral))
        lips = model.regions["lips"]
        self._free = np.flatnonzero(skin.grown(lips, _RINGS))
        used = skin.triangles[lips[skin.triangles].all(axis=1)]
        self._lips, inverse = np.unique(used, return_inverse=True)
        self._triangles = inverse.reshape(-1, 3)
        self._finder = CrossingFinder(self._triangles)
        self._crossed = np.zeros(len(used), bool)
        if len(used):
            self._crossed[self._finder.pairs(self.neutral[self._lips])] = True
        edges = skin.edges
        stiff = graph_laplacian(edges, np.ones(len(edges)), len(neutral))[self._free]
        stiff = stiff[:, self._free]
        self._stiffness = stiff @ stiff + _MEMBRANE * stiff
        row = np.full(len(neutral), -1)
        row[self._free] = np.arange(len(self._free))
        self._row = row
        side = np.clip(self.neutral[:, :1] / _MIDDLE, -1, 1)
        self.share = (1 + side * (3 - side**2) / 2) / 2

    @property
    def has_lips(self) -> bool:
        """Whether any triangle belongs to the lips."""
        return len(self._triangles) > 0

    def side(self, pair: tuple[str, str]) -> Float64[np.ndarray, "V 1"]:
        """Where a pair's correction may act: on the side of its one-sided key, everywhere for even ones."""
        left, right = (any(name.endswith(side) for name in pair) for side in ("Left", "Right"))
        if left == right:
            return np.ones_like(self.share)
        return self.share if left else 1 - self.share

    def change(self, offset: Float[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
        """Change (V, 3) of an offset (V, 3) under which the fewest triangles of the lips cross; metres."""
        none = np.zeros_like(self.neutral)
        if np.abs(offset[self._lips]).max() < _STILL:
            return none
        own = offset[self._free].astype(np.float64)
        best, fewest, change, attached = none, np.inf, none, Attachments.none()
        for round_ in range(_ROUNDS):
            crossing = self._crossing(offset + change)
            if len(crossing) < fewest:
                best, fewest = change, len(crossing)
            if not len(crossing):
                break
            attached = attached.joined(self._cliques(crossing), _FIRST * _GROWTH**round_)
            # of the change alone, so that it is zero where nothing is attached and fades beyond the free vertices
            unbound = QuadraticEnergy(self._stiffness, np.zeros_like(own))
            bound = attached.added_to(unbound)
            pull = (self._stiffness - bound.matrix) @ own
            change = none.copy()
            change[self._free] = solve_sparse(QuadraticEnergy(bound.matrix, pull))
            if np.abs(change).max() > _MOST:
                break
        return best

    def _crossing(self, offset: np.ndarray) -> Int[np.ndarray, "P 2"]:
        pairs = self._finder.pairs((self.neutral + offset)[self._lips])
        return pairs[~self._crossed[pairs].all(axis=1)]

    def _cliques(self, crossing: Int[np.ndarray, "P 2"]) -> Int[np.ndarray, "Q 2"]:
        """Pairs of free vertices of crossing triangles, each with each."""
        six = self._row[self._lips[self._triangles[crossing].reshape(-1, 6)]]
        first, second = np.triu_indices(6, 1)
        return np.unique(np.sort(np.stack([six[:, first].ravel(), six[:, second].ravel()], axis=1), axis=1), axis=0)
