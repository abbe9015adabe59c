"""The images of `--debug-images`: each at the photo's size and in its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ..fitting import Fit
from ..head import Head
from ..portrait import Portrait
from .overlay import draw_overlay, draw_points, face_size
from .picture import write_png
from .surface import Surface
from .views import encode_normals, render_normals

if TYPE_CHECKING:
    from ..implicit.head_surface import HeadSurface

_LEAST_DOT: Final = 0.75
"""Least radius of a landmark's dot in pixels."""
_DOTS_PER_FACE: Final = 180
"""Radii of a dot in a face's size: chosen by eye."""


def write_debug_images(
    portrait: Portrait, fit: Fit, head: Head, folder: Path, surface: HeadSurface | None = None
) -> None:
    """Write landmarks.png, mask.png, normal_fit.png, normal_mesh.png and overlay.png into an existing folder.

    Normal maps: RGB = (n + 1) / 2, x right, y up, z to the viewer; `normal_fit` shows the fitted model, `normal_mesh`
    the finished head in the photo's pose and expression. With a surface also `normal_network.png`, what the normal
    network says, and `normal_surface.png`, the implicit function's surface.

    Args:
        portrait: the photo.
        fit: the fitted model.
        head: the result.
        folder: where the pictures go.
        surface: the implicit function's surface, if there is one.

    Raises:
        OutputError: a file cannot be written.
    """
    in_photo = Surface.of_head_in_photo(head)
    radius = max(_LEAST_DOT, face_size(portrait) / _DOTS_PER_FACE)
    write_png(folder / "landmarks.png", draw_points(portrait.pixels, portrait.landmarks[:, :2], radius))
    write_png(folder / "mask.png", np.ascontiguousarray(portrait.mask))
    write_png(folder / "normal_fit.png", render_normals(Surface.of_fit(fit), fit.camera))
    write_png(folder / "normal_mesh.png", render_normals(in_photo, head.photo_camera))
    if surface is not None:
        from ..implicit.paste import paste_normals

        write_png(folder / "normal_network.png", encode_normals(paste_normals(surface.normals, surface.view)))
        bare = Surface.of_triangles(surface.vertices, surface.triangles)
        write_png(folder / "normal_surface.png", render_normals(bare, fit.camera))
    overlay = draw_overlay(portrait.pixels, portrait, fit, in_photo, camera=head.photo_camera, scale=1.0)
    write_png(folder / "overlay.png", overlay)
