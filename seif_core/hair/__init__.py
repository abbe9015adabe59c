"""The hair layer of a head: a shell with its texture, guides, cards.

Importing the package loads no torch; its names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .layer import make_hair_layer
    from .settings import HairSettings

_HOME: Final = {"HairSettings": "settings", "make_hair_layer": "layer"}

__all__ = ["HairSettings", "make_hair_layer"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
