"""Weights of ARKit keys, the words in which expressions are told. Without numpy: Blender's panels read them too."""

from __future__ import annotations

from collections.abc import Mapping

Combination = Mapping[str, float]
"""Weights 0..1 of ARKit keys; keys that are not named have weight 0."""


def both_sides(**weights: float) -> dict[str, float]:
    """The same weight for Left and Right of each key given without its side: ``both_sides(eyeBlink=1)``."""
    return {f"{name}{side}": weight for name, weight in weights.items() for side in ("Left", "Right")}
