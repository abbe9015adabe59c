"""What may be chosen about a hair layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HairSettings:
    """How a hair layer is made.

    Attributes:
        texture_size: pixels of a side of the shell's texture.
        least_hair: area of hair, in areas of skin in the parsing, below which a head is bald.
        least_headwear: area of headwear, likewise, from which the layer is headwear.
    """

    texture_size: int = 1024
    least_hair: float = 0.06
    least_headwear: float = 0.15
