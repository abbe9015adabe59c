"""What lies around a picture in a page, a grid or a black frame is no part of the photo; a plain wall is."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw

from seif_core.fitting.portrait_fit import fit_portrait
from seif_core.headmodel import load_head_model
from seif_core.portrait import read_portrait
from seif_core.portrait.landmarks import Landmarks
from seif_core.portrait.surroundings import picture_around

TIGHT = (175, 20, 310, 230)
"""The astronaut's face with no room around it: what lies beyond is seen by the crops of her head."""
FACE = np.array([[60.0, 70, 0], [120, 70, 0], [90, 100, 0], [90, 150, 0], [50, 110, 0], [130, 110, 0]], np.float32)


def tight() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut()).crop(TIGHT)


def page(colour: str | tuple[int, int, int] = "white") -> Image.Image:
    sheet = Image.new("RGB", (600, 700), colour)
    sheet.paste(tight(), (150, 200))
    return sheet


FRAMES = {
    "page": page,
    "dark page": lambda: page((32, 33, 36)),
}


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")

    @cache
    def fit(name: str):
        (FRAMES[name]() if name in FRAMES else tight()).save(folder / f"{name}.png")
        return fit_portrait(read_portrait(folder / f"{name}.png"), load_head_model("open"))

    return fit


@pytest.mark.parametrize("frame", FRAMES)
def test_the_head_of_a_tightly_cut_face_does_not_depend_on_the_paper_around_it(fits, frame):
    alone, framed = fits("alone"), fits(frame)
    apart = 1000 * np.linalg.norm(alone.neutral - framed.neutral, axis=1)
    assert apart[alone.model.regions["face"]].mean() < 0.3
    assert apart[alone.model.regions["scalp"]].mean() < 0.6


@pytest.mark.parametrize("shift", [(0, 0), (40, 30)])
def test_beyond_the_picture_is_black_or_its_last_pixels(shift):
    sheet = np.full((400, 420, 3), 255, np.uint8)
    picture = skimage.data.astronaut()[:200, 130:310]
    x, y = 100 + shift[0], 90 + shift[1]
    sheet[y : y + 200, x : x + 180] = picture
    found = picture_around(sheet, Landmarks(FACE + np.array([x, y, 0], np.float32), 1.0, 0.0))
    assert found is not None
    for pixels in found:
        np.testing.assert_array_equal(pixels[y + 3 : y + 197, x + 3 : x + 177], picture[3:197, 3:177])
    np.testing.assert_array_equal(found.repeated[y + 100, x - 1], picture[100, 2])
    np.testing.assert_array_equal(found.black[y + 100, x - 1], 0)
    assert (sheet[0, 0] == 255).all()


def test_a_picture_that_lies_askew_is_found():
    askew = Image.fromarray(skimage.data.astronaut()[:200, 130:310]).rotate(45, expand=True, fillcolor="white")
    pixels = np.asarray(askew)
    middle = np.array([askew.width / 2 - 90, askew.height / 2 - 105, 0], np.float32)
    found = picture_around(pixels, Landmarks(FACE + middle, 1.0, 0.0))
    assert found is not None
    changed = (found.black != pixels).any(2)
    assert (pixels[changed] == 255).all(1).mean() > 0.8  # the rest is the rim that is mixed with the paper
    assert changed.mean() > 0.1


def test_a_head_before_a_white_wall_is_left_alone():
    sheet = Image.new("RGB", (400, 400), "white")
    draw = ImageDraw.Draw(sheet)
    draw.ellipse((120, 60, 280, 270), fill=(200, 150, 120))
    draw.ellipse((60, 260, 340, 700), fill=(40, 50, 90))
    pixels = np.asarray(sheet)
    assert picture_around(pixels, Landmarks(FACE + np.array([110, 60, 0], np.float32), 1.0, 0.0)) is None
    cut_out = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(cut_out).ellipse((120, 60, 280, 270), fill=(200, 150, 120))
    pixels = np.asarray(cut_out)
    assert picture_around(pixels, Landmarks(FACE + np.array([110, 60, 0], np.float32), 1.0, 0.0)) is None


def test_a_photo_that_fills_its_frame_is_left_alone():
    pixels = skimage.data.astronaut()
    assert picture_around(pixels, Landmarks(FACE + np.array([130, 20, 0], np.float32), 1.0, 0.0)) is None
