"""Registration of a surface onto the template's topology; its names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .registration import UniformMesh, register
    from .settings import UniformizeSettings
    from .subdivision import subdivide, subdivide_head
    from .target import TargetSurface
    from .unposing import Unposed, repose, unpose

_HOME: Final = {
    "TargetSurface": "target",
    "UniformMesh": "registration",
    "UniformizeSettings": "settings",
    "Unposed": "unposing",
    "register": "registration",
    "repose": "unposing",
    "subdivide": "subdivision",
    "subdivide_head": "subdivision",
    "unpose": "unposing",
}

__all__ = [
    "TargetSurface",
    "UniformMesh",
    "UniformizeSettings",
    "Unposed",
    "register",
    "repose",
    "subdivide",
    "subdivide_head",
    "unpose",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
