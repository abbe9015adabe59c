"""Heights of relief, as a displacement map: what a normal map's slopes add up to.

The heights are those whose differences come nearest to the slopes, held to zero by a screen, for what is longer than
the screen's length is the mesh's to tell, and slopes of many small errors would add up to hills (Bhat et al., Fourier
analysis of the 2D screened Poisson equation for gradient domain problems, ECCV 2008, eq. 2). Solved by cosine
transforms, which have no slope at the map's border (Press et al., Numerical Recipes, section 20.4.1).

Convention: metres along the mesh's smooth normal, outwards positive; laid out as the texture, row 0 at v = 1. Worked
number: where the normal map is (128, 128, 255) all over, every height is 0; a wrinkle 1 mm wide whose sides lean by 20
degrees is about 0.2 mm deep.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft

from ..shapes import Bool, Float32

_LEAST: Final = 1e-6
"""Square metres that keep the screen's length above nothing."""


def heights_of_slopes(
    slopes: Float32[np.ndarray, "M M 2"],
    metres: Float32[np.ndarray, "M M 2"],
    skin: Bool[np.ndarray, "M M"],
    *,
    length: float,
) -> Float32[np.ndarray, "M M"]:
    """Heights in metres (M, M), 0 off the skin.

    Args:
        slopes: (M, M, 2) how far normals lean towards growing u and v, as tangents; a surface that falls towards
            growing u leans that way.
        metres: (M, M, 2) metres of the mesh for a texel along u and v; anything off the skin.
        skin: (M, M) which texels are skin.
        length: metres; slopes that change more slowly than over 2 pi times this are left to the mesh.
    """
    along, down = -slopes[..., 0] * metres[..., 0], slopes[..., 1] * metres[..., 1]
    inner = skin[:, 1:] & skin[:, :-1], skin[1:] & skin[:-1]
    across = np.where(inner[0], (along[:, 1:] + along[:, :-1]) / 2, 0)
    lengthwise = np.where(inner[1], (down[1:] + down[:-1]) / 2, 0)
    sources = np.zeros(skin.shape, np.float32)  # minus the divergence of the wanted differences
    sources[:, :-1] -= across
    sources[:, 1:] += across
    sources[:-1] -= lengthwise
    sources[1:] += lengthwise
    texel = float(np.median(metres[skin])) if skin.any() else 1.0
    wave = 2 - 2 * np.cos(np.pi * np.arange(len(skin)) / len(skin)).astype(np.float32)
    screen = texel**2 / max(length**2, _LEAST**2)
    told = np.asarray(fft.dctn(sources, norm="ortho")) / (wave[:, None] + wave[None] + np.float32(screen))
    return np.where(skin, np.asarray(fft.idctn(told, norm="ortho")), 0).astype(np.float32)
