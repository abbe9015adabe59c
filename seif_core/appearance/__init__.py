"""Albedo from the photo, unseen areas, eyes, mouth. Importing the package loads no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .bake import bake_texture
    from .settings import TextureSettings

_HOME: Final = {"TextureSettings": "settings", "bake_texture": "bake"}

__all__ = ["TextureSettings", "bake_texture"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
