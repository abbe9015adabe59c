"""The hairline as points over the photo that a user may drag, and the parsing that follows from where they were put.

Rays go out from the bridge of the nose, evenly spread over the forehead and the temples; a point lies on each where
hair begins, or where the head ends if there is none. What lies between the line that was found and the one that was
drawn becomes skin where the line was drawn farther out, and hair where it was drawn nearer in; the rest of the parsing
stays.

Convention: angles from the head's own up, positive to the right of the picture, in the crop's upright frame; lengths in
sides of the crop. Worked number: in a crop of 256 px that is not turned, the point of the ray at 0 degrees with length
0.25 lies 64 px above the bridge of the nose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ..shapes import Float, Float32
from .head_parsing import CLASSES, HeadParsing

FIRST: Final = 1000
"""Number of the first hairline point; landmarks are counted below."""
_ANGLES: Final = np.radians(np.linspace(-72.0, 72.0, 9))
"""Rays: nine reach from temple to temple. Chosen by eye."""
NAMES: Final[Mapping[int, str]] = {
    FIRST + k: f"hairline, {abs(round(float(np.degrees(angle))))} degrees"
    + ("" if not round(float(angle), 6) else " to the picture's right" if angle > 0 else " to the picture's left")
    for k, angle in enumerate(_ANGLES)
}
"""Points of the hairline by number, in words."""
_STEPS: Final = 400
_FINE: Final = 181
"""Places along a ray, and rays between the points: a pixel of the parsing, and a degree."""
_LONGEST: Final = 0.6
"""Sides of the crop to which a ray is followed: beyond the hair of any head that the crop holds."""
_SHORTEST: Final = 0.06
"""Sides of the crop before which no hair is looked for: brows and eyes lie there. Chosen by eye."""
_SURE: Final = 0.5
"""Share of hair at which a place counts as hair."""
_TAPER: Final = np.radians(18.0)
"""Beyond the outermost rays a correction runs out over the distance of two rays. As far as they are apart."""


def hairline_rows(
    parsing: HeadParsing, bridge: Float32[np.ndarray, "2"], moved: Mapping[int, tuple[float, float]] | None = None
) -> Sequence[tuple[int, float, float]]:
    """Number, x and y in pixels of the photo of each point of the hairline; rays that meet no hair have none.

    Args:
        parsing: of the photo, as it was found.
        bridge: pixels, the bridge of the nose.
        moved: points that were put elsewhere.
    """
    centre = parsing.crop.from_photo(bridge[None].astype(np.float64))[0]
    found = _lengths(parsing, centre, _ANGLES)
    places = parsing.crop.to_photo(centre + found[:, None] * _directions(_ANGLES))
    moved = moved or {}
    rows = [(FIRST + k, *moved.get(FIRST + k, (float(x), float(y)))) for k, (x, y) in enumerate(places)]
    return [(n, round(x, 1), round(y, 1)) for (n, x, y), length in zip(rows, found, strict=True) if np.isfinite(length)]


def with_hairline(
    parsing: HeadParsing, bridge: Float32[np.ndarray, "2"], moved: Mapping[int, tuple[float, float]]
) -> HeadParsing:
    """The parsing with the hairline where it was drawn.

    Args:
        parsing: as it was found.
        bridge: pixels, the bridge of the nose.
        moved: number -> x, y in pixels of the points that were put elsewhere; others stay.
    """
    centre = parsing.crop.from_photo(bridge[None].astype(np.float64))[0]
    found = _lengths(parsing, centre, _ANGLES)
    usable = np.flatnonzero(np.isfinite(found))
    shifts: dict[float, float] = {float(_ANGLES[k]): 0.0 for k in usable}
    for number, place in moved.items():
        k = number - FIRST
        if k not in usable:
            continue
        at = parsing.crop.from_photo(np.array([place], np.float64))[0] - centre
        shifts[float(_ANGLES[k])] = float(np.hypot(*at)) - float(found[k])
    if not any(shifts.values()):
        return parsing
    angles = np.array(sorted(shifts))
    side = parsing.shares.shape[1]
    grid = (np.arange(side) + 0.5) / side
    across, up = np.meshgrid(grid - centre[0], centre[1] - grid)
    angle, length = np.arctan2(across, up), np.hypot(across, up)
    base = _between(parsing, centre, angle)
    off = np.interp(angle, angles, np.array([shifts[float(a)] for a in angles]))
    beyond = np.maximum(np.abs(angle) - np.abs(_ANGLES).max(), 0.0)
    wanted = base + off * np.clip(1.0 - beyond / _TAPER, 0.0, 1.0)
    soft = 1.0 / side  # a pixel
    outside_old, outside_new = (np.clip((length - line) / soft + 0.5, 0.0, 1.0) for line in (base, wanted))
    return replace(parsing, shares=_moved_shares(parsing.shares, outside_old, outside_new, length > _SHORTEST))


def _between(
    parsing: HeadParsing, centre: Float[np.ndarray, "2"], angle: Float[np.ndarray, "S S"]
) -> Float[np.ndarray, "S S"]:
    """The found line at every pixel's angle, finer than the points tell it."""
    reach = np.abs(_ANGLES).max() + _TAPER
    fine = np.linspace(-reach, reach, _FINE)
    lengths = _lengths(parsing, centre, fine)
    known = np.isfinite(lengths)
    return np.interp(angle, fine[known], lengths[known])


def _moved_shares(
    shares: Float32[np.ndarray, "9 S S"], before: np.ndarray, after: np.ndarray, allowed: np.ndarray
) -> Float32[np.ndarray, "9 S S"]:
    """Hair becomes skin where it was outside of the line and no longer is, skin and brows hair where it now is."""
    made = shares.copy()
    skin, hair, brows = (CLASSES.index(name) for name in ("skin", "hair", "brows"))
    to_skin = np.clip(before - after, 0.0, 1.0) * allowed * made[hair]
    to_hair = np.clip(after - before, 0.0, 1.0) * allowed
    from_brows = to_hair * made[brows]
    from_skin = to_hair * made[skin]
    made[hair] += from_skin + from_brows - to_skin
    made[skin] += to_skin - from_skin
    made[brows] -= from_brows
    return made.astype(np.float32)


def _directions(angles: Float[np.ndarray, " A"]) -> Float[np.ndarray, "A 2"]:
    return np.column_stack([np.sin(angles), -np.cos(angles)])


def _lengths(
    parsing: HeadParsing, centre: Float[np.ndarray, "2"], angles: Float[np.ndarray, " A"]
) -> Float[np.ndarray, " A"]:
    """Where each ray first meets hair, or else the head ends, sides of the crop; not a number where neither is."""
    side = parsing.shares.shape[1]
    lengths = np.linspace(_SHORTEST, _LONGEST, _STEPS)
    points = centre + lengths[None, :, None] * _directions(angles)[:, None]
    index = np.clip(np.floor(points * side), 0, side - 1).astype(int)
    inside = ((points >= 0) & (points < 1)).all(axis=2)
    hair = (parsing.share("hair", "headwear")[index[..., 1], index[..., 0]] > _SURE) & inside
    ended = (parsing.share("background")[index[..., 1], index[..., 0]] > _SURE) | ~inside
    first, end = hair.argmax(axis=1), np.where(ended.any(axis=1), ended.argmax(axis=1), _STEPS)
    at = np.where(hair.any(axis=1) & (first < end), first, np.maximum(end - 1, 0))
    return np.where(at > 0, lengths[at], np.nan)
