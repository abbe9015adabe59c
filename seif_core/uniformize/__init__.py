"""Registration of a surface onto the template's topology; its names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .settings import UniformizeSettings
    from .target import TargetSurface
    from .uniform_mesh import UniformMesh, register
    from .unposing import Unposed, repose, unpose

__all__ = ["TargetSurface", "UniformMesh", "UniformizeSettings", "Unposed", "register", "repose", "unpose"]

__getattr__ = later(
    __name__,
    settings="UniformizeSettings",
    target="TargetSurface",
    uniform_mesh="UniformMesh register",
    unposing="Unposed repose unpose",
)
