"""The focal length in pixels, from what the camera wrote into the photo.

Source: Exif 2.32 (CIPA DC-008), tags FocalLength, FocalLengthIn35mmFilm, FocalPlaneXResolution,
FocalPlaneResolutionUnit, PixelXDimension, PixelYDimension.
"""

from __future__ import annotations

import math
from typing import Any, Final

from PIL import Image

_EXIF_IFD: Final = 0x8769
_FOCAL_LENGTH: Final = 0x920A
_FOCAL_PLANE_X_RESOLUTION: Final = 0xA20E
_FOCAL_PLANE_UNIT: Final = 0xA210
_FOCAL_35MM: Final = 0xA405
_PIXEL_X: Final = 0xA002
_PIXEL_Y: Final = 0xA003
_UNIT_MM: Final = {2: 25.4, 3: 10.0, 4: 1.0}
"""Millimetres per FocalPlaneResolutionUnit: inch, centimetre, millimetre."""
_FILM_DIAGONAL_MM: Final = math.hypot(36.0, 24.0)
_PLAUSIBLE: Final = (0.3, 30.0)
"""Focal length in units of the longer side: from an extreme wide angle to a very long tele."""


def focal_pixels(exif: Image.Exif, width: int, height: int) -> float | None:
    """Focal length in pixels of an image as stored (before EXIF orientation), or None when EXIF does not tell.

    The 35 mm equivalent is taken by the diagonal, as CIPA defines it. A photo whose shape differs from the one that
    the camera noted was cropped afterwards, so its focal length is not known.

    Convention: worked number: 50 mm equivalent, 6000 x 4000 px: 50 / 43.27 * 7211 = 8333 px.

    Args:
        exif: the photo's EXIF.
        width: stored width in pixels.
        height: stored height in pixels.
    """
    tags = exif.get_ifd(_EXIF_IFD)
    noted_x, noted_y = _number(tags.get(_PIXEL_X)), _number(tags.get(_PIXEL_Y))
    if noted_x and noted_y and abs(math.log(noted_x * height / (noted_y * width))) > 0.02:
        return None
    focal = _from_35mm(tags, width, height) or _from_sensor(tags, width, noted_x or width)
    if focal is None or not _PLAUSIBLE[0] <= focal / max(width, height) <= _PLAUSIBLE[1]:
        return None
    return focal


def _from_35mm(tags: dict[int, Any], width: int, height: int) -> float | None:
    equivalent = _number(tags.get(_FOCAL_35MM))
    return equivalent / _FILM_DIAGONAL_MM * math.hypot(width, height) if equivalent else None


def _from_sensor(tags: dict[int, Any], width: int, noted_width: float) -> float | None:
    focal_mm, density = _number(tags.get(_FOCAL_LENGTH)), _number(tags.get(_FOCAL_PLANE_X_RESOLUTION))
    unit = _UNIT_MM.get(int(_number(tags.get(_FOCAL_PLANE_UNIT)) or 2))
    if not focal_mm or not density or not unit:
        return None
    return focal_mm * density / unit * width / noted_width


def _number(value: object) -> float | None:
    """A positive finite number, or None for what is missing or nonsense (0/0 is common in EXIF)."""
    try:
        number = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and number > 0 else None
