"""Which pixels have the colour of this person's skin: a Gaussian in CIELAB around pixels that are surely skin.

Middle and spread are robust (median absolute deviation, then a trimmed mean), so that a strand of hair or glasses over
a cheek do not count; the decision is cleaned up by grey-scale morphology.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..geometry.colour import to_srgb
from ..geometry.robust_weights import MAD_TO_DEVIATION
from ..geometry.sampling import smoothstep
from ..shapes import Bool, Float32
from .settings import SkinColourSettings


def skin_likeness(
    albedo: Float32[np.ndarray, "h w 3"],
    reliable: Bool[np.ndarray, "h w"],
    unit: float,
    settings: SkinColourSettings | None = None,
) -> Float32[np.ndarray, "h w"]:
    """How much each pixel looks like the skin of the reliable ones, 0..1.

    Args:
        albedo: (h, w, 3) linear, the photo with its light evened.
        reliable: (h, w) pixels that are skin.
        unit: pixels of a head's width, the scale of the clean-up.
        settings: see `SkinColourSettings`.
    """
    s = settings or SkinColourSettings()
    if reliable.sum() < s.least_samples:
        return np.ones(albedo.shape[:2], np.float32)
    lab = cv2.cvtColor(to_srgb(albedo).astype(np.float32), cv2.COLOR_RGB2Lab)
    centre, deviation = _gaussian(lab[reliable].astype(np.float64), s)
    distance = np.sqrt((((lab - centre) / deviation) ** 2).sum(2)).astype(np.float32)
    distance = cv2.medianBlur(distance, min(2 * max(1, round(0.5 * s.closed * unit)) + 1, 5))
    likeness = (1 - smoothstep(distance, *s.like)).astype(np.float32)
    likeness = cv2.morphologyEx(likeness, cv2.MORPH_CLOSE, disc(s.closed * unit))
    likeness = cv2.morphologyEx(likeness, cv2.MORPH_OPEN, disc(s.opened * unit))
    likeness = cv2.erode(likeness, disc(s.shrunk * unit))
    return cv2.GaussianBlur(likeness, (0, 0), max(0.5, s.blur * unit)).astype(np.float32)


def _gaussian(samples: np.ndarray, s: SkinColourSettings) -> tuple[np.ndarray, np.ndarray]:
    """Middle (3,) and standard deviations (3,) of samples (N, 3) without their outliers."""
    floor = np.array(s.floor)
    centre = np.median(samples, axis=0)
    for _ in range(s.rounds):
        spread = np.maximum(MAD_TO_DEVIATION * np.median(np.abs(samples - centre), axis=0), floor / 2)
        kept = samples[(np.abs(samples - centre) / spread < s.trimmed).all(1)]
        if len(kept) < s.least_samples * 2 // 3:
            break
        centre = kept.mean(0)
    return centre, np.maximum(np.std(samples - centre, axis=0).clip(max=floor * 2), floor)


def disc(radius: float) -> np.ndarray:
    """A round structuring element of that radius in pixels, at least 1."""
    size = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
