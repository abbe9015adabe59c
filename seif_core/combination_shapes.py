"""`CombinationShapes`: what is added where two keys act at once and their sum would break; a field of `head.Head`.

A smile with an open jaw, a blink with a squint: each key is right by itself, their sum drives lips into teeth or lids
past each other. For such pairs a displacement is stored, which acts with the product of the two weights.

Imports numpy alone, because Blender's Python reads it too.

Convention: metres, the head's axes. Worked number: with ``mouthSmileLeft`` at 0.5 and ``jawOpen`` at 0.6 the shape of
their pair acts at 0.3.

One shape is of another kind: `mouthClose` is what shuts the lips of an open jaw, and where the jaw is not open it would
drive the lower lip through the upper one. Its pair with ``-jawOpen`` acts with what of `mouthClose` is more than
`jawOpen`, and leaves of that a press of the lips.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from .shapes import Float32

LESS: Final = "-"
"""What stands before the second name of a pair that acts with what the first key has more than the second."""
LARGEST_WEIGHT: Final = 1.0
"""Weights above it count as this one: beyond, nothing is known of a pair."""


@dataclass(frozen=True, eq=False)
class CombinationShapes:
    """Corrections of pairs of keys; C pairs, V vertices.

    Attributes:
        pairs: C pairs of key names; the second may have `LESS` before it.
        deltas: (C, V, 3) float32 metres where both keys are at 1, or the first alone where the second has `LESS`.
    """

    pairs: tuple[tuple[str, str], ...]
    deltas: Float32[np.ndarray, "C V 3"]

    def displacement(self, weights: Mapping[str, float]) -> Float32[np.ndarray, "V 3"]:
        """(V, 3) metres to add to the weighted sum of the keys.

        Args:
            weights: key -> weight; keys that are not named have weight 0, weights outside 0..1 count as the nearer end.
        """
        total = np.zeros(self.deltas.shape[1:], np.float32)
        for pair, delta in zip(self.pairs, self.deltas, strict=True):
            amount = pair_amount(pair, weights)
            if amount:
                total += np.float32(amount) * delta
        return total

    def on_vertices(
        self, carry: Callable[[Float32[np.ndarray, "C V 3"]], Float32[np.ndarray, "C W 3"]]
    ) -> CombinationShapes:
        """The same pairs with their displacements carried to other vertices."""
        return CombinationShapes(self.pairs, carry(self.deltas))

    def scaled(self, factors: Mapping[str, float]) -> CombinationShapes:
        """For keys that were multiplied by `factors` (1 for keys that are not named): a pair's by all that it names."""
        sizes = [factors.get(first, 1.0) * factors.get(second, 1.0) for first, second in self.pairs]
        return CombinationShapes(self.pairs, self.deltas * np.array(sizes, np.float32)[:, None, None])


def pair_amount(pair: tuple[str, str], weights: Mapping[str, float]) -> float:
    """How much a pair's shape acts under these weights of keys, 0..1."""
    first, second = (min(max(weights.get(name.removeprefix(LESS), 0.0), 0.0), LARGEST_WEIGHT) for name in pair)
    return max(first - second, 0.0) if pair[1].startswith(LESS) else first * second


def combination_name(pair: tuple[str, str], spell: Callable[[str], str] = str) -> str:
    """Name of a pair's shape as a key of its own: ``mouthSmileLeft_x_jawOpen``, ``mouthClose_over_jawOpen``."""
    first, second = (spell(name.removeprefix(LESS)) for name in pair)
    return f"{first}_{'over' if pair[1].startswith(LESS) else 'x'}_{second}"


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
    strange = {name for first, second in shapes.pairs for name in (first, second.removeprefix(LESS))} - set(key_names)
    if strange:
        return f"'combination_pairs' names the key '{min(strange)}', which the head lacks"
    if len(set(shapes.pairs)) != len(shapes.pairs):
        return "'combination_pairs' has a pair twice"
    return None
