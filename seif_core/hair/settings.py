"""What may be chosen about a hair layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HairSettings:
    """How a hair layer is made.

    Attributes:
        texture_size: pixels of a side of the shell's texture.
        guides: strands that are grown.
        guide_points: places along each.
        cards: ribbons that are laid along chosen guides.
        least_hair: area of hair, in areas of skin in the parsing, below which a head is bald.
        least_fringe: the same for what is surely left beside a bald crown.
        least_headwear: area of headwear, likewise, from which the layer is headwear.
        headwear_share: area of headwear, in areas of hair, from which it is: less is a slide, a bow, or a mistake.
    """

    texture_size: int = 1024
    guides: int = 400
    guide_points: int = 24
    cards: int = 200
    least_hair: float = 0.06
    least_fringe: float = 0.02
    least_headwear: float = 0.15
    headwear_share: float = 0.6
