"""Keeps lips and cheeks outside the teeth, whatever a key or a sum of keys does.

A dental arch is taken as a wall: seen from above, about a point behind it, its outer side has a reach in every
direction, and a height from the gum to the biting edge. Skin that stands before the wall at rest must not pass it;
where it would, it is pushed outwards, and its neighbours take part.

Convention: metres, the template's frame, Y up, the face towards +Z. Worked number: the upper arch reaches 21 mm forward
and 34 mm to either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from ...shapes import Float64, Int64
from .calibration import calibrated_identity, outer_skin
from .regions import rings_around
from .rig import part_mask, skin_graph
from .selection import cavity_mask

CLEARANCE: Final = 0.0006
"""Metres between the wall and the skin before it, at least; chosen by eye."""
_REACH: Final = 12
"""Rings of outer skin about the mouth that are held before the teeth."""
_DEEP: Final = 5
"""Rings of the mouth's inside, from its rim, that are held too."""
_BINS: Final = 41
_WIDE: Final = np.radians(100.0)
"""Directions from straight ahead in which the wall is known."""
_EDGE: Final = 0.0015
"""Metres beyond the biting edge over which the wall ends."""
_STEPS: Final = (0.35, 0.7, 1.0)
"""Weights of a shape at which it is held."""
_ROUNDS: Final = 5
_SPREAD_RINGS: Final = 6
_SPREAD_SHARE: Final = 0.85
"""Over how many rings, and how much of it from one to the next, neighbours take part in a push."""


@dataclass(frozen=True, eq=False)
class _Wall:
    centre: float  # z behind the arch
    reach: np.ndarray  # (_BINS,) outer side, metres from the centre
    low: np.ndarray  # (_BINS,)
    high: np.ndarray  # (_BINS,)

    def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of points (N, 3): metres before the wall (negative: behind), 0..1 how much wall is there, and outwards."""
        arm = points[:, [0, 2]] - [0.0, self.centre]
        radius = np.linalg.norm(arm, axis=1)
        angle = np.arctan2(arm[:, 0], arm[:, 1])
        bins = np.linspace(-_WIDE, _WIDE, _BINS)
        reach, low, high = (np.interp(angle, bins, a) for a in (self.reach, self.low, self.high))
        y = points[:, 1]
        inside = np.clip(1 - np.maximum(y - high, low - y) / _EDGE, 0, 1) * (np.abs(angle) < _WIDE)
        outward = np.zeros_like(points)
        outward[:, [0, 2]] = arm / np.maximum(radius, 1e-9)[:, None]
        return radius - reach, inside, outward


def hold_lips(template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) under which lips and cheeks pass no teeth at any weight.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of a key, or of a sum of keys, lower teeth included.
    """
    change = np.zeros_like(offset)
    ids = held_skin()
    if np.abs(offset[ids]).max() < 2e-4:
        return change
    walls = [(arch_wall(name), _affine(template, offset, name)) for name in ("teeth_upper", "teeth_lower")]
    least = [np.minimum(wall.at(template[ids])[0], CLEARANCE) for wall, _ in walls]
    before = [wall.at(template[ids])[0] > -0.001 for wall, _ in walls]
    for _ in range(_ROUNDS):
        push = np.zeros_like(offset)
        for step in _STEPS:
            moved = template[ids] + step * (offset + change)[ids]
            for (wall, motion), keep, own in zip(walls, least, before, strict=True):
                back = np.eye(3) + step * (motion[0] - np.eye(3))
                local = np.linalg.solve(back, (moved - step * motion[1]).T).T
                distance, there, outward = wall.at(local)
                need = np.where(own, there * np.maximum(keep - distance, 0), 0) / step
                want = need[:, None] * outward @ back.T
                bigger = need > np.linalg.norm(push[ids], axis=1)
                push[ids[bigger]] = want[bigger]
        if np.abs(push).max() < 2e-5:
            break
        change += _spread(push, ids)
    return change


@lru_cache(maxsize=1)
def held_skin() -> Int64[np.ndarray, " N"]:
    """Vertices of lips and cheeks, and of the first rings inside the mouth, that are held before the teeth."""
    depth = mouth_depth()
    rings = rings_around("mouth", _REACH)
    return np.flatnonzero(((rings >= 0) & outer_skin()) | ((depth > 0) & (depth <= _DEEP)))


@lru_cache(maxsize=1)
def mouth_depth() -> Int64[np.ndarray, " V"]:
    """(V,) number of edges from the mouth's rim to each vertex of its inside; 0 on the rim, -1 elsewhere."""
    inside = cavity_mask("mouth")
    front = rings_around("mouth", 0) == 0
    depth = np.where(front, 0, -1)
    step = 0
    while front.any():
        step += 1
        front = (skin_graph() @ front > 0) & inside & (depth < 0)
        depth[front] = step
    return depth


@lru_cache(maxsize=2)
def arch_wall(part: str) -> _Wall:
    """The wall of ``teeth_upper`` or ``teeth_lower`` of the head that ships."""
    teeth = calibrated_identity().template[part_mask(part)]
    centre = float(teeth[:, 2].min())
    arm = teeth[:, [0, 2]] - [0.0, centre]
    angle, radius = np.arctan2(arm[:, 0], arm[:, 1]), np.linalg.norm(arm, axis=1)
    bins = np.linspace(-_WIDE, _WIDE, _BINS)
    width = 1.5 * (bins[1] - bins[0])
    found = np.full((3, _BINS), np.nan)
    for k, where in enumerate(bins):
        near = np.abs(angle - where) < width
        if near.any():
            outer = near & (radius > radius[near].max() - 0.006)
            found[:, k] = radius[near].max(), teeth[outer, 1].min(), teeth[outer, 1].max()
    known = np.isfinite(found[0])
    reach, low, high = (np.interp(bins, bins[known], row[known]) for row in found)
    return _Wall(centre, (reach + reach[::-1]) / 2, (low + low[::-1]) / 2, (high + high[::-1]) / 2)


def _affine(template: np.ndarray, offset: np.ndarray, part: str) -> tuple[np.ndarray, np.ndarray]:
    """What an offset does to teeth, as a matrix and a shift."""
    teeth = part_mask(part)
    rows = np.concatenate([template[teeth], np.ones((teeth.sum(), 1))], axis=1)
    found = np.linalg.lstsq(rows, template[teeth] + offset[teeth], rcond=None)[0]
    return found[:3].T, found[3]


def _spread(push: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Offsets (V, 3) of which neighbours take at least a share, so that skin is bent, not dented."""
    graph = skin_graph()[ids][:, ids]
    out = push[ids]
    for _ in range(_SPREAD_RINGS):
        around = graph @ out / np.maximum(graph @ (np.abs(out).max(axis=1) > 0).astype(float), 1)[:, None]
        less = np.linalg.norm(out, axis=1) < _SPREAD_SHARE * np.linalg.norm(around, axis=1)
        out = np.where(less[:, None], _SPREAD_SHARE * around, out)
    spread = np.zeros_like(push)
    spread[ids] = out
    return spread
