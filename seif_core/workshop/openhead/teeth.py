"""Fourteen teeth and the gum of each jaw, along MakeHuman's coarse dental arches.

Crown widths and heights in millimetres after Nelson & Ash, Wheeler's Dental Anatomy, 9th ed., table 1-1; here in
proportion to the length of MakeHuman's arch. Wisdom teeth are left out.

Crowns stand on one plane that climbs to the back: on levels of their own the lower ones were a flight of steps in an
open mouth.

Convention: decimetres, MakeHuman's frame (Y up, +Z front, +X left). Islands: crowns stand in a row, incisal edge up;
the gum lies below them, in the lower `GUM_SHARE` of the island's height.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.spatial import ConvexHull

from ...shapes import Float64
from . import makehuman
from .appendage import Appendage, affine_binding

WIDTHS: Final = {
    "upper": (8.5, 6.5, 7.5, 7.0, 7.0, 10.0, 9.0),
    "lower": (5.0, 5.5, 7.0, 7.0, 7.0, 11.0, 10.5),
}
HEIGHTS: Final = {
    "upper": (10.5, 9.0, 10.0, 8.5, 8.5, 7.5, 7.0),
    "lower": (9.0, 9.5, 11.0, 8.5, 8.0, 7.5, 7.0),
}
DEPTHS: Final = {
    "upper": (7.0, 6.0, 8.0, 9.0, 9.0, 11.0, 11.0),
    "lower": (6.0, 6.5, 7.5, 7.5, 8.0, 10.5, 10.0),
}
"""Crowns from the middle line to the back, millimetres: mesiodistal width, height, labiolingual depth."""

GUM_SHARE: Final = 0.4
"""Lower part of a teeth island's height that shows gum, not tooth."""

_LOWER_IN_FRONT: Final = {"upper": 0.020, "lower": 0.008}
_FRONT: Final = 0.35
"""Decimetres by which the teeth of the middle reach below the plane of the arch, and the share of half the arch over
which that fades. So the upper ones cover the lower ones by more than a millimetre (2 to 3 in people, Proffit,
Contemporary Orthodontics) and show under a lip that parts from the other."""
_AROUND: Final = 10
_RINGS: Final = (-0.35, 0.1, 0.45, 0.8, 0.95)
_GUM_AROUND: Final = 8
_GUM_ALONG: Final = 33
_MM: Final = 0.01


