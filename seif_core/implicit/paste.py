"""A normal map of the networks' square laid back into the photo, where it can be compared and looked at.

Convention: pixels as in `camera`, their centres at +0.5. Worked number: a square of 200 photo pixels from (100, 50) and
a map of 100 pixels a side: the map's pixel (row 10, column 20) covers the photo's rows 70..71 and columns 140..141.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..fitting.roll import turn_about_axis
from ..portrait.crop import paste
from ..shapes import Float32
from .view import HeadView

_LEAST: Final = 0.5
"""Between map and background normals shorter than this say nothing."""


def paste_normals(normals: Float32[np.ndarray, "S S 3"], view: HeadView) -> Float32[np.ndarray, "H W 3"]:
    """The map in the photo's frame: (H, W, 3) unit normals, 0 where the map is not.

    Args:
        normals: (S, S, 3) of the view's square, 0 outside the mask.
        view: the square.
    """
    laid = paste(np.ascontiguousarray(normals, np.float32), view.crop, view.camera.height, view.camera.width)
    laid = turn_about_axis(laid, view.roll)
    length = np.linalg.norm(laid, axis=2, keepdims=True)
    return (laid / np.maximum(length, 1e-6) * (length > _LEAST)).astype(np.float32)
