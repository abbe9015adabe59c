"""`CombinationShapes`: what is added where two keys act at once and their sum would break; a field of `head.Head`.

A smile with an open jaw, a blink with a squint: each key is right by itself, their sum drives lips into teeth or lids
past each other. For such pairs a displacement is stored, which acts with the product of the two weights.

Imports numpy alone, because Blender's Python reads it too.

Convention: metres, the head's axes. Worked number: with ``mouthSmileLeft`` at 0.5 and ``jawOpen`` at 0.6 the shape of
their pair acts at 0.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from .shapes import Float32

LARGEST_WEIGHT: Final = 1.0
"""Weights above it count as this one: beyond, nothing is known of a pair."""


@dataclass(frozen=True, eq=False)
class CombinationShapes:
    """Corrections of pairs of keys; C pairs, V vertices.

    Attributes:
        pairs: C pairs of key names.
        deltas: (C, V, 3) float32 metres where both keys are at 1.
    """

    pairs: tuple[tuple[str, str], ...]
    deltas: Float32[np.ndarray, "C V 3"]

    def displacement(self, weights: Mapping[str, float]) -> Float32[np.ndarray, "V 3"]:
        """(V, 3) metres to add to the weighted sum of the keys.

        Args:
            weights: key -> weight; keys that are not named have weight 0, weights outside 0..1 count as the nearer end.
        """
        total = np.zeros(self.deltas.shape[1:], np.float32)
        for (first, second), delta in zip(self.pairs, self.deltas, strict=True):
            amount = pair_amount(weights.get(first, 0.0), weights.get(second, 0.0))
            if amount:
                total += np.float32(amount) * delta
        return total

    def on_vertices(
        self, carry: Callable[[Float32[np.ndarray, "C V 3"]], Float32[np.ndarray, "C W 3"]]
    ) -> CombinationShapes:
        """The same pairs with their displacements carried to other vertices."""
        return CombinationShapes(self.pairs, carry(self.deltas))

    def scaled(self, factors: Mapping[str, float]) -> CombinationShapes:
        """For keys that were multiplied by `factors` (1 for keys that are not named): a pair's by both its keys'."""
        sizes = [factors.get(first, 1.0) * factors.get(second, 1.0) for first, second in self.pairs]
        return CombinationShapes(self.pairs, self.deltas * np.array(sizes, np.float32)[:, None, None])

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each pair, as keys of their own bear it: ``mouthSmileLeft_x_jawOpen``."""
        return tuple(combination_name(*pair) for pair in self.pairs)


def pair_amount(first: float, second: float) -> float:
    """How much a pair's shape acts with its keys at these weights, 0..1."""
    return min(max(first, 0.0), LARGEST_WEIGHT) * min(max(second, 0.0), LARGEST_WEIGHT)


def combination_name(first: str, second: str) -> str:
    """Name of a pair's shape as a key of its own: ``mouthSmileLeft_x_jawOpen``."""
    return f"{first}_x_{second}"


def combination_arrays(shapes: CombinationShapes | None) -> dict[str, np.ndarray]:
    """The arrays of a file that hold the shapes: none where there are none."""
    if shapes is None:
        return {}
    return {"combination_pairs": np.array(shapes.pairs, np.str_).reshape(-1, 2), "combination_deltas": shapes.deltas}


def combination_of_arrays(arrays: Mapping[str, np.ndarray]) -> CombinationShapes | None:
    """The shapes in a file's arrays; None where there are none, as in files of earlier versions.

    Raises:
        KeyError: one of the arrays is missing.
        ValueError: they are no pairs, or no displacements.
    """
    if "combination_pairs" not in arrays:
        return None
    pairs, deltas = arrays["combination_pairs"], arrays["combination_deltas"]
    if pairs.ndim != 2 or pairs.shape[1] != 2 or deltas.ndim != 3 or len(deltas) != len(pairs):
        raise ValueError("combination_pairs")
    if deltas.dtype.kind != "f":
        raise ValueError("combination_deltas")
    return CombinationShapes(tuple((str(a), str(b)) for a, b in pairs), deltas.astype(np.float32))


def combination_fault(shapes: CombinationShapes, key_names: tuple[str, ...], vertices: int) -> str | None:
    """What is wrong with the shapes beside a head's keys, as a clause; None if nothing is."""
    if shapes.deltas.shape[1:] != (vertices, 3):
        return f"'combination_deltas' has the shape {shapes.deltas.shape}"
    if not np.isfinite(shapes.deltas).all():
        return "'combination_deltas' has values that are not numbers"
    strange = {name for pair in shapes.pairs for name in pair} - set(key_names)
    if strange:
        return f"'combination_pairs' names the key '{min(strange)}', which the head lacks"
    if len(set(shapes.pairs)) != len(shapes.pairs):
        return "'combination_pairs' has a pair twice"
    return None
