"""Which pixels of the photo have the colour of this person's skin: hair, cloth and glasses have not."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Bool, Float32
from .colour import to_srgb
from .numeric import smoothstep

_FLOOR: Final = np.array([11.0, 3.5, 4.0])
"""Least standard deviations of skin in L*, a*, b*: light that was not evened, make-up, blood."""


def skin_likeness(
    albedo: Float32[np.ndarray, "h w 3"], reliable: Bool[np.ndarray, "h w"], unit: float
) -> Float32[np.ndarray, "h w"]:
    """How much each pixel looks like the skin of the reliable ones, 0..1.

    Args:
        albedo: (h, w, 3) linear, the photo with its light evened.
        reliable: (h, w) pixels that are skin.
        unit: pixels of a head's width, the scale of the clean-up.
    """
    lab = cv2.cvtColor(to_srgb(albedo).astype(np.float32), cv2.COLOR_RGB2Lab)
    if reliable.sum() < 30:
        return np.ones(albedo.shape[:2], np.float32)
    samples = lab[reliable].astype(np.float64)
    centre = np.median(samples, axis=0)
    for _ in range(4):  # trimmed mean and covariance
        spread = np.maximum(1.4826 * np.median(np.abs(samples - centre), axis=0), _FLOOR * 0.5)
        kept = samples[(np.abs(samples - centre) / spread < 2.5).all(1)]
        if len(kept) < 20:
            break
        centre = kept.mean(0)
    deviation = np.maximum(np.std(samples - centre, axis=0).clip(max=_FLOOR * 2), _FLOOR)
    distance = np.sqrt((((lab - centre) / deviation) ** 2).sum(2)).astype(np.float32)
    size = 2 * max(1, round(0.006 * unit)) + 1
    distance = cv2.medianBlur(distance, min(size, 5))
    likeness = 1 - smoothstep(distance, 2.2, 3.6)
    size = 2 * max(1, round(0.008 * unit)) + 1
    return cv2.erode(likeness.astype(np.float32), np.ones((size, size), np.uint8)).astype(np.float32)
