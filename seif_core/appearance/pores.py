"""Fine structure of skin where the photo shows none: noise as strong and as fine as what the photo shows of it.

White noise under a Gaussian of s texels has the autocorrelation exp(-d^2 / 4 s^2) at the distance d; how much
neighbouring texels of seen skin differ tells s. Nothing here is random between runs.

Convention: lightness in sRGB 0..1, texels of the texture at hand. Worked number: skin whose neighbouring texels differ
by half of what any two do has an autocorrelation of 0.75 at a distance of 1, and a Gaussian of 0.93 texels.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..geometry.robust_weights import MAD_TO_DEVIATION
from ..shapes import Bool, Float32
from .noise import smooth_noise

_LEAST: Final = 500
"""Texels of seen skin from which its structure is measured."""
_STRENGTH: Final = (0.004, 0.014)
"""Least and largest standard deviation of pores, sRGB: soft skin, weathered skin. Chosen by eye, as the next."""
_WIDTH: Final = (0.6, 2.0)
"""Least and largest Gaussian in texels of a texture of 2048: more than the largest is the photo's blur."""
_REFERENCE: Final = 2048
"""Side of the texture that widths are told for."""
_OUTLIER: Final = 3.0
"""Robust standard deviations beyond which a texel shows a mole, a hair or an edge, no pores."""


_SEED: Final = 11
"""Which noise; any number would do."""
_NARROWEST: Final = 0.3
"""Texels of the narrowest pores that are drawn: narrower ones would lie between texels."""
_ALIKE: Final = (0.05, 0.999)
"""Correlation of neighbouring texels that is believed: beyond, the width would be nought or without end."""


class Pores(NamedTuple):
    """Structure of skin.

    Attributes:
        strength: standard deviation, sRGB.
        width: of the noise's Gaussian, texels.
    """

    strength: float
    width: float


def measured_pores(lightness: Float32[np.ndarray, "S S"], plain: Bool[np.ndarray, "S S"]) -> Pores:
    """The structure of seen skin.

    Args:
        lightness: of the high band as a picture.
        plain: where it shows plain skin.
    """
    pairs = plain[:, 1:] & plain[:, :-1]
    step, scale = lightness[:, 1:][pairs] - lightness[:, :-1][pairs], lightness.shape[0] / _REFERENCE
    values = lightness[plain]
    if len(step) < _LEAST:
        return Pores(_STRENGTH[0], max(_WIDTH[0] * scale, _NARROWEST))
    deviation = MAD_TO_DEVIATION * float(np.median(np.abs(values - np.median(values)))) + 1e-6
    kept = np.abs(step) < _OUTLIER * deviation
    alike = 1 - float(np.mean(step[kept] ** 2)) / (2 * deviation**2)
    width = np.sqrt(-1 / (4 * np.log(np.clip(alike, *_ALIKE))))
    return Pores(float(np.clip(deviation, *_STRENGTH)), float(np.clip(width, _WIDTH[0] * scale, _WIDTH[1] * scale)))


def pore_noise(side: int, pores: Pores) -> Float32[np.ndarray, "S S"]:
    """Lightness of pores as a picture: mean 0, the structure's own strength and width."""
    noise = smooth_noise(_SEED, side, pores.width)
    noise *= np.float32(pores.strength)
    return noise
