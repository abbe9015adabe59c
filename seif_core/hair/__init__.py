"""The hair layer of a head: a shell with its texture, guides, cards.

Importing the package loads no torch; its names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .layer import make_hair_layer
    from .settings import HairSettings

__all__ = ["HairSettings", "make_hair_layer"]

__getattr__ = later(__name__, layer="make_hair_layer", settings="HairSettings")
