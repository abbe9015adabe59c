"""The head's piece of the photo: where it lies, and a picture of it with a camera of its own.

Convention: pixels as in `geometry.camera`, counted from the upper left corner of the picture; a window is
(left, top, right, bottom) in whole pixels of the photo. Worked number: a piece cut at (100, 50) and scaled by 0.5 shows
the photo's pixel (300, 150) at (100, 50), and has half the photo's focal length.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..fitting import Fit
from ..geometry.camera import Camera
from ..headmodel.anatomy import EYE_JOINTS, HEAD_WIDTH
from ..portrait import Portrait
from ..shapes import Float, UInt8

_MARGIN: Final = 0.06
"""Share of the mesh's box by which the window is larger on each side: chosen by eye on the sample portraits."""
_HAIR: Final = 0.4
"""Share of the window's longer side that hair may reach beyond it: a view's square allows 0.6 (`implicit.view`)."""
_LEAST: Final = 8
"""Pixels: a smaller window shows nothing."""
_IN_MASK: Final = 127
"""Of 255: the mask's value from which a pixel belongs to the person."""


class Window(NamedTuple):
    """A piece of the photo, in whole pixels; right and bottom are the first that do not belong to it."""

    left: int
    top: int
    right: int
    bottom: int


class HeadPicture(NamedTuple):
    """A piece of the photo.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB.
        camera: the photo's camera, in the pixels of the piece.
    """

    pixels: UInt8[np.ndarray, "H W 3"]
    camera: Camera


def head_window(portrait: Portrait, fit: Fit) -> Window | None:
    """The piece of the photo that shows the mesh; None where it lies outside the picture."""
    pixels = fit.camera.project(fit.posed.astype(np.float64))
    margin = _MARGIN * (pixels.max(0) - pixels.min(0))
    return _within(portrait, pixels.min(0) - margin, pixels.max(0) + margin)


def with_hair(portrait: Portrait, window: Window) -> Window:
    """The window with what the mask shows of hair beside and above it."""
    left, top, right, bottom = window
    reach = _HAIR * max(right - left, bottom - top)
    wide = _within(portrait, np.array([left, top]) - reach, np.array([right, bottom]) + reach)
    if wide is None:
        return window
    rows, columns = np.nonzero(portrait.mask[wide.top : wide.bottom, wide.left : wide.right] > _IN_MASK)
    if not len(rows):
        return window
    return Window(
        min(left, wide.left + int(columns.min())),
        min(top, wide.top + int(rows.min())),
        max(right, wide.left + int(columns.max()) + 1),
        max(bottom, wide.top + int(rows.max()) + 1),
    )


def cut_out(portrait: Portrait, camera: Camera, window: Window, scale: float) -> HeadPicture:
    """A piece of the photo, made smaller.

    Args:
        portrait: the photo.
        camera: its camera.
        window: the piece.
        scale: pixels of the picture per pixel of the photo; from 1 on the photo's own are taken.
    """
    left, top, right, bottom = window
    pixels = portrait.pixels[top:bottom, left:right]
    own = Camera(camera.focal, camera.cx - left, camera.cy - top, right - left, bottom - top)
    if scale >= 1:
        return HeadPicture(np.ascontiguousarray(pixels), own)
    smaller = own.scaled(scale)
    size = (smaller.width, smaller.height)
    return HeadPicture(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8), smaller)


def cut_mask(portrait: Portrait, window: Window, camera: Camera) -> UInt8[np.ndarray, "H W"]:
    """The person's mask as the piece shows it."""
    left, top, right, bottom = window
    piece = np.ascontiguousarray(portrait.mask[top:bottom, left:right])
    return np.asarray(cv2.resize(piece, (camera.width, camera.height), interpolation=cv2.INTER_AREA), np.uint8)


def head_width_pixels(fit: Fit, camera: Camera) -> float:
    """Pixels of a head's width in a piece of the photo: the scale of all that is done to its maps."""
    return camera.focal * HEAD_WIDTH / float(-fit.posed[:, 2].mean())


def eye_distance_pixels(camera: Camera, eyes: Float[np.ndarray, "2 3"]) -> float:
    """Pixels between the eyes as if seen from the front, at least 1.

    Args:
        camera: of the picture.
        eyes: (2, 3) in camera space, metres.
    """
    return max(1.0, camera.focal * float(np.linalg.norm(eyes[0] - eyes[1]) / -eyes[:, 2].mean()))


def posed_eyes(fit: Fit) -> Float[np.ndarray, "2 3"]:
    """The eyes' joints, left first, camera space, metres."""
    return fit.model.joint_regressor[EYE_JOINTS] @ fit.posed


def _within(portrait: Portrait, low: np.ndarray, high: np.ndarray) -> Window | None:
    height, width = portrait.pixels.shape[:2]
    low, high = np.floor(low).astype(int).clip(min=0), np.minimum(np.ceil(high).astype(int), [width, height])
    found = Window(*(int(v) for v in (*low, *high)))
    return found if found.right - found.left >= _LEAST and found.bottom - found.top >= _LEAST else None
