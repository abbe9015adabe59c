"""Pictures of heads, drawn on the CPU: shaded and textured views, the preview sheet, the debug images.

Importing the package loads no torch; its names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .debug import write_debug_images
    from .sheet import draw_preview
    from .surface import Surface
    from .views import View, render, render_normals

__all__ = ["Surface", "View", "draw_preview", "render", "render_normals", "write_debug_images"]

__getattr__ = later(
    __name__, debug="write_debug_images", sheet="draw_preview", surface="Surface", views="View render render_normals"
)
