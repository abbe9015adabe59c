"""Where eyes and mouth are open, so that the photo shows no skin."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..headmodel.landmark_schemes import known_scheme
from ..portrait import Portrait
from ..shapes import Float, UInt8

_EYE_GROWS: Final = 0.02
"""Widths of an opening by which its ring is enlarged: the lid's wet edge. Chosen by eye, as the mouth's."""
_MOUTH_GROWS: Final = 0.04
"""The same of the lips' inner edge."""
_AT_CENTRE: Final = 1e-3
"""Pixels: guard against division by zero for points at the centre."""


def openings(
    portrait: Portrait, scale: float, origin: Float[np.ndarray, "2"], shape: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    """255 inside the openings of eyes and mouth.

    Args:
        portrait: gives the landmarks; of an unknown scheme there are no openings.
        scale: pixels of the piece per pixel of the photo.
        origin: (2,) where the photo's top left corner lies in the piece, pixels.
        shape: height and width of the piece.
    """
    out = np.zeros(shape, np.uint8)
    scheme = known_scheme(portrait.landmark_scheme)
    if scheme is None:
        return out
    for ring, grow in ((scheme.lids[1], _EYE_GROWS), (scheme.lids[0], _EYE_GROWS), (scheme.inner_lips, _MOUTH_GROWS)):
        points = portrait.landmarks[list(ring), :2] * scale + origin - 0.5
        width = float(np.linalg.norm(np.ptp(points, axis=0)))
        centre = points.mean(0)
        away = points - centre
        points = centre + away * (1 + grow * width / np.linalg.norm(away, axis=1, keepdims=True).clip(min=_AT_CENTRE))
        cv2.fillPoly(out, [np.rint(points * 16).astype(np.int32)], (255,), lineType=cv2.LINE_AA, shift=4)
    return out
