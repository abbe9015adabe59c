"""A sheet of a photo: the picture, then every method's mesh, shaded and framed alike, from the front and the side.

All meshes are carried onto the Open head by their landmarks, so that faces are of one size and in one place whatever
unit a method works in. Source of the arrangement: figures 1 to 8 of Liu et al., SeIF, IEEE TMM 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ...geometry.alignment import align_points
from ...headmodel import load_head_model
from ...portrait.decode import decode_photo
from ...preview.picture import write_png
from ...preview.surface import Surface
from ...preview.views import View, render
from ...shapes import UInt8
from ..landmark_files import now_landmarks
from .found_landmarks import detected_face
from .method_mesh import MethodMesh

_WIDTH: Final = 260
_HEIGHT: Final = 320
_CAPTION: Final = 26
_YAWS: Final = (0.0, -40.0)
"""Degrees of the rows of shaded views."""
_CUT: Final = 0.95
"""Half the width of what is shown of the photo, in sizes of the face."""
_BACK: Final = (33, 36, 38)
_INK: Final = (235, 235, 235)
"""Colours of the sheet and of its letters; 8 bits. Chosen by eye."""


def draw_sheet(photo: Path, meshes: Mapping[str, MethodMesh | None], path: Path) -> None:
    """Write the sheet of one photo.

    Args:
        photo: the picture.
        meshes: results by method, with landmarks; None draws an empty place.
        path: the PNG file.

    Raises:
        OutputError: it cannot be written.
        PhotoError: the photo cannot be read.
    """
    write_png(path, compose_sheet(decode_photo(photo).pixels, meshes))


def compose_sheet(
    photo: UInt8[np.ndarray, "H W 3"], meshes: Mapping[str, MethodMesh | None]
) -> UInt8[np.ndarray, "A B 3"]:
    """The sheet as (A, B, 3) uint8 sRGB."""
    columns = [np.vstack([_titled(_boxed(_around_face(photo)), "photo"), *[_empty()] * (len(_YAWS) - 1)])]
    for name, mesh in meshes.items():
        placed = None if mesh is None else _placed(mesh)
        cells = [_empty() if placed is None else _view(placed, yaw) for yaw in _YAWS]
        columns.append(np.vstack([_titled(cells[0], name if placed is not None else f"{name}: none"), *cells[1:]]))
    return np.hstack(columns)


def _placed(mesh: MethodMesh) -> Surface | None:
    """The mesh where the Open head stands."""
    if mesh.landmarks is None:
        return None
    model = load_head_model("open")
    marks = model.embeddings["ibug68"].points(model.template.astype(np.float64))
    frame = align_points(now_landmarks(mesh.landmarks), now_landmarks(marks), with_scale=True)
    return Surface.of_triangles(frame.apply(mesh.vertices).astype(np.float32), mesh.triangles)


def _view(surface: Surface, yaw: float) -> np.ndarray:
    model = load_head_model("open")
    shown = model.regions["face"] | model.regions["scalp"] | model.regions["ears"]
    return render(surface, View(yaw=yaw, width=_WIDTH, height=_HEIGHT), frame=model.template[shown])


def _around_face(photo: np.ndarray) -> np.ndarray:
    """The photo cut to the face and what is around it; the whole photo where no face is seen."""
    seen = detected_face(photo)
    if seen is None:
        return photo
    x0, y0, x1, y1 = (float(v) for v in seen.bounds)
    middle, half = ((x0 + x1) / 2, (y0 + y1) / 2), _CUT * max(x1 - x0, y1 - y0)
    left, right = (int(np.clip(middle[0] + sign * half, 0, photo.shape[1])) for sign in (-1, 1))
    high = half * _HEIGHT / _WIDTH
    top, bottom = (int(np.clip(middle[1] + sign * high, 0, photo.shape[0])) for sign in (-1, 1))
    return photo[top:bottom, left:right]


def _boxed(photo: np.ndarray) -> np.ndarray:
    factor = min(_WIDTH / photo.shape[1], _HEIGHT / photo.shape[0])
    size = (max(1, round(photo.shape[1] * factor)), max(1, round(photo.shape[0] * factor)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    out = _empty()
    top, left = (_HEIGHT - size[1]) // 2, (_WIDTH - size[0]) // 2
    out[top : top + size[1], left : left + size[0]] = small
    return out


def _empty() -> np.ndarray:
    return np.full((_HEIGHT, _WIDTH, 3), _BACK, np.uint8)


def _titled(picture: np.ndarray, text: str) -> np.ndarray:
    bar = np.full((_CAPTION, picture.shape[1], 3), _BACK, np.uint8)
    cv2.putText(bar, text[:30], (8, _CAPTION - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.vstack([bar, picture])
