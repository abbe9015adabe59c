"""Values of a picture between its pixels, and a smooth step between two numbers."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float, Float32

_ROW: Final = 4096
"""Points a row in the map that OpenCV is given, which must be narrower than 32768."""


def smoothstep(x: Float[np.ndarray, "*S"], low: float, high: float) -> Float[np.ndarray, "*S"]:
    """0 up to `low`, 1 from `high`, a cubic between (Hermite); `low` may lie above `high` for a falling edge."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def sample(
    picture: np.ndarray, x: Float32[np.ndarray, " N"], y: Float32[np.ndarray, " N"], *, cubic: bool = False
) -> np.ndarray:
    """Values of a picture at points, (N,) or (N, C), in the picture's dtype; 0 outside.

    Args:
        picture: (H, W) or (H, W, C), any type that OpenCV samples.
        x: columns, pixel centres at whole numbers (OpenCV's convention: the project's pixels minus 0.5).
        y: rows, likewise.
        cubic: bicubic instead of bilinear.
    """
    count = len(x)
    if not count:
        return np.zeros((0, *picture.shape[2:]), picture.dtype)
    rows = -(-count // _ROW)
    padded = np.zeros((2, rows * _ROW), np.float32)
    padded[0, :count], padded[1, :count] = x, y
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    out = np.asarray(cv2.remap(picture, padded[0].reshape(rows, _ROW), padded[1].reshape(rows, _ROW), how))
    return out.reshape((rows * _ROW, *picture.shape[2:]))[:count]
