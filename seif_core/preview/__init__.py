"""Pictures of heads, drawn on the CPU: shaded and textured views, the preview sheet, the debug images.

Importing the package loads no torch; its names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .debug import write_debug_images
    from .sheet import draw_preview
    from .surface import Surface
    from .views import View, render, render_normals

_HOME: Final = {
    "Surface": "surface",
    "View": "views",
    "draw_preview": "sheet",
    "render": "views",
    "render_normals": "views",
    "write_debug_images": "debug",
}

__all__ = ["Surface", "View", "draw_preview", "render", "render_normals", "write_debug_images"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
