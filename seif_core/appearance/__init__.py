"""Albedo from the photo, unseen areas, eyes, mouth. Importing the package loads no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .bake import bake_texture
    from .settings import TextureSettings

__all__ = ["TextureSettings", "bake_texture"]

__getattr__ = later(__name__, bake="bake_texture", settings="TextureSettings")
