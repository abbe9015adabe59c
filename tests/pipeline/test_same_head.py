"""One portrait, however its picture is framed and laid: the same head from each."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw

from seif_core.pipeline import ReconstructionSettings, reconstruct
from seif_core.report import build_report

FAST = ReconstructionSettings(quality="fast", texture_size=0)
FULL = ReconstructionSettings(resolution=128, texture_size=0, hair="merged")
SIDE = 512
TIGHT = (192, 52, 292, 182)
"""The astronaut's face from brows to chin, hardly more: left, top, right, bottom."""


@cache
def astronaut() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut())


def scanned_page() -> Image.Image:
    page = Image.new("RGB", (1654, 2339), "white")
    page.paste(astronaut(), (103, 78))
    return page


def call_grid() -> Image.Image:
    grid = Image.new("RGB", (2 * SIDE, 2 * SIDE), (32, 33, 36))
    grid.paste(Image.fromarray(skimage.data.coffee()).resize((SIDE, SIDE)), (0, 0))
    grid.paste(astronaut(), (SIDE, SIDE))
    return grid


def long_screenshot() -> Image.Image:
    shot = Image.new("RGB", (600, 3200), (250, 250, 252))
    draw = ImageDraw.Draw(shot)
    for row in range(20, 2400, 28):
        draw.rectangle((30, row, 560 - row % 190, row + 9), fill=(90, 90, 95))
    shot.paste(astronaut(), (44, 2601))
    return shot


FRAMES = {
    "page": scanned_page,
    "grid": call_grid,
    "screenshot": long_screenshot,
    "on its side": lambda: astronaut().rotate(90),
    "upside down": lambda: astronaut().rotate(180),
    "askew": lambda: astronaut().rotate(45, Image.Resampling.BICUBIC, expand=True),
}


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")

    @cache
    def head_of(frame: str, settings: ReconstructionSettings = FAST):
        path = folder / f"{frame}.png"
        (FRAMES[frame]() if frame in FRAMES else astronaut()).save(path)
        return reconstruct(path, settings)

    return head_of


def apart(first, second, region: str) -> float:
    """Mean distance of a region's vertices in millimetres."""
    offset = np.linalg.norm(first.head.vertices - second.head.vertices, axis=1)
    return float(offset[first.head.regions[region]].mean() * 1000)


@pytest.mark.parametrize("frame", FRAMES)
def test_head_does_not_depend_on_what_lies_around_the_portrait(heads, frame):
    alone, framed = heads("alone"), heads(frame)
    assert apart(alone, framed, "face") < 0.3
    assert framed.warnings == ()


@pytest.mark.parametrize("frame", ["page", "on its side", "askew"])
def test_head_lies_on_the_face_in_the_whole_picture(heads, frame):
    done = heads(frame)
    camera, portrait = done.head.photo_camera, done.portrait
    assert (camera.width, camera.height) == FRAMES[frame]().size
    found = camera.project(done.fit.model.embeddings["mediapipe478"].points(done.fit.posed.astype(np.float64)))
    eyes = np.linalg.norm(portrait.landmarks[33, :2] - portrait.landmarks[263, :2])
    assert np.median(np.linalg.norm(found - portrait.landmarks[:, :2], axis=1)) < 0.02 * eyes


def test_a_report_tells_where_the_picture_lies_in_the_page(heads):
    told = np.array(build_report(heads("page"))["photo"]["cut"])
    assert told @ [103, 78, 1] == pytest.approx([103, 0], abs=1)  # the sides are too far from the face to be looked for
    assert build_report(heads("alone"))["photo"]["cut"] is None


def test_surface_of_a_photo_on_its_side_is_that_of_the_upright_one(heads):
    upright, lying = heads("alone", FULL), heads("on its side", FULL)
    assert lying.warnings == ()
    assert apart(upright, lying, "face") < 0.3
    assert apart(upright, lying, "scalp") < 1.0
    assert apart(upright, lying, "ears") < 1.5  # laid flat under hair; 10 to 14 mm before heads were cut upright
    posed = lying.shape.uniform.fit.posed.astype(np.float64)
    box = lying.head.photo_camera.project(posed[lying.head.regions["face"]])
    np.testing.assert_allclose([*box.min(0), *box.max(0)], lying.portrait.box, atol=25)


def turned_crop(degrees: float) -> Image.Image:
    return astronaut().crop(TIGHT).rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def pasted_crop() -> Image.Image:
    page = Image.new("RGB", (400, 430), "white")
    page.paste(astronaut().crop(TIGHT), (150, 150))
    return page


def test_a_tight_crop_gives_one_head_turned_or_on_a_page_and_no_cover_is_told(tmp_path):
    done = []
    for number, picture in enumerate((turned_crop(0), turned_crop(45), turned_crop(10), pasted_crop())):
        picture.save(tmp_path / f"{number}.png")
        done.append(reconstruct(tmp_path / f"{number}.png", FAST))
    for other in done[1:]:
        assert apart(done[0], other, "face") < 0.3
        assert [w.split(";")[0] for w in other.warnings] == [w.split(";")[0] for w in done[0].warnings]
