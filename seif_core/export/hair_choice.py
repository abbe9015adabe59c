"""Which of the hair layer's meshes a file without strands carries."""

from __future__ import annotations

from typing import Final

from ..hair_layer import HairMesh
from ..head import Head

HAIR_CHOICES: Final = ("shell", "cards", "none")
"""What may be chosen: the closed surface (for most), ribbons of strands (for engines), nothing."""


def chosen_hair(head: Head, choice: str) -> HairMesh | None:
    """The mesh to write; the shell stands in for cards where the layer has none (a hat). None: bald, or not wanted."""
    if head.hair is None or choice == "none":
        return None
    return head.hair.cards if choice == "cards" and head.hair.cards is not None else head.hair.shell
