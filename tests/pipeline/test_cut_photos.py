"""Photos that cut a head off: the hidden part is completed from what is seen, and the result says so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import skimage.data
from PIL import Image

from seif_core.pipeline import ReconstructionSettings, reconstruct
from seif_core.portrait import read_portrait

FAST = ReconstructionSettings(quality="fast", texture_size=0)
CHIN = 152
"""The chin's lowest landmark."""
NOSE = 224
"""Column of the astronaut's nose tip, which parts the face into halves."""
CUTS = {"at the person's right": (NOSE, 512), "at the person's left": (0, NOSE + 5)}
"""Columns that a photo of half the face shows, by the side that it cuts."""


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")

    @cache
    def head_of(left: int = 0, right: int = 512):
        path = folder / f"{left}-{right}.png"
        Image.fromarray(skimage.data.astronaut()[:, left:right]).save(path)
        return reconstruct(path, FAST)

    return head_of


@pytest.mark.parametrize("side", CUTS)
def test_half_a_face_gives_nearly_the_whole_faces_head_and_a_warning(heads, side):
    whole, half = heads(), heads(*CUTS[side])
    away = np.linalg.norm(half.head.vertices - whole.head.vertices, axis=1)[whole.head.regions["face"]] * 1000
    assert away.mean() < 4.5  # two people's faces differ by 4 to 5 mm; measured 2.2 and 3.5
    assert away.max() < 10.0
    assert any("The photo cuts the head" in told and side in told for told in half.warnings)
    assert any("% of the face lies beyond the photo's edge" in told for told in half.warnings)
    assert whole.warnings == ()


def test_hair_that_the_edge_cuts_stands_over_the_skull(tmp_path):
    """Cut through the hair just over the forehead, the crown of the hair lay 4 mm inside the skull."""
    path = tmp_path / "cut.png"
    Image.fromarray(skimage.data.astronaut()[52:]).save(path)
    done = reconstruct(path, ReconstructionSettings(texture_size=0))
    shell = done.head.hair.shell.vertices
    middle = np.abs(shell[:, 0]) < 0.04
    thick = shell[middle, 1].max() - done.head.vertices[:, 1].max()
    assert 0.005 < thick < 0.08  # the whole photo's is 18 mm thick there
    assert any("The photo cuts the head at the top" in told for told in done.warnings)


def test_a_tilted_head_that_the_top_edge_cuts_is_not_told_to_be_cut_at_a_side(tmp_path):
    Image.fromarray(skimage.data.astronaut()[90:]).save(tmp_path / "cut.png")
    told = [sentence for sentence in reconstruct(tmp_path / "cut.png", FAST).warnings if "cuts the head" in sentence]
    assert len(told) == 1
    assert "at the top;" in told[0]


@pytest.mark.parametrize(("above", "told"), [(0.06, True), (-0.05, False)])
def test_a_photo_that_ends_above_the_chin_says_so(tmp_path, above, told):
    pixels = skimage.data.astronaut()
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    landmarks = read_portrait(path).landmarks
    chin, height = landmarks[CHIN, 1], np.ptp(landmarks[:, 1])
    Image.fromarray(pixels[: round(chin - above * height)]).save(path)
    found = reconstruct(path, FAST).warnings
    assert any("chin" in sentence or "of the face lies beyond" in sentence for sentence in found) == told
