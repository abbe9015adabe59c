"""An image that Blender has loaded becomes a photo as it looks now: from its file, packed, painted on, generated."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")

import numpy as np  # noqa: E402 - Blender's module first
from PIL import Image  # noqa: E402

from seif_blender.reconstruct.loaded_images import file_of_image, temporary_photo, usable_images  # noqa: E402
from seif_core.errors import OutputError  # noqa: E402

SIDE = 32


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


@pytest.fixture
def jpeg(tmp_path):
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (SIDE, SIDE), (200, 30, 30)).save(path, exif=exif, quality=95)
    return path


def paint_blue(image) -> None:
    image.pixels[:] = np.tile(np.array([0, 0, 1, 1], np.float32), image.size[0] * image.size[1])


def mean_colour(path):
    return np.asarray(Image.open(path).convert("RGB"), float).mean((0, 1))


def test_an_image_that_is_its_file_is_taken_from_there(jpeg):
    assert file_of_image(bpy.data.images.load(str(jpeg))).samefile(jpeg)


def test_a_packed_image_keeps_its_bytes_and_with_them_the_camera_s_facts(jpeg):
    image = bpy.data.images.load(str(jpeg))
    image.pack()
    before = jpeg.read_bytes()
    jpeg.unlink()
    made = file_of_image(image)
    assert made.read_bytes() == before
    assert made.suffix == ".jpg"


@pytest.mark.parametrize("packed", [False, True])
def test_an_image_that_was_painted_on_is_taken_as_it_looks_now_and_stays_as_it_was(jpeg, packed):
    image = bpy.data.images.load(str(jpeg))
    if packed:
        image.pack()
    paint_blue(image)
    made = file_of_image(image)
    assert made != jpeg
    assert np.abs(mean_colour(made) - [0, 0, 255]).max() < 8
    assert mean_colour(jpeg)[0] > 150
    assert image.is_dirty
    assert image.file_format == "JPEG"


def test_a_generated_image_is_saved(tmp_path):
    image = bpy.data.images.new("Drawn / here", SIDE, SIDE)
    paint_blue(image)
    made = file_of_image(image)
    assert np.abs(mean_colour(made) - [0, 0, 255]).max() < 2
    assert made.suffix == ".png"
    assert image.source == "GENERATED"


def test_an_image_whose_file_is_gone_is_told_in_a_sentence(jpeg):
    image = bpy.data.images.load(str(jpeg))
    jpeg.unlink()
    with pytest.raises(OutputError, match=r"photo\.jpg .*choose|save it"):
        file_of_image(image)


def test_films_and_sequences_are_not_offered(jpeg):
    bpy.data.images.load(str(jpeg))
    bpy.data.images.new("Frames", 4, 4).source = "SEQUENCE"
    assert [image.name for image in usable_images()] == ["photo.jpg"]


def test_a_name_that_no_system_takes_for_a_file_is_made_one():
    assert temporary_photo('a<b>:"c"', ".png").name == "a_b___c_.png"
    assert temporary_photo(" .", ".png").name == "image.png"
