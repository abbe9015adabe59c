"""Which expressions a fit expects before it sees a photo: any a little, a portrait's smile freely.

The weights w of a model's named keys are taken as normal about 0 with covariance ``s^2 I + f f^T``: each key for itself
with the standard deviation s of the settings, and all of them along f, the expression that people wear for portraits.
One factor is what factor analysis (Rubin and Thayer, EM algorithms for ML factor analysis, Psychometrika 1982) finds
in fits to official portraits; the next explained less than a tenth of it on a first measurement of 124. Without it a
laugh, which takes many keys at once, is dear, and the identity takes over a part of it: the neutral heads of a laughing
and a quiet picture of one person lie farther apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from ..shapes import Float64
from .keys import ExpressionSpace
from .settings import FitSettings

PORTRAIT_SMILE: Final[Mapping[str, float]] = MappingProxyType(
    {
        "mouthSmile": 0.62,
        "cheekSquint": 0.40,
        "mouthLowerDown": 0.32,
        "mouthRollLower": 0.21,
        "eyeSquint": 0.18,
        "mouthUpperUp": 0.14,
        "mouthShrugUpper": 0.12,
        "mouthRollUpper": 0.10,
        "browDown": 0.08,
        "mouthFunnel": 0.09,
        "noseSneer": 0.09,
        "browInnerUp": 0.08,
        "mouthStretch": 0.08,
        "eyeBlink": 0.05,
    }
)
"""f, both sides alike, by the names of ARKit's keys without the side, of the second round of
`benchmarks/portrait_smile.py` over 100 official portraits since teeth hold the jaw. Keys of the gaze and `eyeWide`,
which follow where somebody looks, `jawOpen`, which is not searched, and entries below 0.05 are left out."""
_SIDES: Final = ("Left", "Right")


def expression_precision_root(space: ExpressionSpace, settings: FitSettings) -> Float64[np.ndarray, "X X"]:
    """R (X, X) of an expression's prior energy ``1/2 |R e|^2``: of keys where the model has them, else of components.

    Args:
        space: where the expression is searched.
        settings: spreads.
    """
    if not space.bounded:
        return np.eye(len(space.basis)) / settings.expression_prior
    names = [space.model.key_names[k] for k in space.keys]
    return key_precision_root(names, settings.key_prior, settings.portrait_smile)


def key_precision_root(names: list[str], deviation: float, smile: float) -> Float64[np.ndarray, "X X"]:
    """R (X, X), so that the weights' prior energy is ``1/2 |R w|^2``.

    Args:
        names: X names of keys; those that the factor does not know are held for themselves alone.
        deviation: standard deviation of each weight for itself.
        smile: length of the factor, in lengths of the one that was measured; 0 leaves it out.
    """
    factor = smile * np.array([PORTRAIT_SMILE.get(_without_side(name), 0.0) for name in names])
    covariance = deviation**2 * np.eye(len(names)) + np.outer(factor, factor)
    return np.linalg.cholesky(np.linalg.inv(covariance)).T


def _without_side(name: str) -> str:
    for side in _SIDES:
        name = name.removesuffix(side)
    return name
