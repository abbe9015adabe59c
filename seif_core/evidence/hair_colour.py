"""The colour of what covers the scalp, hair or hat."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Bool, Float, Float32, UInt8
from .settings import HairColourSettings

_MONOCHROME: Final = 2.5
"""Standard deviation of a* and b* about a curve in L* up to which a picture is black and white, or toned in one colour.
Measured on seven sample portraits: made grey 0.0, toned in sepia and saved as JPEG 1.1 to 2.9, in colour 3.4 to 6.9."""
_OTHER_BRIGHTNESS: Final = 20.0
"""Difference in L* from the face's skin beyond which something above it is hair in a picture without colours. On nine
sample portraits made grey it finds 0.13 to 0.92 of the region where hair is looked for; a tenth of it is needed."""
_EDGE: Final = np.ones((5, 5), np.uint8)
"""Two pixels by which the mask is shrunk: its edge mixes hair and background."""


def hair_colour(
    picture: UInt8[np.ndarray, "h w 3"],
    head: Float32[np.ndarray, "h w"],
    likeness: Float32[np.ndarray, "h w"],
    *,
    between: Float[np.ndarray, "2"],
    up: Float[np.ndarray, "2"],
    unit: float,
    settings: HairColourSettings | None = None,
) -> Float32[np.ndarray, "3"] | None:
    """Colour of what covers the scalp, sRGB 0..1; None for a bald head.

    Looks at the head's mask above the brows and beside them; the hair may stand far off the mesh.

    Args:
        picture: (h, w, 3) uint8 sRGB.
        head: (h, w) 0..1, inside the person's mask.
        likeness: from `skin_colour_model.skin_likeness`.
        between: (2,) the middle between the eyes, pixels.
        up: (2,) the head's upward direction in the picture, unit.
        unit: pixels between the eyes as if seen from the front.
        settings: see `HairColourSettings`.
    """
    s = settings or HairColourSettings()
    rows, columns = np.mgrid[: head.shape[0], : head.shape[1]]
    offset = np.stack([columns + 0.5, rows + 0.5], -1) - between
    height, aside = offset @ up / unit, np.abs(offset @ np.array([up[1], -up[0]])) / unit
    certain = (cv2.erode(head, _EDGE) > s.certain) & (aside < s.aside)
    region = certain & ((height > s.crown) | ((height > s.temples[0]) & (aside > s.temples[1])))
    face = (head > s.certain) & (np.abs(height) < 0.6) & (aside < 0.8) & (likeness > 0.5)
    hair = region & ((likeness < s.unlike) | _otherwise_bright(picture, face, region))
    if region.sum() < s.least_pixels or hair.sum() < s.share * region.sum():
        return None
    colours = picture[hair].astype(np.float32) / 255
    light = colours.sum(1)
    low, high = np.quantile(light, s.lightness)
    return colours[(light >= low) & (light <= high)].mean(0)


def _otherwise_bright(
    picture: UInt8[np.ndarray, "h w 3"], face: Bool[np.ndarray, "h w"], region: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """In a picture without colours, what is much darker or brighter than the face: likeness to skin tells little there.

    Args:
        picture: (h, w, 3) uint8 sRGB.
        face: (h, w) pixels of the face's skin.
        region: (h, w) pixels where hair is looked for.
    """
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    if face.sum() < 30 or not _is_monochrome(lab[face | region]):
        return np.zeros(face.shape, bool)
    skin = np.median(lab[face][:, 0])
    spread = 1.4826 * np.median(np.abs(lab[face][:, 0] - skin))
    return np.asarray(np.abs(lab[..., 0] - skin) > max(_OTHER_BRIGHTNESS, 1.5 * spread))


def _is_monochrome(lab: Float32[np.ndarray, "n 3"]) -> bool:
    """Whether colour follows from brightness alone: black and white, sepia, any toned print."""
    light = lab[:, 0].astype(np.float64) / 100
    curve = np.stack([np.ones_like(light), light, light**2, light**3], axis=1)
    ab = lab[:, 1:].astype(np.float64)
    return bool((ab - curve @ np.linalg.lstsq(curve, ab, rcond=None)[0]).std(0).max() < _MONOCHROME)
