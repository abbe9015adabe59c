"""The light of the studio in which previews are drawn: three large lamps and some sky.

Convention: view space, x right, y up, z to the viewer. Worked number: a surface that looks at the viewer, (0, 0, 1),
gets 1.01 of white.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float, Float32

_LIGHTS: Final = (
    ((-0.60, 0.60, 0.55), 0.72),
    ((0.80, 0.05, 0.45), 0.16),
    ((0.40, 0.40, -0.80), 0.30),
)
"""Directions towards the lights in view space, and their strengths."""
_AMBIENT: Final = 0.12
_SKY: Final = 0.08
"""How much brighter than that it is from above, and darker from below."""
_WRAP: Final = 0.25
"""Cosine below zero down to which a light reaches around, as a large lamp's does."""
_SHINE: Final = (120.0, 0.9)
"""Blinn and Phong's exponent of a wet surface, and linear light of its highlight where a lamp of strength 1 is mirrored
(Blinn, Models of light reflection for computer synthesized pictures, 1977)."""
_EXPOSURE: Final = 1.5
"""So bright that skin of a face, whose texture has the colour that the photo shows, gets 0.86 of it in the median, and
its brightest places 1.3: at 1.2 tanned faces came out darker than their photos (by eye on six portraits)."""
_DARKEST: Final = 0.02
"""Linear light that is everywhere."""


def studio_light(normals: Float[np.ndarray, "P 3"]) -> Float32[np.ndarray, " P"]:
    """Linear light (P,) on surfaces with these unit normals (P, 3)."""
    light = _AMBIENT + _SKY * normals[:, 1]
    for direction, strength in _LIGHTS:
        d = np.array(direction, np.float32)
        light += strength * np.maximum((normals @ (d / np.linalg.norm(d)) + _WRAP) / (1 + _WRAP), 0.0)
    return np.maximum(light * _EXPOSURE, _DARKEST).astype(np.float32)


def studio_shine(normals: Float[np.ndarray, "P 3"]) -> Float32[np.ndarray, " P"]:
    """Linear light (P,) that wet surfaces with these unit normals (P, 3) mirror to a viewer far away on +z."""
    exponent, strongest = _SHINE
    shine = np.zeros(len(normals), np.float32)
    for direction, strength in _LIGHTS:
        half = np.array(direction) / np.linalg.norm(direction) + [0, 0, 1]
        shine += strongest * strength * np.maximum(normals @ (half / np.linalg.norm(half)), 0) ** exponent
    return shine
