"""Named expressions as weights of ARKit keys, and their displacement on a head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import SettingsError
from ..shapes import Float32

Combination = Mapping[str, float]
"""Weights 0..1 of ARKit keys; keys that are not named have weight 0."""


def both_sides(**weights: float) -> dict[str, float]:
    """The same weight for Left and Right of each key given without its side: ``both_sides(eyeBlink=1)``."""
    return {f"{name}{side}": weight for name, weight in weights.items() for side in ("Left", "Right")}


def combine(
    combination: Combination, key_names: tuple[str, ...], key_deltas: Float32[np.ndarray, "K V 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Displacement (V, 3), metres, of a combination on a head with these keys.

    Raises:
        SettingsError: the head lacks a key that the combination names.
    """
    weights = np.zeros(len(key_names), np.float32)
    for name, weight in combination.items():
        if name not in key_names:
            raise SettingsError(
                f"The head has no key '{name}', which this expression needs; use a head with ARKit keys."
            )
        weights[key_names.index(name)] = weight
    return np.tensordot(weights, key_deltas, axes=1)
