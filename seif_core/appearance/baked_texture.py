"""What `bake_texture` makes: the head's own colours, and beside them the light that was taken out of the photo.

Convention: pictures in the head's UVs, row 0 at v = 1. The light is a factor on linear colours. Worked number: an
albedo of sRGB 0.5 (linear 0.214) in a light of 2.0 was linear 0.428 in the photo, sRGB 0.686.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..shapes import Float, Float32, UInt8
from .atlas import Atlas

LIGHT_SIDE: Final = 256
"""Texels a side of the picture of the light, which is smooth: one for about 3 mm of skin."""


@dataclass(frozen=True, eq=False)
class BakedTexture:
    """A head's texture.

    Attributes:
        colour: (S, S, 3) uint8 sRGB, base colour with the photo's light taken out.
        light: (L, L, 3) float32, the factor on linear colours that brings the photo's light back; None where the photo
            tells no light.
        confidence: (V, 3) float32, how far each vertex is seen, mirrored, guessed (`confidence`).
        normals: (R, R, 3) uint8, the tangent-space normal map of what is finer than the mesh (`relief`); None where
            none was asked for.
        heights: (R, R) float32 metres, the same as a displacement map (`displacement`), or None.
    """

    colour: UInt8[np.ndarray, "S S 3"]
    light: Float32[np.ndarray, "L L 3"] | None
    confidence: Float32[np.ndarray, "V 3"] | None = None
    normals: UInt8[np.ndarray, "R R 3"] | None = None
    heights: Float32[np.ndarray, "R R"] | None = None


def light_picture(atlas: Atlas, light: Float[np.ndarray, "V 3"]) -> Float32[np.ndarray, "L L 3"]:
    """The light (V, 3) of a model's vertices as a picture in its UVs.

    Args:
        atlas: the model's texels, of a larger texture as a rule.
        light: factors on linear colours.
    """
    side = min(LIGHT_SIDE, atlas.size)
    middle = ((np.arange(side) + 0.5) * atlas.size / side).astype(np.int64)
    chosen = atlas.nearest((middle[:, None] * atlas.size + middle).ravel())
    return atlas.spread(light, chosen).reshape(side, side, 3)
