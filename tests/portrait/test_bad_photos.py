"""Photos that are bad but photos: tight crops, too bright, too dark, coarsely compressed. None is refused for that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import SHARED
from PIL import Image
from skimage.data import astronaut

from seif_core.errors import PhotoUnsuitableError
from seif_core.portrait import read_portrait
from seif_core.portrait.drawing import Look, _blockiness
from seif_core.portrait.matting import _main_component

PORTRAITS = SHARED / "portraits"
SAMPLES = [p for p in (PORTRAITS / n for n in ("kwong.png", "duncan.jpg", "obama.jpg", "Bryan.png")) if p.exists()]


@pytest.fixture(scope="module")
def faces():
    """Pixels and the landmarks' box of each sample."""
    found = [(astronaut(), np.array([176.0, 58.0, 274.0, 182.0]))]
    for path in SAMPLES:
        portrait = read_portrait(path)
        found.append((portrait.pixels, portrait.box.astype(float)))
    return found


def tight(pixels, box, share):
    """A square of 112 pixels around the landmarks' box, as data sets of faces are cut."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half = max(box[2] - box[0], box[3] - box[1]) * share / 2
    square = tuple(int(v) for v in (x - half, y - half, x + half, y + half))
    return Image.fromarray(pixels).crop(square).resize((112, 112), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("share", [0.8, 1.0, 1.2])
def test_a_face_that_fills_the_frame_gives_a_portrait(tmp_path, faces, share):
    for pixels, box in faces:
        tight(pixels, box, share).save(tmp_path / "a.png")
        portrait = read_portrait(tmp_path / "a.png")
        assert (portrait.mask > 127).mean() > 0.4
        assert portrait.landmarks.shape == (478, 3)


def test_where_nothing_is_surely_head_the_mask_has_numbers_all_the_same():
    hull = np.zeros((64, 64), bool)
    hull[16:48, 20:44] = True
    assert np.isfinite(_main_component(np.zeros((64, 64), np.float32), hull)).all()


def saved(tmp_path, pixels, name="a.png", **options):
    Image.fromarray(pixels).save(tmp_path / name, **options)
    return read_portrait(tmp_path / name)


def test_an_overexposed_face_is_warned_of_not_refused(tmp_path, faces):
    for pixels, box in faces:
        width = box[2] - box[0]
        gain = 4.0 if width > 150 else 2.0  # a small face that is white all over is found by nothing
        burnt = np.clip(pixels.astype(float) * gain, 0, 255).astype(np.uint8)
        if width > 60:
            assert any("overexposed" in w and "a.png" in w for w in saved(tmp_path, burnt).warnings)


@pytest.mark.parametrize("quality", [1, 3, 5])
def test_a_coarse_jpeg_is_not_taken_for_a_drawing(tmp_path, faces, quality):
    for pixels, box in faces:
        small = Image.fromarray(pixels)
        small.thumbnail((900, 900))
        if min(box[2:] - box[:2]) < 90:
            continue  # eight blocks: no face is left
        portrait = saved(tmp_path, np.asarray(small), "a.jpg", quality=quality)
        again = saved(tmp_path, portrait.pixels, "again.png")
        assert portrait.landmarks.shape == again.landmarks.shape


def test_a_coarse_jpeg_is_warned_of(tmp_path):
    assert any("coarsely compressed" in w for w in saved(tmp_path, astronaut(), "a.jpg", quality=3).warnings)
    assert saved(tmp_path, astronaut(), "a.jpg", quality=90).warnings == ()


@pytest.mark.parametrize("bits", [4, 12])
def test_a_face_of_few_levels_is_brightened_not_refused(tmp_path, faces, bits):
    """12-bit grey in 16 bits, and a photo five stops too dark in 8."""
    for pixels, _ in faces:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        values = grey.astype(np.uint16) * 16 if bits == 12 else grey // 16
        portrait = saved(tmp_path, values)
        assert np.median(portrait.pixels[portrait.mask > 127]) > 25


def test_an_enlarged_face_without_smoothing_is_not_taken_for_a_drawing(tmp_path):
    face = cv2.resize(astronaut()[:240, 100:340], (80, 80), interpolation=cv2.INTER_AREA)
    large = np.repeat(np.repeat(face, 8, 0), 8, 1)
    assert any("enlarged" in w for w in saved(tmp_path, large).warnings)


def test_blocks_are_seen_at_any_place_and_nothing_else_is():
    random = np.random.default_rng(0)
    noise = random.integers(0, 255, (20, 20, 3), dtype=np.uint8)
    for side in (8, 5):
        blocks = np.repeat(np.repeat(noise, side, 0), side, 1)[3:, 2:]
        assert _blockiness(blocks) > 0.9
    assert _blockiness(random.integers(0, 255, (160, 160, 3), dtype=np.uint8)) < 0.35
    assert _blockiness(noise) == 0.0


def test_what_is_flat_for_another_reason_than_being_drawn_is_no_drawing():
    good = {"burnt": 0.0, "black": 0.0, "blocky": 0.2, "steps": 200.0}
    assert Look(flat=0.7, **good).drawn
    assert not Look(flat=0.3, **good).drawn
    for sign in ({"burnt": 0.4}, {"black": 0.4}, {"blocky": 0.6}, {"steps": 20.0}):
        look = Look(flat=0.7, **(good | sign))
        assert not look.drawn
        assert len(look.warnings("a.jpg")) == 1


def test_what_is_no_face_is_refused_as_before(tmp_path):
    with pytest.raises(PhotoUnsuitableError, match="No face"):
        saved(tmp_path, np.full((112, 112, 3), 128, np.uint8))
