"""How far the jaw is open by what is seen between the lips: teeth that shut, or the dark between them.

Lips that are parted by a grin look to a fit like an opened jaw: it has the same points to explain, and the neutral
head, whose jaw it shuts, comes out with too short a lower face. But a grin shows teeth from lip to lip.

Convention: pixels of the photo along the face's own upward axis. Worked number: lips that are 12 px apart, with a dark
line of 2 px between upper and lower teeth, have a gap of 2 px.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from ..headmodel.landmark_schemes import LandmarkScheme
from ..portrait.portrait import Portrait

_SIDE: Final = 128
"""Pixels a side of the square in which the mouth is looked at; the mouth's opening is half as wide."""
_MIDDLE: Final = 0.5
"""Share of the opening's width, about its middle, that is looked at: the corners are dark in every mouth."""
_DARK: Final = 0.5
"""Of the brightness of what is brightest between the lips, the teeth: darker is no tooth. In 60 portraits with parted
lips the mouth's middle has 0 to 4.5 mm of it."""
_BRIGHTEST: Final = 90
"""Percentile of brightness between the lips that counts as the teeth's."""
_TEETH: Final = 1.1
"""Of the brightness of the lips around, what teeth have at least; those of 60 portraits had 1.18 to 2.8."""
_LIPS: Final = 7
"""Pixels of the square about the opening that are lips."""
_SHADOW: Final = 0.001
"""Metres of what is dark that the lips' shadow on shut teeth makes: half of the 60 portraits have 0.9 mm or less."""
_WIDE: Final = 0.008
"""Metres between the teeth from which the lower ones may be hidden, so that the gap says little. Chosen by eye."""
_NOISE: Final = 0.001
_NOISE_OF_GAP: Final = 0.5
"""Metres by which the gap between the teeth may be off, and the share of the gap besides. Chosen by eye."""


def teeth_gap(portrait: Portrait, scheme: LandmarkScheme) -> float | None:
    """Height of what is dark between the lips, pixels; None where they are shut or show no teeth.

    Args:
        portrait: the photo.
        scheme: of its landmarks.
    """
    ring = portrait.landmarks[list(scheme.inner_lips), :2].astype(np.float64)
    ends = ring[[0, len(ring) // 2]]
    across, middle = ends[1] - ends[0], ends.mean(0)
    width = float(np.linalg.norm(across))
    if width < 1:
        return None
    scale, angle = _SIDE / (2 * width), math.atan2(across[1], across[0])
    turn = scale * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    shift = _SIDE / 2 - turn @ middle
    seen = cv2.warpAffine(portrait.pixels, np.column_stack([turn, shift]), (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
    between = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.fillPoly(between, [np.round(ring @ turn.T + shift).astype(np.int32)], (1,))
    around = cv2.dilate(between, np.ones((2 * _LIPS + 1,) * 2, np.uint8)) > between
    half = round(_SIDE / 4 * _MIDDLE)
    columns = slice(_SIDE // 2 - half, _SIDE // 2 + half)
    bright = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    inside, lips, bright = between[:, columns] > 0, np.median(bright[around]), bright[:, columns]
    if not inside.any():
        return None
    teeth = float(np.percentile(bright[inside], _BRIGHTEST))
    if teeth <= _TEETH * lips:
        return None
    dark = ((bright < _DARK * teeth) & inside).sum(0)
    return float(np.median(dark)) / scale


def jaw_opening(gap: float | None, scale: float, arm: float) -> tuple[float, float] | None:
    """Angle in radians by which a jaw is open, and how far off that may be; None where teeth do not tell.

    Args:
        gap: of `teeth_gap`, pixels.
        scale: pixels per metre at the head.
        arm: metres from the jaw's joint to the teeth.
    """
    if gap is None:
        return None
    opening = max(0.0, gap / scale - _SHADOW)
    return None if opening > _WIDE else (opening / arm, (_NOISE + _NOISE_OF_GAP * opening) / arm)
