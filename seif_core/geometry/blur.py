"""A wide Gaussian blur, counted on a coarser picture, where nobody sees a difference.

Averaging over squares, and reading between pixels, blur by themselves: what variance they have is taken from the
Gaussian's (Burt and Adelson, The Laplacian pyramid as a compact image code, 1983, for the picture of fewer pixels).

Convention: standard deviations in pixels of the picture that is given. Worked number: a blur of 20 pixels is counted on
a picture of a quarter of the side, with 5 pixels.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float32

_FINE: Final = 4.0
"""Pixels of the coarser picture that the Gaussian has at least: then a step of 1 under noise is nowhere off by more
than 0.01 (`tests/geometry/test_blur.py`)."""
_OWN: Final = 1 / 12 + 1 / 6
"""Variance of a square and of linear interpolation, in squared pixels of the coarser picture."""


def wide_blur(picture: Float32[np.ndarray, "H W *C"], sigma: float) -> Float32[np.ndarray, "H W *C"]:
    """The picture under a Gaussian.

    Args:
        picture: any number of channels.
        sigma: standard deviation, pixels.
    """
    step = 1
    while sigma / step >= 2 * _FINE:
        step *= 2
    if step == 1:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (-(-width // step), -(-height // step)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), float(np.sqrt((sigma / step) ** 2 - _OWN)))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
