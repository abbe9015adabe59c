"""The photo, the fitted head's dots and the handles, drawn over a 3D view while landmarks are corrected."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import bpy

from .photo_view import PhotoView

_BACKGROUND: Final = (0.08, 0.08, 0.08, 1.0)
_DOT: Final = (0.2, 0.8, 1.0, 0.8)
_HANDLE: Final = (1.0, 1.0, 1.0, 1.0)
_HAIRLINE: Final = (0.5, 1.0, 0.4, 1.0)
_MOVED: Final = (1.0, 0.6, 0.1, 1.0)
_DRAGGED: Final = (1.0, 0.2, 0.1, 1.0)
"""Red, green, blue and opacity, each 0 to 1: what lies round the photo, dense points, handles of landmarks and of the
hairline, handles that were moved, the one that is being moved. Chosen by eye."""
_SIZES: Final = {_DOT: 2.0, _HANDLE: 7.0, _HAIRLINE: 7.0, _MOVED: 9.0, _DRAGGED: 12.0}
"""Colours with the sizes of their points in pixels. Chosen by eye."""

_FIRST_OF_HAIRLINE: Final = 1000
"""As `portrait.hairline.FIRST`, which would load numpy when the add-on is enabled."""


class Overlay:
    """What is drawn; `remove` takes it away.

    Args:
        photo: the upright photo's file; read at once.
        area: the 3D view.
    """

    def __init__(self, photo: Path, area: bpy.types.Area) -> None:
        import gpu

        self.dots: list[tuple[float, float]] = []
        self._area = area
        self._image = bpy.data.images.load(str(photo))
        self._texture = gpu.texture.from_image(self._image)
        self._view: PhotoView | None = None
        self._points: dict[tuple[float, ...], list[tuple[float, float]]] = {}
        self._handler: Any = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def show(
        self, view: PhotoView, handles: Sequence[tuple[int, float, float]], moved: set[int], dragged: int | None
    ) -> None:
        """Draw this from now on."""
        self._view = view
        self._points = {_HANDLE: [], _HAIRLINE: [], _MOVED: [], _DRAGGED: []}
        for number, x, y in handles:
            still = _HAIRLINE if number >= _FIRST_OF_HAIRLINE else _HANDLE
            colour = _DRAGGED if number == dragged else _MOVED if number in moved else still
            self._points[colour].append((x, y))
        self._area.tag_redraw()

    def _draw(self) -> None:
        import gpu
        from gpu_extras.batch import batch_for_shader
        from gpu_extras.presets import draw_texture_2d

        view, region = self._view, bpy.context.region
        if view is None or bpy.context.area != self._area:
            return
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        corners = [(0, 0), (region.width, 0), (region.width, region.height), (0, region.height)]
        shader.bind()
        shader.uniform_float("color", _BACKGROUND)
        batch_for_shader(shader, "TRI_FAN", {"pos": corners}).draw(shader)
        draw_texture_2d(self._texture, (view.left, view.bottom), view.scale * view.width, view.scale * view.height)
        gpu.state.blend_set("ALPHA")
        for colour, points in {_DOT: self.dots, **self._points}.items():
            if not points:
                continue
            shader.bind()
            shader.uniform_float("color", colour)
            gpu.state.point_size_set(_SIZES[colour])
            batch_for_shader(shader, "POINTS", {"pos": [view.to_region(x, y) for x, y in points]}).draw(shader)
        gpu.state.blend_set("NONE")

    def remove(self) -> None:
        """Take it away, with the image."""
        if self._handler is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handler, "WINDOW")
            self._handler = None
        bpy.data.images.remove(self._image)
        self._area.tag_redraw()
