"""Focal length in pixels, orientation and colour space, from what the camera wrote into the photo.

One reading for every format that Pillow opens; damaged EXIF is no EXIF, never an error.

Source: Exif 2.32 (CIPA DC-008), tags FocalLength, FocalLengthIn35mmFilm, FocalPlaneXResolution,
FocalPlaneResolutionUnit, PixelXDimension, PixelYDimension, Orientation, InteroperabilityIndex.
"""

from __future__ import annotations

import logging
import math
import struct
from typing import Any, Final

from PIL import Image, TiffImagePlugin

_LOG: Final = logging.getLogger(__name__)

_DAMAGE: Final = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RuntimeError, EOFError,
    AssertionError, struct.error,
)  # fmt: skip
"""What Pillow raises on damaged EXIF."""
_ORIENTATION: Final = 0x0112
_EXIF_IFD: Final = 0x8769
_INTEROPERABILITY_IFD: Final = 0xA005
_FOCAL_LENGTH: Final = 0x920A
_FOCAL_PLANE_X_RESOLUTION: Final = 0xA20E
_FOCAL_PLANE_UNIT: Final = 0xA210
_FOCAL_35MM: Final = 0xA405
_PIXEL_X: Final = 0xA002
_PIXEL_Y: Final = 0xA003
"""Tags of EXIF 2.32 (and TIFF 6.0)."""
_UNIT_MM: Final = {2: 25.4, 3: 10.0, 4: 1.0}
"""Millimetres per FocalPlaneResolutionUnit: inch, centimetre, millimetre."""
_SAME_SHAPE: Final = 0.02
"""Difference of two aspect ratios' logarithms up to which they count as the same: a row of pixels or two cut off."""
_FILM_DIAGONAL_MM: Final = math.hypot(36.0, 24.0)
_PLAUSIBLE: Final = (0.3, 30.0)
"""Focal length in units of the longer side: from an extreme wide angle to a very long tele."""


def read_exif(image: Image.Image) -> Image.Exif:
    """A picture's EXIF; empty where it is damaged."""
    try:
        exif = image.getexif()
        exif.get(_ORIENTATION)  # Pillow decodes tags when they are asked for
    except _DAMAGE as error:
        _LOG.debug("EXIF is damaged: %s", error)
        return Image.Exif()
    return exif


def parse_exif(block: bytes) -> Image.Exif:
    """EXIF from its bytes, a TIFF with or without `Exif` before it; empty where it is damaged."""
    exif = Image.Exif()
    try:
        exif.load(block)
    except _DAMAGE as error:
        _LOG.debug("EXIF is damaged: %s", error)
        return Image.Exif()
    return exif


def orientation(exif: Image.Exif) -> int:
    """EXIF orientation, 1 (upright) where it is missing or none of 1 to 8."""
    try:
        value = exif.get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def already_upright(exif: Image.Exif, width: int, height: int) -> bool:
    """Whether pixels of this size were turned upright already, though the EXIF still says how to turn them.

    The camera notes the size of the pixels as it stored them: turned by a quarter, they have the other shape.
    """
    noted = noted_size(exif_tags(exif))
    if noted is None or orientation(exif) < 5:
        return False
    return not same_shape(*noted, width, height) and same_shape(noted[1], noted[0], width, height)


def is_adobe_rgb(exif: Image.Exif) -> bool:
    """Whether the camera says that the colours are Adobe RGB (interoperability index R03), as it does in no profile."""
    try:
        index = exif.get_ifd(_INTEROPERABILITY_IFD).get(1, "")
    except _DAMAGE:
        return False
    return str(index).startswith("R03") or index == b"R03\0"


def focal_pixels(exif: Image.Exif, width: int, height: int) -> float | None:
    """Focal length in pixels of an image, before or after it was turned upright, or None when EXIF does not tell.

    The 35 mm equivalent is taken by the diagonal, as CIPA defines it. A photo whose shape differs from the one that
    the camera noted, also when it is turned by a quarter, was cropped afterwards, so its focal length is not known.

    Convention: worked number: 50 mm equivalent, 6000 x 4000 px: 50 / 43.27 * 7211 = 8333 px.

    Args:
        exif: the photo's EXIF.
        width: width in pixels.
        height: height in pixels.
    """
    tags = exif_tags(exif)
    noted = noted_size(tags)
    if noted and not same_shape(*noted, width, height):
        if not same_shape(noted[1], noted[0], width, height):
            return None
        width, height = height, width
    focal = _from_35mm(tags, width, height) or _from_sensor(tags, width, noted[0] if noted else width)
    if focal is None or not _PLAUSIBLE[0] <= focal / max(width, height) <= _PLAUSIBLE[1]:
        return None
    return focal


def focal_exif(focal: float | None) -> Image.Exif:
    """EXIF that tells a focal length in pixels and nothing else, for an upright copy of a photo; empty for None.

    Convention: a sensor with one pixel a millimetre, so that `focal_pixels` reads 1234.5 px as a lens of 1234.5 mm.
    """
    exif = Image.Exif()
    if focal is not None:
        tags = exif.get_ifd(_EXIF_IFD)
        tags[_FOCAL_LENGTH] = TiffImagePlugin.IFDRational(round(focal * 1000), 1000)
        tags[_FOCAL_PLANE_X_RESOLUTION] = TiffImagePlugin.IFDRational(1, 1)
        tags[_FOCAL_PLANE_UNIT] = next(unit for unit, mm in _UNIT_MM.items() if mm == 1.0)
    return exif


def root_text(exif: Image.Exif, tag: int) -> str:
    """A text of the first directory without blanks around it; empty where it is missing or damaged."""
    try:
        return str(exif.get(tag) or "").strip(" \0")
    except _DAMAGE:
        return ""


def exif_tags(exif: Image.Exif) -> dict[int, Any]:
    """The tags of the Exif directory; none where it is damaged."""
    try:
        return exif.get_ifd(_EXIF_IFD)
    except _DAMAGE as error:
        _LOG.debug("EXIF is damaged: %s", error)
        return {}


def noted_size(tags: dict[int, Any]) -> tuple[float, float] | None:
    """Width and height in pixels as the camera noted them, of the pixels as it stored them; None without."""
    width, height = positive_number(tags.get(_PIXEL_X)), positive_number(tags.get(_PIXEL_Y))
    return (width, height) if width and height else None


def same_shape(width: float, height: float, other_width: float, other_height: float) -> bool:
    """Whether two sizes have the same aspect, but for rounding."""
    return abs(math.log(width * other_height / (height * other_width))) <= _SAME_SHAPE


def _from_35mm(tags: dict[int, Any], width: int, height: int) -> float | None:
    equivalent = positive_number(tags.get(_FOCAL_35MM))
    return equivalent / _FILM_DIAGONAL_MM * math.hypot(width, height) if equivalent else None


def _from_sensor(tags: dict[int, Any], width: int, noted_width: float) -> float | None:
    focal_mm, density = positive_number(tags.get(_FOCAL_LENGTH)), positive_number(tags.get(_FOCAL_PLANE_X_RESOLUTION))
    unit = _UNIT_MM.get(int(positive_number(tags.get(_FOCAL_PLANE_UNIT)) or 2))
    if not focal_mm or not density or not unit:
        return None
    return focal_mm * density / unit * width / noted_width


def positive_number(value: object) -> float | None:
    """A positive finite number, or None for what is missing or nonsense (0/0 is common in EXIF)."""
    try:
        number = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) and number > 0 else None
