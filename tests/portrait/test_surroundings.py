"""What lies around a picture in a page, a grid or a black frame is no part of the photo; a plain wall is."""

from __future__ import annotations

import io
import math
from functools import cache

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from seif_core.fitting.portrait_fit import fit_portrait
from seif_core.headmodel import load_head_model
from seif_core.portrait import read_portrait
from seif_core.portrait.landmarks import Landmarks, turned
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
def test_what_lies_around_a_pasted_picture_is_cut_off_to_the_pixel(shift):
    sheet = np.full((400, 420, 3), 255, np.uint8)
    picture = skimage.data.astronaut()[:200, 130:310]
    x, y = 100 + shift[0], 90 + shift[1]
    sheet[y : y + 200, x : x + 180] = picture
    face = Landmarks(FACE + np.array([x, y, 0], np.float32), 1.0, 0.0)
    found = picture_around(sheet, face)
    assert found is not None
    assert found.pixels.shape == picture.shape
    np.testing.assert_array_equal(found.pixels[3:-3, 3:-3], picture[3:-3, 3:-3])
    np.testing.assert_allclose(found.matrix @ [x, y, 1], 0)
    np.testing.assert_allclose(found.moved(face).points, FACE)


def test_a_page_that_jpeg_has_blurred_is_cut_off_too():
    sheet = Image.new("RGB", (420, 400), "white")
    sheet.paste(Image.fromarray(skimage.data.astronaut()[:200, 130:310]), (103, 93))
    stored = io.BytesIO()
    sheet.save(stored, "JPEG", quality=75)
    face = Landmarks(FACE + np.array([103, 93, 0], np.float32), 1.0, 0.0)
    found = picture_around(np.asarray(Image.open(stored)), face)
    assert found is not None
    np.testing.assert_allclose(found.pixels.shape[:2], (200, 180), atol=2)
    np.testing.assert_allclose(found.matrix @ [103, 93, 1], 0, atol=1)


@given(degrees=st.floats(-44, 44), paper=st.sampled_from(["white", "black"]))
def test_a_picture_that_lies_askew_is_laid_straight(degrees, paper):
    picture = skimage.data.astronaut()[:200, 130:310]
    sheet = Image.new("RGB", (340, 340), paper)
    sheet.paste(Image.fromarray(picture), (80, 70))
    askew, middle = sheet.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=paper), np.array([170, 170])
    points = FACE.copy()
    points[:, :2] = turned(FACE[:, :2] - np.array([90, 100], np.float32), math.radians(-degrees)) + middle
    face = Landmarks(points, 1.0, math.radians(-degrees))
    found = picture_around(np.asarray(askew), face)
    assert found is not None
    np.testing.assert_allclose(found.pixels.shape[:2], picture.shape[:2], atol=3)
    there = found.moved(face)
    np.testing.assert_allclose(there.points[:, :2], FACE[:, :2], atol=2)
    assert abs(there.roll) < math.radians(1.5)
    middle_of_it = (slice(20, 170), slice(20, 150))
    apart = np.abs(found.pixels[middle_of_it].astype(float) - picture[middle_of_it]).mean()
    assert apart < 12


def test_rounded_corners_of_a_picture_do_not_show_the_field_around_it():
    picture = Image.fromarray(skimage.data.astronaut()[:200, 130:310])
    corners = Image.new("L", picture.size, 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, 179, 199), radius=14, fill=255)
    sheet = Image.new("RGB", (420, 400), (255, 0, 255))
    sheet.paste(picture, (103, 93), corners)
    found = picture_around(np.asarray(sheet), Landmarks(FACE + np.array([103, 93, 0], np.float32), 1.0, 0.0))
    assert found is not None
    assert found.pixels.shape == (200, 180, 3)
    assert not (found.pixels == (255, 0, 255)).all(2).any()


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
