"""Whether a photo shows all that its camera saw, or was cut out of something.

The principal point lies in the middle of what a camera saw. Of a crop, a scan's page or a screenshot nobody knows where
it lies, and taking the middle gives the same face another head in each of them; so the middle is believed only where
the file says that it comes from a camera, has the shape that the camera noted, and this is one that cameras have.

Source of the tags: Exif 2.32 (CIPA DC-008), Make, Model, FocalLength, PixelXDimension, PixelYDimension.
"""

from __future__ import annotations

import math
from typing import Any, Final

from PIL import Image

_EXIF_IFD: Final = 0x8769
_MAKE: Final = 0x010F
_MODEL: Final = 0x0110
_FOCAL_LENGTHS: Final = (0x920A, 0xA405)
"""FocalLength and FocalLengthIn35mmFilm."""
_PIXEL_X: Final = 0xA002
_PIXEL_Y: Final = 0xA003
_ASPECTS: Final = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 9)
"""Long over short side of what cameras and telephones save: square mode, view cameras, compacts and telephones, film and
its successors, video."""
_SHAPE: Final = 0.02
"""Logarithm of the aspect by which a photo may differ from what the camera noted: rounding when it was scaled down."""
_USUAL: Final = 0.01
"""The same for the aspects of cameras, which differ by a few pixels from the round number (5184 x 3456, 4000 x 2250)."""


def shows_whole_frame(exif: Image.Exif, width: int, height: int) -> bool:
    """Whether EXIF and shape speak for a photo that nobody cropped.

    Convention: worked number: a camera's 6000 x 4000 px, scaled to 1500 x 1000, is whole; cut to 1400 x 1000 it is not.

    Args:
        exif: the photo's EXIF.
        width: stored width in pixels, before EXIF's orientation is applied.
        height: stored height in pixels.
    """
    tags: dict[int, Any] = exif.get_ifd(_EXIF_IFD)
    if not any(str(exif.get(tag) or "").strip() for tag in (_MAKE, _MODEL)):
        return False
    if not any(_number(tags.get(tag)) for tag in _FOCAL_LENGTHS):
        return False
    noted_x, noted_y = _number(tags.get(_PIXEL_X)), _number(tags.get(_PIXEL_Y))
    if not noted_x or not noted_y or abs(math.log(noted_x * height / (noted_y * width))) > _SHAPE:
        return False
    aspect = max(width, height) / min(width, height)
    return any(abs(math.log(aspect / usual)) < _USUAL for usual in _ASPECTS)


def _number(value: object) -> float | None:
    """A positive finite number, or None for what is missing or nonsense (0/0 is common in EXIF)."""
    try:
        number = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and number > 0 else None
