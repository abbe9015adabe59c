"""The colour of what covers the scalp, hair or hat."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float, Float32, UInt8
from .settings import HairColourSettings

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
    hair = region & (likeness < s.unlike)
    if region.sum() < s.least_pixels or hair.sum() < s.share * region.sum():
        return None
    colours = picture[hair].astype(np.float32) / 255
    light = colours.sum(1)
    low, high = np.quantile(light, s.lightness)
    return colours[(light >= low) & (light <= high)].mean(0)
