"""Registration of a surface onto the template's topology; its names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .settings import UniformizeSettings
    from .target import TargetSurface
    from .uniform_mesh import UniformMesh, register
    from .unposing import Unposed, repose, unpose

_HOME: Final = {
    "TargetSurface": "target",
    "UniformMesh": "uniform_mesh",
    "UniformizeSettings": "settings",
    "Unposed": "unposing",
    "register": "uniform_mesh",
    "repose": "unposing",
    "unpose": "unposing",
}

__all__ = [
    "TargetSurface",
    "UniformMesh",
    "UniformizeSettings",
    "Unposed",
    "register",
    "repose",
    "unpose",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
