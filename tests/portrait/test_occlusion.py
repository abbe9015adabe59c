"""What covers a face is named; what belongs to faces is not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw

from seif_core.portrait.occlusion import covered_parts, occlusion_warnings
from seif_core.portrait.read import read_portrait


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")

    @cache
    def portrait_of(kind: str):
        picture = Image.fromarray(skimage.data.astronaut()).crop((80, 0, 400, 320)).resize((960, 960))
        DRAWN[kind](ImageDraw.Draw(picture), marks() if kind != "none" else None)
        picture.save(folder / f"{kind}.png")
        return read_portrait(folder / f"{kind}.png")

    def marks():
        return portrait_of("none").landmarks[:, :2].astype(float)

    return portrait_of


def ellipse(draw, centre, x, y, colour):
    draw.ellipse((centre[0] - x, centre[1] - y, centre[0] + x, centre[1] + y), fill=colour)


def sunglasses(draw, marks):
    wide = np.linalg.norm(marks[33] - marks[263])
    for corners in ((33, 133), (263, 362)):
        ellipse(draw, marks[list(corners)].mean(0), 0.29 * wide, 0.22 * wide, (24, 24, 28))
    draw.line([tuple(marks[133]), tuple(marks[362])], fill=(24, 24, 28), width=12)


def mask(colour):
    ring = (195, 50, 132, 172, 150, 152, 379, 397, 361, 280)
    return lambda draw, marks: draw.polygon([tuple(p) for p in marks[list(ring)]], fill=colour)


def telephone(draw, marks):
    wide, (x, y) = np.linalg.norm(marks[33] - marks[263]), marks[123]
    draw.rectangle((x - 0.35 * wide, y - 0.5 * wide, x + 0.25 * wide, y + 0.7 * wide), fill=(12, 12, 14))


def chin_strap(draw, marks):
    wide = np.linalg.norm(marks[33] - marks[263])
    ellipse(draw, marks[152] - (0, 0.1 * wide), 0.5 * wide, 0.24 * wide, (30, 60, 110))


def hand(draw, marks):
    wide = np.linalg.norm(marks[33] - marks[263])
    corners = marks[[61, 291, 379, 150]] + np.array([[-0.15, -0.12], [0.15, -0.12], [0.1, 0.3], [-0.1, 0.3]]) * wide
    draw.polygon([tuple(p) for p in corners], fill=(208, 152, 126))


def microphone(draw, marks):
    wide = np.linalg.norm(marks[33] - marks[263])
    ellipse(draw, (marks[14] + marks[18]) / 2, 0.3 * wide, 0.32 * wide, (44, 44, 48))


def patch(draw, marks):
    ellipse(draw, marks[[33, 133]].mean(0), 0.3 * np.linalg.norm(marks[33] - marks[263]), 20, (24, 22, 20))


DRAWN = {
    "none": lambda *_: None,
    "sunglasses": sunglasses,
    "blue mask": mask((128, 164, 206)),
    "white mask": mask((232, 234, 236)),
    "telephone": telephone,
    "hand": hand,
    "chin strap": chin_strap,
    "microphone": microphone,
    "patch": patch,
}


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("sunglasses", "eyes"),
        ("patch", "right eye"),
        ("blue mask", "mouth"),
        ("white mask", "mouth"),
        ("telephone", "right cheek"),
        ("hand", "mouth"),
        ("hand", "chin"),
        ("chin strap", "chin"),
        ("microphone", "mouth"),
    ],
)
def test_what_covers_a_face_is_told_with_its_place(read, kind, part):
    portrait = read(kind)
    assert part in covered_parts(portrait)
    assert f"the {part}" in occlusion_warnings(portrait)[0]


@pytest.mark.parametrize("change", ["none", "grey", "dark", "warm", "blurred", "turned"])
def test_a_bare_face_in_any_light_is_not_told_to_be_covered(read, tmp_path, change):
    picture = Image.fromarray(read("none").pixels)
    pixels = np.asarray(picture).astype(float)
    if change == "grey":
        pixels = np.asarray(picture.convert("L").convert("RGB"))
    elif change == "dark":
        pixels = pixels * 0.45
    elif change == "warm":
        pixels = pixels * (1.0, 0.85, 0.6)
    elif change == "blurred":
        pixels = np.asarray(picture.resize((120, 120)).resize(picture.size))
    elif change == "turned":
        pixels = np.rot90(pixels, 2)
    Image.fromarray(np.ascontiguousarray(pixels.astype(np.uint8))).save(tmp_path / "lit.png")
    assert covered_parts(read_portrait(tmp_path / "lit.png")) == ()


@pytest.mark.parametrize("change", ["burnt", "one bit"])
def test_a_face_whose_colours_are_lost_is_told_to_be_so_and_not_to_be_covered(read, tmp_path, change):
    picture = Image.fromarray(read("none").pixels)
    burnt = np.minimum(read("none").pixels * 3.0, 255).astype(np.uint8)
    lost = picture.convert("1") if change == "one bit" else Image.fromarray(burnt)
    lost.convert("RGB").save(tmp_path / "lost.png")
    told = read_portrait(tmp_path / "lost.png").warnings
    assert not any("cover" in sentence for sentence in told)
    assert any("overexposed" in sentence or "few colours" in sentence for sentence in told)


def test_a_part_beyond_the_photo_is_not_judged(read):
    portrait = read("none")
    middle = int(portrait.landmarks[4, 0])
    half = replace(
        portrait,
        pixels=np.ascontiguousarray(portrait.pixels[:, :middle]),
        mask=np.ascontiguousarray(portrait.mask[:, :middle]),
    )
    assert "left cheek" not in covered_parts(half)


def test_another_landmark_scheme_tells_nothing(read):
    portrait = replace(read("none"), landmark_scheme="ibug68", landmarks=np.zeros((68, 3), np.float32))
    assert covered_parts(portrait) == ()


def test_a_photo_without_parsing_tells_nothing(read):
    assert covered_parts(replace(read("hand"), parsing=None)) == ()


@pytest.mark.parametrize("box", [(186, 52, 298, 164), (190, 70, 290, 180)])
def test_a_tight_crop_that_cuts_a_cheek_is_not_told_to_be_covered(tmp_path, box):
    Image.fromarray(skimage.data.astronaut()).crop(box).save(tmp_path / "tight.png")
    assert covered_parts(read_portrait(tmp_path / "tight.png")) == ()
