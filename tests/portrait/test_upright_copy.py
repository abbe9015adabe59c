"""The upright copy of a photo tells the focal length, so that a head made anew from it has the photo's perspective."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from seif_core.portrait.exif import focal_pixels, read_exif
from seif_core.portrait.upright import write_upright


@pytest.mark.parametrize("focal", [None, 700.0, 5123.456])
def test_the_copy_tells_the_photo_s_focal_length_and_nothing_else_of_it(tmp_path, focal):
    """Made anew from the copy, a head lost the perspective that its photo told."""
    write_upright(np.full((600, 800, 3), 90, np.uint8), focal, tmp_path / "photo.jpg")
    exif = read_exif(Image.open(tmp_path / "photo.jpg"))
    told = focal_pixels(exif, 800, 600)
    assert told == (None if focal is None else pytest.approx(focal, abs=0.01))
    assert len(exif) == (0 if focal is None else 1)
