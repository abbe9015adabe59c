"""The preview sheet: nine pictures, or twelve, that tell at a look whether a reconstruction worked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ..fitting import Fit
from ..geometry.camera import Camera
from ..head import Head
from ..portrait import Portrait
from ..shapes import Float, UInt8
from .overlay import draw_overlay
from .picture import write_png
from .surface import Surface, hair_in_photo
from .views import Mode, View, render

_WIDTH: Final = 360
_HEIGHT: Final = 420
_GAP: Final = 4
"""Pixels of a picture of the sheet, and between two."""
FIRST_ROW: Final = _HEIGHT / (3 * _WIDTH + 2 * _GAP)
"""Height of the sheet's first row (photo, head as the photo's camera sees it, fit) by the sheet's width."""
_ROOM: Final = 1.12
"""Times its own size that a head has in the picture of the photo."""
_EXPRESSIONS: Final = (
    ("jaw open", ("jawOpen",)),
    ("eyes closed", ("eyeBlinkLeft", "eyeBlinkRight")),
    ("smile", ("mouthSmileLeft", "mouthSmileRight")),
)

_AT_ONCE: Final = 2
"""Views that are drawn at a time: each has steps that use one core alone."""
_Picture = Callable[[], UInt8[np.ndarray, "H W 3"]]


def draw_preview(portrait: Portrait, fit: Fit, head: Head, path: Path) -> None:
    """Write the preview sheet: photo, head as its camera sees it, overlay; three views; three expressions.

    A head with a hair layer has one more row, of the layer; the expressions and all in clay are without it.

    Args:
        portrait: the photo.
        fit: the fitted model, whose landmarks are drawn on the overlay.
        head: the result.
        path: the PNG file.

    Raises:
        OutputError: the file cannot be written.
    """
    write_png(path, compose_preview(portrait, fit, head))


def compose_preview(portrait: Portrait, fit: Fit, head: Head) -> UInt8[np.ndarray, "H W 3"]:
    """The preview sheet as (H, W, 3) uint8 sRGB; see `draw_preview`."""
    surface = Surface.of_head(head)
    in_photo = Surface.of_head_in_photo(head)
    photo, camera, scale = _crop(portrait, head.photo_camera, in_photo.vertices)
    overlay = draw_overlay(photo, portrait, fit, in_photo, camera=camera, scale=scale)

    shell = None if head.hair is None else head.hair.shell
    worn = surface.vertices if shell is None else np.concatenate([surface.vertices, shell.vertices])

    def view(yaw: float, mode: Mode = "shaded", vertices: np.ndarray | None = None) -> _Picture:
        shown = surface if vertices is None else surface.with_vertices(vertices)
        return lambda: render(shown, View(yaw=yaw, width=_WIDTH, height=_HEIGHT), mode, frame=surface.vertices)

    def with_hair(yaw: float) -> _Picture:
        studio = View(yaw=yaw, width=_WIDTH, height=_HEIGHT)
        return lambda: render(surface, studio, "textured", frame=worn, hair=shell)

    def in_camera() -> UInt8[np.ndarray, "H W 3"]:
        return render(in_photo, camera, "textured", hair=hair_in_photo(head))

    clay = [("front", view(0)), ("side", view(-90))]
    rows: list[list[tuple[str, _Picture]]] = [
        [("photo", lambda: photo), ("head, as in the photo", in_camera), ("fit on the photo", lambda: overlay)],
        [("textured", view(-25, "textured")), *clay],
        [(title, view(-15, vertices=_expression(head, names))) for title, names in _EXPRESSIONS],
    ]
    if shell is not None:
        rows[1][0] = "without hair", rows[1][0][1]
        turns = (("three quarters", -25), ("side, with hair", -80), ("back, with hair", 160))
        rows.insert(1, [(title, with_hair(yaw)) for title, yaw in turns])
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        drawn = iter(list(pool.map(lambda cell: _title(cell[1](), cell[0]), (cell for row in rows for cell in row))))
    cells = [[next(drawn) for _ in row] for row in rows]
    gap = np.full((_HEIGHT, _GAP, 3), 255, np.uint8)
    lines = [np.hstack([row[0], gap, row[1], gap, row[2]]) for row in cells]
    bar = np.full((_GAP, lines[0].shape[1], 3), 255, np.uint8)
    return np.vstack([part for line in lines for part in (bar, line)][1:])


def _expression(head: Head, names: tuple[str, ...]) -> Float[np.ndarray, "V 3"]:
    index = [head.key_names.index(n) for n in names if n in head.key_names]
    return head.vertices + head.key_deltas[index].sum(0)


def _crop(portrait: Portrait, camera: Camera, vertices: np.ndarray) -> tuple[UInt8[np.ndarray, "H W 3"], Camera, float]:
    """The photo around the head at the sheet's size, the camera of that piece, and its scale."""
    pixels = camera.project(vertices.astype(np.float64))
    low, high = pixels.min(0), pixels.max(0)
    centre = (low + high) / 2
    scale = float(min(_WIDTH / (high - low)[0], _HEIGHT / (high - low)[1]) / _ROOM)
    shift = np.array([_WIDTH / 2, _HEIGHT / 2]) - centre * scale
    photo = portrait.pixels
    if scale < 1:  # smooth before shrinking
        factor = scale
        size = (max(1, round(photo.shape[1] * factor)), max(1, round(photo.shape[0] * factor)))
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        step = np.array([scale * portrait.pixels.shape[1] / size[0], scale * portrait.pixels.shape[0] / size[1]])
    else:
        step = np.array([scale, scale])
    # OpenCV puts pixel centres at whole numbers, the project at +0.5
    affine = np.array([[step[0], 0, shift[0] + 0.5 * step[0] - 0.5], [0, step[1], shift[1] + 0.5 * step[1] - 0.5]])
    piece = cv2.warpAffine(
        photo, affine, (_WIDTH, _HEIGHT), flags=cv2.INTER_LINEAR, borderValue=(105, 108, 111)
    ).astype(np.uint8)
    moved = Camera(camera.focal * scale, camera.cx * scale + shift[0], camera.cy * scale + shift[1], _WIDTH, _HEIGHT)
    return piece, moved, scale


def _title(picture: np.ndarray, text: str) -> np.ndarray:
    out = picture.copy()
    for colour, width in (((30, 30, 30), 3), ((245, 245, 245), 1)):
        cv2.putText(out, text, (10, _HEIGHT - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA)
    return out
