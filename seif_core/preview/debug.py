"""The images of `--debug-images`: each at the photo's size and in its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..fitting import Fit
from ..head import Head
from ..portrait import Portrait
from .overlay import draw_overlay, draw_points, face_size
from .picture import write_png
from .surface import Surface
from .views import render_normals


def write_debug_images(portrait: Portrait, fit: Fit, head: Head, folder: Path) -> None:
    """Write landmarks.png, mask.png, normal_fit.png, normal_mesh.png and overlay.png into an existing folder.

    Normal maps: RGB = (n + 1) / 2, x right, y up, z to the viewer; `normal_fit` shows the fitted model, `normal_mesh`
    the finished head in the photo's pose and expression.

    Raises:
        OutputError: a file cannot be written.
    """
    in_photo = Surface.of_head_in_photo(head)
    radius = max(0.75, face_size(portrait) / 180)
    write_png(folder / "landmarks.png", draw_points(portrait.pixels, portrait.landmarks[:, :2], radius))
    write_png(folder / "mask.png", np.ascontiguousarray(portrait.mask))
    write_png(folder / "normal_fit.png", render_normals(Surface.of_fit(fit), fit.camera))
    write_png(folder / "normal_mesh.png", render_normals(in_photo, head.photo_camera))
    overlay = draw_overlay(portrait.pixels, portrait, fit, in_photo, camera=head.photo_camera, scale=1.0)
    write_png(folder / "overlay.png", overlay)
