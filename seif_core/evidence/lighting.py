"""The light on a face, estimated as spherical harmonics of second order on the mesh's normals.

A Lambertian surface under distant light reflects, to 98 % of its energy, nine harmonics of its normal (Ramamoorthi and
Hanrahan, An efficient representation for irradiance environment maps, SIGGRAPH 2001, eq. 13; Basri and Jacobs, PAMI
2003). The skin's own colour is taken as constant in the fit, and what departs from it (brows, moles, beard, shadows,
highlights) is weighted down by its residual (Cauchy weights, iteratively reweighted least squares).

Convention: normals in camera space (x right, y up, z to the viewer); light is linear and 1 for the median pixel of
skin. Worked number: light (1, 0, 0, 0.5, 0, ...) lights a normal towards the viewer with 1.5 and one at right angles
to it with 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.robust_weights import MAD_TO_DEVIATION
from ..shapes import Float, Float32
from .settings import LightSettings

_DARKEST: Final = 1e-3
"""Linear colour: guard against division by zero in black pictures."""
_DIMMEST: Final = 0.2
"""Least light of the usual place before it becomes 1. Chosen by eye on the sample portraits."""


def harmonics(normals: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 9"]:
    """The nine real harmonics up to second order of unit normals, without their constant factors."""
    x, y, z = normals.T
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1], axis=1)


def estimate_light(
    colours: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    weights: Float[np.ndarray, " N"],
    settings: LightSettings | None = None,
) -> Float[np.ndarray, "9 3"]:
    """Coefficients of the light per channel, so that it is 1 for the median of the given pixels.

    Args:
        colours: (N, 3) linear light.
        normals: (N, 3) unit normals in camera space.
        weights: (N,) trust in each pixel.
        settings: see `LightSettings`.
    """
    s = settings or LightSettings()
    step = max(1, len(colours) // s.most_pixels)
    colours, normals, weights = colours[::step], normals[::step], weights[::step]
    basis = harmonics(normals.astype(np.float64))
    level = np.median(colours, axis=0).clip(min=_DARKEST)
    target = colours / level
    trust = weights.astype(np.float64)
    ridge = np.diag(s.ridge) * max(trust.sum(), 1e-6)
    light = plain_light()
    for _ in range(s.rounds):
        residual = np.abs(target - basis @ light).max(1)
        scale = max(MAD_TO_DEVIATION * float(np.median(residual)), s.noise)
        w = trust / (1 + (residual / (s.outlier * scale)) ** 2)
        weighted = basis * w[:, None]
        light = np.linalg.solve(basis.T @ weighted + ridge, weighted.T @ target)
    return light / np.median(basis @ light, axis=0).clip(min=_DIMMEST)


def plain_light() -> Float[np.ndarray, "9 3"]:
    """Coefficients of a light that is 1 from everywhere."""
    light = np.zeros((9, 3))
    light[0] = 1
    return light


def shading(
    light: Float[np.ndarray, "9 3"], normals: Float[np.ndarray, "N 3"], settings: LightSettings | None = None
) -> Float32[np.ndarray, "N 3"]:
    """The light at normals (N, 3), kept within what a photo can show."""
    limits = (settings or LightSettings()).range
    return np.clip(harmonics(normals.astype(np.float64)) @ light, *limits).astype(np.float32)
