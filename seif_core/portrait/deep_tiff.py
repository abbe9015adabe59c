"""TIFF files of more than 8 bits that Pillow cannot read or reads wrongly: fractions, and colours plane by plane."""

from __future__ import annotations

import io
from typing import Final

import cv2
import numpy as np
from PIL import Image

from ..errors import PhotoUnreadableError
from .tiff import (
    BITS,
    FORMAT,
    HEIGHT,
    PHOTOMETRIC,
    PLANAR,
    SAMPLES,
    SUBFILE,
    TILE_HEIGHT,
    TILE_WIDTH,
    WIDTH,
    Directory,
    directories,
    is_tiff,
    single_plane,
)

_FRACTIONS: Final = 3
"""SampleFormat of IEEE floating point (TIFF 6.0, section 19)."""
_RGB: Final = 2
_LOGARITHMIC: Final = (32844, 32845)
"""PhotometricInterpretation of SGI's LogL and LogLuv (Larson, LogLuv encoding for full-gamut, high-dynamic-range
images, Journal of Graphics Tools 1998), as which OpenCV writes fractions by
default; it reads them, too."""
_PROFILE: Final = 34675
_PLANAR: Final = 2
_REDUCED_OR_MASK: Final = 0b101
"""Bits of NewSubfileType: a smaller copy of another picture, or its mask."""
_LIBTIFF_FRACTIONS: Final = (32, 64)
"""Bits of the fractions that OpenCV reads."""


def main_directory(data: bytes) -> Directory | None:
    """The directory of the first picture that is no smaller copy or mask of another one; None if there is none."""
    pictures = [d for d in directories(data) if d.number(WIDTH) and d.number(HEIGHT)]
    return next((d for d in pictures if not d.number(SUBFILE) & _REDUCED_OR_MASK), pictures[0] if pictures else None)


def largest_piece(data: bytes) -> int:
    """Pixels of the largest picture or tile that a TIFF declares; 0 for other files."""
    if not is_tiff(data):
        return 0
    return max(
        (max(d.number(WIDTH) * d.number(HEIGHT), d.number(TILE_WIDTH) * d.number(TILE_HEIGHT))
         for d in directories(data)), default=0,
    )  # fmt: skip


def is_deep_negative(data: bytes) -> bool:
    """Whether 0 is white (TIFF 6.0, PhotometricInterpretation) in a TIFF of more than 8 bits, which nobody undoes."""
    directory = main_directory(data) if is_tiff(data) else None
    return directory is not None and directory.number(PHOTOMETRIC, 1) == 0 and directory.number(BITS, 1) > 8


def profile(data: bytes) -> bytes | None:
    """The colour profile of a TIFF's main picture (ICC.1:2022, annex B.4); None without one."""
    directory = main_directory(data)
    found = directory.tags.get(_PROFILE) if directory else None
    return found if isinstance(found, bytes) else None


def deep_pixels(data: bytes, name: str) -> np.ndarray | None:
    """The values of a deep TIFF as stored, not turned; None where Pillow reads the file well.

    Args:
        data: the whole file, whose declared size was checked.
        name: of the file, for the message.

    Returns:
        (H, W) or (H, W, C) of the file's own number type, or None.

    Raises:
        PhotoUnreadableError: the numbers are of a type that is not read.
    """
    directory = main_directory(data) if is_tiff(data) else None
    if directory is None:
        return None
    if directory.number(PHOTOMETRIC) in _LOGARITHMIC:
        return decode_unchanged(data)
    bits, colour = (
        directory.number(BITS, 1),
        directory.number(PHOTOMETRIC) == _RGB and directory.number(SAMPLES, 1) >= 3,
    )
    fractions = directory.number(FORMAT, 1) == _FRACTIONS
    planar = directory.number(PLANAR, 1) == _PLANAR and directory.number(SAMPLES, 1) > 1
    if bits > 8 and planar and not colour:
        raise PhotoUnreadableError(
            f"{name} stores colours other than red, green and blue plane by plane, which is not read; save it as RGB."
        )
    if bits <= 8 or not (fractions or colour):
        return None
    if (fractions and bits not in _LIBTIFF_FRACTIONS) or (not fractions and bits != 16):
        raise PhotoUnreadableError(
            f"{name} stores {bits}-bit {'fractions' if fractions else 'numbers'}, which are not read; "
            "save it with 8 or 16 bits per channel."
        )
    if colour and planar:
        return np.dstack([_plane(data, directory, k) for k in range(3)])
    return decode_unchanged(data) if fractions else None


def decode_unchanged(data: bytes) -> np.ndarray:
    """A TIFF's or PNG's first picture, values as stored, colours in the order red, green, blue.

    Raises:
        ValueError: OpenCV cannot read it.
    """
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ValueError("it cannot be decoded")
    return values[..., 2::-1] if values.ndim == 3 and values.shape[2] >= 3 else values.reshape(values.shape[:2])


def _plane(data: bytes, directory: Directory, plane: int) -> np.ndarray:
    with Image.open(io.BytesIO(single_plane(data, directory, plane)), formats=["TIFF"]) as image:
        return np.array(image)
