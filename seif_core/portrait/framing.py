"""Whether a photo shows all that its camera saw, or was cut out of something.

The principal point lies in the middle of what a camera saw. Of a crop, a scan's page or a screenshot nobody knows where
it lies, and taking the middle gives the same face another head in each of them; so the middle is believed only where
the file says that it comes from a camera, has the shape that the camera noted, and this is one that cameras have.

Source of the tags: Exif 2.32 (CIPA DC-008), Make, Model, FocalLength, PixelXDimension, PixelYDimension.
"""

from __future__ import annotations

import math
from typing import Final

from PIL import Image

from .exif import exif_tags, noted_size, positive_number, root_text, same_shape

_MAKE: Final = 0x010F
_MODEL: Final = 0x0110
_FOCAL_LENGTHS: Final = (0x920A, 0xA405)
"""FocalLength and FocalLengthIn35mmFilm."""
_ASPECTS: Final = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 9)
"""Long over short side of what cameras and telephones save: square mode, view cameras, compacts and telephones, film,
video."""
_USUAL: Final = 0.01
"""Logarithm of the aspect by which a photo may differ from these: cameras round to whole blocks of pixels."""


def shows_whole_frame(exif: Image.Exif, width: int, height: int) -> bool:
    """Whether EXIF and shape speak for a photo that nobody cropped.

    Convention: worked number: a camera's 6000 x 4000 px, scaled to 1500 x 1000, is whole; cut to 1400 x 1000 it is not.

    Args:
        exif: the photo's EXIF.
        width: width in pixels, before or after it was turned upright.
        height: height in pixels.
    """
    tags = exif_tags(exif)
    if not any(root_text(exif, tag) for tag in (_MAKE, _MODEL)):
        return False
    if not any(positive_number(tags.get(tag)) for tag in _FOCAL_LENGTHS):
        return False
    noted = noted_size(tags)
    if noted is None or not (same_shape(*noted, width, height) or same_shape(*noted, height, width)):
        return False
    aspect = max(width, height) / min(width, height)
    return any(abs(math.log(aspect / usual)) < _USUAL for usual in _ASPECTS)
