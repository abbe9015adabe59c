"""Where a pixel has a hue that no face has: a scarf or a wall, while brows, lips and beards are near skin."""

from __future__ import annotations

import cv2
import numpy as np

from ..geometry.sampling import smoothstep
from ..shapes import Float32
from .colour import to_srgb
from .settings import ForeignColourSettings
from .skin_colour_model import disc


def foreign_colour(
    albedo: Float32[np.ndarray, "h w 3"],
    skin: Float32[np.ndarray, "3"],
    unit: float,
    settings: ForeignColourSettings | None = None,
) -> Float32[np.ndarray, "h w"]:
    """How far each pixel's hue is none of a face, 0..1.

    Args:
        albedo: (h, w, 3) linear, the photo with its light evened.
        skin: (3,) linear, the skin's own colour.
        unit: pixels of a head's width, the scale of the clean-up.
        settings: see `ForeignColourSettings`.
    """
    s = settings or ForeignColourSettings()
    lab = cv2.cvtColor(to_srgb(albedo).astype(np.float32), cv2.COLOR_RGB2Lab)
    own = cv2.cvtColor(to_srgb(skin.astype(np.float32))[None, None], cv2.COLOR_RGB2Lab)[0, 0]
    distance = np.hypot(lab[..., 1] - own[1], lab[..., 2] - own[2]).astype(np.float32)
    foreign = smoothstep(cv2.medianBlur(distance, 5), *s.distance).astype(np.float32)
    foreign = cv2.morphologyEx(foreign, cv2.MORPH_OPEN, disc(s.opened * unit))
    return cv2.dilate(foreign, disc(s.grown * unit)).astype(np.float32)
