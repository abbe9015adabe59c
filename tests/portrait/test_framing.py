from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image

from seif_core.portrait.decode import decode_photo
from seif_core.portrait.framing import shows_whole_frame
from seif_core.portrait.read import read_portrait

WHOLE = {"make": "Maker", "focal": 50.0, "noted": (6000, 4000)}


def exif_of(make="", focal=None, noted=None) -> Image.Exif:
    exif = Image.Exif()
    if make:
        exif[0x010F] = make
    inner = exif.get_ifd(0x8769)
    if focal:
        inner[0x920A] = focal
    if noted:
        inner[0xA002], inner[0xA003] = noted
    return exif


@pytest.mark.parametrize(("width", "height"), [(6000, 4000), (1500, 1000), (1024, 683), (1001, 667)])
def test_a_cameras_photo_is_whole_also_when_it_was_scaled_down(width, height):
    assert shows_whole_frame(exif_of(**WHOLE), width, height)


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (1400, 1000)),  # cropped after the camera
        ({"noted": (1400, 1000)}, (1400, 1000)),  # cropped by a program that noted the new size
        ({"make": ""}, (6000, 4000)),
        ({"focal": None}, (6000, 4000)),
        ({"noted": None}, (6000, 4000)),
    ],
)
def test_whatever_does_not_speak_for_a_camera_counts_as_a_crop(changes, size):
    assert not shows_whole_frame(exif_of(**(WHOLE | changes)), *size)


def test_the_principal_point_is_the_middle_of_a_whole_frame_and_the_face_of_any_other(tmp_path):
    picture = Image.fromarray(skimage.data.astronaut()).crop((0, 0, 512, 384))
    picture.save(tmp_path / "crop.png")
    picture.save(tmp_path / "camera.jpg", quality=95, exif=exif_of("Maker", 50.0, (512, 384)).tobytes())
    assert decode_photo(tmp_path / "camera.jpg").whole_frame
    camera, crop = read_portrait(tmp_path / "camera.jpg"), read_portrait(tmp_path / "crop.png")
    assert camera.principal_point == (256.0, 192.0)
    np.testing.assert_allclose(crop.principal_point, (224, 123), atol=4)
