"""Noise on a texture, the same in every run: white noise under a Gaussian.

Convention: pictures (side, side). Worked number: noise of the width 2 differs little from texel to texel (its
autocorrelation at a distance of 1 is exp(-1 / 16) = 0.94), and has the mean 0 and the standard deviation 1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from ..shapes import Float, Float32

_LEAST: Final = 0.3
"""Least Gaussian in texels: OpenCV refuses none at all."""


def smooth_noise(seed: int, side: int, width: float) -> Float32[np.ndarray, "S S"]:
    """Noise of mean 0 and standard deviation 1 as a picture.

    Args:
        seed: what noise.
        side: texels of the picture.
        width: of the Gaussian, texels.
    """
    return _smoothed(_white(seed, side).astype(np.float32), width)


def _smoothed(noise: Float32[np.ndarray, "S S"], width: float) -> Float32[np.ndarray, "S S"]:
    """White noise, which is written over, under a Gaussian."""
    cv2.GaussianBlur(noise, (0, 0), max(width, _LEAST), dst=noise)
    noise /= np.float32(max(float(noise.std()), 1e-6))
    return noise


@lru_cache(maxsize=4)
def kept_noise(seed: int, side: int, width: float) -> Float[np.ndarray, "S S"]:
    """The same, kept for the next photo at half the precision."""
    return _smoothed(_drawn(seed, side).astype(np.float32), width).astype(np.float16)


@lru_cache(maxsize=1)
def _white(seed: int, side: int) -> Float[np.ndarray, "S S"]:
    """White noise, kept: drawing it takes longer than all that is done to it."""
    return _drawn(seed, side)


def _drawn(seed: int, side: int) -> Float[np.ndarray, "S S"]:
    return np.random.default_rng(seed).standard_normal((side, side), np.float32).astype(np.float16)
