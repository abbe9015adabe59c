"""The cards' picture: strips of strands, drawn in the photo's hair colour.

Convention: (H, W, 4) uint8, strips side by side, roots at the top (v = 1), tips at the bottom; alpha not premultiplied.
Worked number: of six strips in a picture of 512 pixels the second one lies in u from 1/6 to 2/6.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float, UInt8

STRIPS: Final = 6
"""Strips of an atlas; the first ones are dense, the last ones loose."""
_SIDE: Final = 1024
_STRANDS: Final = (340, 90)
"""Strands in the densest and in the loosest strip. Chosen, as are the constants below, by eye in Blender."""
_LOCKS: Final = 6
"""Locks of a strip, whose strands run together towards their tips."""
_TOGETHER: Final = 0.65
"""Of the way to the middle of its lock, how far a strand's tip goes."""
_POINTS: Final = 24
_LONGEST: Final = 0.985
"""Share of a strip that its longest strand takes: its end is not cut off."""
_SHORTEST: Final = (0.78, 0.55)
"""Of the height, the shortest lock of the densest and the loosest strip: tips that end side by side look cut."""
_UNLIKE: Final = 0.25
"""Of its lock's length, by how much a strand may be shorter."""
_BEGINS: Final = 0.04
"""Of the height, down to which strands begin, so that a card has no upper edge."""
_GAMMA: Final = 2.2
"""Power that makes coded colours linear, near enough to sRGB's curve for a tint."""
_SHIFT: Final = 4
"""Fractional bits of OpenCV's drawing."""
_WANDER: Final = 0.04
"""Of a strip's width, how far a strand strays from its straight way."""
_EDGE: Final = 0.05
"""Of a strip's width, left free beside the strands, so that neighbours do not bleed."""


def card_atlas(colour: Float[np.ndarray, "3"], contrast: float, seed: int) -> UInt8[np.ndarray, "H W 4"]:
    """Draw the atlas.

    Args:
        colour: (3,) sRGB 0..1 of the hair.
        contrast: standard deviation of the logarithm of the strands' brightness.
        seed: of all that is drawn at random.
    """
    random = np.random.default_rng(seed)
    picture = np.zeros((_SIDE, _SIDE, 4), np.uint8)
    picture[..., :3] = np.rint(np.clip(colour, 0, 1) * 255)
    width = _SIDE / STRIPS
    room = np.array([width * (1 - 2 * _EDGE), _SIDE])
    for strip in range(STRIPS):
        share = strip / (STRIPS - 1)
        count = round(_STRANDS[0] + share * (_STRANDS[1] - _STRANDS[0]))
        shortest = _SHORTEST[0] + share * (_SHORTEST[1] - _SHORTEST[0])
        locks = np.stack([random.random(_LOCKS), random.uniform(shortest, _LONGEST, _LOCKS)], axis=1)
        locks[0, 1] = _LONGEST
        paths = _strands(random, locks, count) * room + [width * (strip + _EDGE), 0]
        light = np.exp(contrast * np.clip(random.normal(size=(count, 1)), -2, 2))
        tints = np.rint(np.clip(colour * light ** (1 / _GAMMA), 0, 1) * 255).astype(int).tolist()
        points = np.rint(paths * (1 << _SHIFT)).astype(np.int32)
        for path, tint, thick in zip(points, tints, random.integers(1, 3, count).tolist(), strict=True):
            ink = (*tint, 255)
            cv2.polylines(
                picture, [path], isClosed=False, color=ink, thickness=thick, lineType=cv2.LINE_AA, shift=_SHIFT
            )
    return picture


def _strands(random: np.random.Generator, locks: Float[np.ndarray, "L 2"], count: int) -> Float[np.ndarray, "C P 2"]:
    """The ways of strands down their strip, both 0..1, each towards the middle of the nearest lock (place, length)."""
    start = random.random((count, 1))
    middle, longest = np.hsplit(locks[np.abs(locks[:, 0] - start).argmin(1)], 2)
    ends = [_BEGINS * random.random((count, 1)), longest * random.uniform(1 - _UNLIKE, 1, (count, 1))]
    down = ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, _POINTS)
    turns = random.uniform(0.5, 1.5, (count, 1)) * down + random.random((count, 1))
    across = start + _TOGETHER * (middle - start) * (down / longest) ** 2 + _WANDER * np.sin(2 * np.pi * turns) * down
    return np.stack([np.clip(across, 0, 1), down], axis=2)
