"""Named expressions as displacements of a head: weighted sums of its ARKit keys."""

from __future__ import annotations

import numpy as np

from ..combination_shapes import CombinationShapes
from ..errors import SettingsError
from ..shapes import Float32
from .key_weights import Combination, both_sides

__all__ = ["Combination", "both_sides", "combine"]


def combine(
    combination: Combination,
    key_names: tuple[str, ...],
    key_deltas: Float32[np.ndarray, "K V 3"],
    pairs: CombinationShapes | None = None,
) -> Float32[np.ndarray, "V 3"]:
    """Displacement (V, 3), metres, of a combination on a head with these keys.

    Args:
        combination: weights of keys.
        key_names: K names.
        key_deltas: (K, V, 3) metres at weight 1.
        pairs: corrections of pairs of keys, baked in; None for the plain sum.

    Raises:
        SettingsError: the head lacks a key that the combination names.
    """
    for name in combination:
        if name not in key_names:
            raise SettingsError(
                f"The head has no key '{name}', which this expression needs; use a head with ARKit keys."
            )
    total = np.zeros(key_deltas.shape[1:], np.float32)
    for name, weight in combination.items():
        total += np.float32(weight) * key_deltas[key_names.index(name)]
    return total if pairs is None else total + pairs.displacement(combination)