@dataclass(frozen=True)
class _Arch:
    """Outer curve of a dental arch: points (N, 2) in (x, z) from the back right round the front to the back left."""

    curve: np.ndarray
    length: np.ndarray
    edge: np.ndarray  # (2,) height of the biting edge: value at z = 0 and slope per z
    up: float  # +1 where roots point up (upper jaw)

    def at(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places on the curve, tangents and outward normals, all (N, 3) at edge height; s from -1 (right) to 1."""
        way = (np.asarray(s, dtype=np.float64) + 1) / 2 * self.length[-1]
        x, z = (np.interp(way, self.length, self.curve[:, k]) for k in range(2))
        step = 0.02
        ahead, behind = (
            np.stack([np.interp(way + d, self.length, self.curve[:, k]) for k in range(2)], 1) for d in (step, -step)
        )
        tangent = ahead - behind
        tangent = tangent / np.linalg.norm(tangent, axis=1, keepdims=True)
        y = self.edge[0] + self.edge[1] * z
        zero = np.zeros_like(x)
        return (
            np.stack([x, y, z], 1),
            np.stack([tangent[:, 0], zero, tangent[:, 1]], 1),
            np.stack([-tangent[:, 1], zero, tangent[:, 0]], 1),
        )


@lru_cache(maxsize=2)
def dental_arch(jaw: str) -> Appendage:
    """Teeth and gum of ``upper`` or ``lower`` jaw."""
    base = makehuman.read_base()
    ids = base.groups[f"helper-{jaw}-teeth"]
    anchors = base.vertices[ids]
    arch = _arch(anchors, jaw)
    points, faces, flat, mirror = [], [], [], []
    count = 0
    for tooth in range(len(WIDTHS[jaw])):
        crown, quads = _crown(arch, jaw, tooth)
        island = _crown_island(jaw, tooth)
        for side in (1, -1):
            points.append(crown * [side, 1, 1])
            faces.append((quads if side == 1 else _reversed(quads)) + np.where(quads >= 0, count, 0))
            flat.append(island * [side, 1])
            mirror.append(np.arange(len(crown)) + count + side * len(crown))
            count += len(crown)
    gum, quads = _gum(arch, jaw)
    points.append(gum)
    faces.append(quads + count)
    grid = np.arange(len(gum)).reshape(_GUM_ALONG, _GUM_AROUND)
    mirror.append(grid[::-1].reshape(-1) + count)
    flat.append(_gum_island())
    # the gum is a tube: its texture needs one more column than it has vertices around
    corners = [f.copy() for f in faces]
    last = _GUM_AROUND
    strip = np.arange(_GUM_ALONG * (last + 1)).reshape(_GUM_ALONG, last + 1) + count
    corners[-1] = _grid_quads(strip)
    flat = [
        _upright(block, quads - corners_start)
        for block, quads, corners_start in zip(
            flat, corners, np.cumsum([0] + [len(block) for block in flat])[:-1].tolist(), strict=True
        )
    ]
    vertices = np.concatenate(points)
    return Appendage(
        body_ids=ids.astype(np.int64),
        binding=affine_binding(vertices, anchors, 0.06),
        faces=np.concatenate(faces).astype(np.int32),
        mirror=np.concatenate(mirror).astype(np.int64),
        flat=np.concatenate(flat),
        flat_faces=np.concatenate(corners).astype(np.int32),
    )


def _arch(anchors: np.ndarray, jaw: str) -> _Arch:
    hull = anchors[ConvexHull(anchors[:, [0, 2]]).vertices]
    back = anchors[:, 2].min()
    # outer points by their direction as seen from the middle of the arch's back
    angle = np.arctan2(hull[:, 0], hull[:, 2] - back + 0.02)
    reach = np.hypot(hull[:, 0], hull[:, 2] - back + 0.02)
    order = np.argsort(angle)
    fine = np.linspace(-np.pi / 2 * 0.97, np.pi / 2 * 0.97, 181)
    radius = np.interp(fine, angle[order], reach[order])
    kernel = np.hanning(15) / np.hanning(15).sum()
    radius = np.convolve(np.pad(radius, 7, mode="edge"), kernel, mode="valid")
    radius = (radius + radius[::-1]) / 2
    curve = np.stack([radius * np.sin(fine), radius * np.cos(fine) + back - 0.02], axis=1)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    upper = jaw == "upper"
    front, rear = anchors[anchors[:, 2] > 1.4], anchors[anchors[:, 2] < 1.1]
    pick = np.min if upper else np.max
    ends = [(a[:, 2].mean(), pick(a[:, 1])) for a in (front, rear)]
    slope = (ends[0][1] - ends[1][1]) / (ends[0][0] - ends[1][0])
    return _Arch(curve, length, np.array([ends[0][1] - slope * ends[0][0], slope]), 1.0 if upper else -1.0)


def _crown(arch: _Arch, jaw: str, tooth: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (N, 3) and faces (F, 4) of one crown of the subject's left side."""
    widths = np.array(WIDTHS[jaw])
    share = widths / widths.sum()
    middle = share[:tooth].sum() + share[tooth] / 2
    scale = arch.length[-1] / 2 / (widths.sum() * _MM)
    place, tangent, normal = (a[0] for a in arch.at(np.array([middle])))
    place = place - [0, _LOWER_IN_FRONT[jaw] * np.exp(-((middle / _FRONT) ** 2)), 0]
    width = widths[tooth] * _MM * scale
    height, depth = HEIGHTS[jaw][tooth] * _MM, DEPTHS[jaw][tooth] * _MM
    inset = 0.5 * depth + (0.015 if jaw == "lower" else 0.0)
    sharp = _at(tooth, [0, 2, 3, 6], [0.30, 0.42, 0.82, 0.88])  # depth left at the biting edge
    power = _at(tooth, [0, 2, 6], [2.6, 2.4, 3.2])
    angle = 2 * np.pi * (np.arange(_AROUND) + 0.5) / _AROUND
    cos, sin = np.cos(angle), np.sin(angle)
    across = np.sign(cos) * np.abs(cos) ** (2 / power)
    deep = np.sign(sin) * np.abs(sin) ** (2 / power)
    up = np.array([0.0, arch.up, 0.0])
    rows = []
    for h in _RINGS:
        wide = _at(h, [-0.35, 0.1, 0.7, 0.95], [0.62, 0.82, 0.99, 0.9]) * width / 2
        thick = _at(h, [-0.35, 0.1, 0.45, 0.95], [0.7, 0.92, 0.9, sharp]) * depth / 2
        lean = _at(h, [-0.35, 0.45, 0.95], [-0.06, 0.0, -0.02 - 0.25 * (1 - sharp) * depth])
        centre = place - normal * (inset - lean * 0.5) + up * (1 - h) * height
        rows.append(centre + np.outer(across * wide, tangent) + np.outer(deep * thick, normal))
    tip = place - normal * (inset + 0.12 * (1 - sharp) * depth)
    rows.append(tip[None])
    crown = np.concatenate(rows)
    # the row of biting edges climbs to the back, and so does each crown's own: level ones are a flight of steps
    crown[:, 1] += arch.edge[1] * (crown[:, 2] - place[2])
    return crown, _cap_faces(arch.up)


def _at(x: float, places: list[float], values: list[float]) -> float:
    return float(np.interp(x, places, values))


def _cap_faces(up: float) -> np.ndarray:
    """Faces of a tube of `_RINGS` closed at its biting edge, outward for roots pointing `up`."""
    ring = np.arange(len(_RINGS) * _AROUND).reshape(len(_RINGS), _AROUND)
    ring = np.concatenate([ring, ring[:, :1]], axis=1)
    quads = _grid_quads(ring)
    tip = len(_RINGS) * _AROUND
    last = ring[-1]
    caps = np.stack([last[:-1], last[1:], np.full(_AROUND, tip), np.full(_AROUND, -1)], axis=1)
    faces = np.concatenate([quads, caps])
    return faces if up > 0 else _reversed(faces)


def _gum(arch: _Arch, jaw: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of the gum: a tube along the roots."""
    s = np.linspace(-1.0, 1.0, _GUM_ALONG)
    place, _, normal = arch.at(s)
    depth = np.interp(np.abs(s), [0, 1], [0.085, 0.12])
    height = np.interp(np.abs(s), [0, 0.45, 1], np.array(HEIGHTS[jaw])[[0, 2, 6]] * _MM)
    angle = 2 * np.pi * np.arange(_GUM_AROUND) / _GUM_AROUND
    up = np.array([0.0, arch.up, 0.0])
    inset = 0.5 * depth - 0.004 + (0.015 if jaw == "lower" else 0.0)
    centre = place - normal * inset[:, None] + up * (height + 0.035)[:, None]
    rings = (
        centre[:, None]
        + normal[:, None] * (depth / 2)[:, None, None] * np.cos(angle)[None, :, None]
        + up * 0.05 * np.sin(angle)[None, :, None]
    )
    ring = np.arange(_GUM_ALONG * _GUM_AROUND).reshape(_GUM_ALONG, _GUM_AROUND)
    quads = _grid_quads(np.concatenate([ring, ring[:, :1]], axis=1))
    return rings.reshape(-1, 3), quads if arch.up < 0 else _reversed(quads)


def _crown_island(jaw: str, tooth: int) -> np.ndarray:
    """Texture place of a left crown: its rings unrolled as concentric squashed circles, biting edge in the middle."""
    widths = np.array(WIDTHS[jaw])
    share = widths / widths.sum()
    middle = share[:tooth].sum() + share[tooth] / 2
    angle = 2 * np.pi * (np.arange(_AROUND) + 0.5) / _AROUND
    reach = np.linspace(1.0, 0.22, len(_RINGS))
    ring = np.stack([np.outer(reach, np.cos(angle)), np.outer(reach, np.sin(angle))], axis=-1).reshape(-1, 2)
    ring = np.concatenate([ring, [[0.0, 0.0]]])
    return ring * [share[tooth] * 0.46, (1 - GUM_SHARE) * 0.46] + [middle, (1 + GUM_SHARE) / 2]


def _gum_island() -> Float64[np.ndarray, "N 2"]:
    u = np.linspace(-1.0, 1.0, _GUM_ALONG)
    v = np.linspace(0.0, GUM_SHARE - 0.05, _GUM_AROUND + 1)
    return np.stack(np.broadcast_arrays(u[:, None], v[None]), axis=-1).reshape(-1, 2)


def _upright(flat: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """A block of an island, turned upside down where its faces would be clockwise."""
    a, b, c = (flat[faces[:, k]] for k in range(3))
    turn = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum()
    middle = (flat.min(axis=0) + flat.max(axis=0)) / 2
    return flat if turn > 0 else (flat - middle) * [1, -1] + middle


def _grid_quads(grid: np.ndarray) -> np.ndarray:
    """Quads of a grid of vertex indices (R, C)."""
    return np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=-1).reshape(-1, 4)


def _reversed(faces: np.ndarray) -> np.ndarray:
    """Faces with their corners in the opposite sense; triangles keep their padding last."""
    quads = faces[:, [3, 2, 1, 0]]
    triangles = np.concatenate([faces[:, [2, 1, 0]], faces[:, 3:]], axis=1)
    return np.where((faces[:, 3:] >= 0), quads, triangles)
