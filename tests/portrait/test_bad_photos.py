"""Photos that are bad but photos: tight crops, too bright, too dark, coarsely compressed. None is refused for that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import SHARED
from photo_files import cartoon
from PIL import Image
from skimage.data import astronaut

from seif_core.errors import PhotoUnsuitableError
from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.portrait.crop import Pyramid
from seif_core.portrait.drawing import Look, _blockiness, look_of
from seif_core.portrait.face_mesh import FaceMeshBackend
from seif_core.portrait.matting import _main_component
from seif_core.portrait.read import find_faces
from seif_core.progress import Progress

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


def posterised(pixels, levels):
    return (np.floor(pixels / 256 * levels) * (255 / (levels - 1))).astype(np.uint8)


def few_colours(pixels, colours):
    return np.asarray(Image.fromarray(pixels).quantize(colours, dither=Image.Dither.NONE).convert("RGB"))


@pytest.mark.parametrize("change", ["8 levels", "4 levels", "8 colours", "8 greys", "8 levels, soft"])
def test_a_posterised_photo_is_warned_of_not_taken_for_a_drawing(tmp_path, faces, change):
    for pixels, box in faces:
        small = cv2.blur(pixels, (5, 5)) if "soft" in change else pixels
        small = np.repeat(small.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8) if "grey" in change else small
        if box[2] - box[0] > 60:
            made = few_colours(small, 8) if "colours" in change else posterised(small, int(change[0]))
            assert any("few colours" in w for w in saved(tmp_path, made).warnings)


def test_an_overexposed_photo_that_is_coarsely_compressed_is_not_taken_for_a_drawing(tmp_path, faces):
    for pixels, box in faces:
        if box[2] - box[0] > 110:  # in a smaller one nothing is found any more
            burnt = np.clip(pixels.astype(float) * 2, 0, 255).astype(np.uint8)
            assert saved(tmp_path, burnt, "a.jpg", quality=5).warnings


def test_a_photo_in_black_and_white_alone_is_warned_of(tmp_path):
    dithered = np.asarray(Image.fromarray(astronaut()).convert("1").convert("RGB"))
    assert any("few colours" in w for w in saved(tmp_path, dithered).warnings)


@pytest.mark.parametrize("quality", [None, 60])
def test_a_tiny_photo_that_was_made_larger_is_warned_of(tmp_path, quality):
    tiny = cv2.resize(astronaut()[:240, 100:340], (56, 56), interpolation=cv2.INTER_AREA)
    large = cv2.resize(tiny, (480, 480), interpolation=cv2.INTER_CUBIC)
    options = {} if quality is None else {"quality": quality}
    name = "a.png" if quality is None else "a.jpg"
    assert any("no more detail" in w for w in saved(tmp_path, large, name, **options).warnings)
    soft = cv2.GaussianBlur(astronaut(), (0, 0), 4)
    assert any("no more detail" in w for w in saved(tmp_path, soft).warnings)


def test_sharp_photos_of_all_colours_are_not_warned_of(faces):
    for pixels, box in faces:
        look = look_of(
            Pyramid(pixels), find_faces(Pyramid(pixels), FaceMeshBackend(1), PortraitSettings(), Progress())[0]
        )
        assert box[2] - box[0] < 60 or not look.smeared
        assert look.levels > 100


DRAWINGS = {
    "8 levels": lambda drawn: posterised(drawn, 8),
    "4 levels": lambda drawn: posterised(drawn, 4),
    "16 levels": lambda drawn: posterised(drawn, 16),
    "8 colours": lambda drawn: few_colours(drawn, 8),
    "32 colours": lambda drawn: few_colours(drawn, 32),
    "grey": lambda drawn: np.repeat(drawn.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8),
    "larger": lambda drawn: cv2.resize(drawn, (1024, 1024), interpolation=cv2.INTER_CUBIC),
    "shaded": lambda drawn: posterised(drawn * np.linspace(1, 0.75, 512)[None, :, None], 8),
}


@pytest.mark.parametrize("outline", [(0, 0, 0), (225, 180, 140)])
@pytest.mark.parametrize("change", DRAWINGS)
def test_a_drawing_of_few_colours_is_refused_as_before(tmp_path, change, outline):
    with pytest.raises(PhotoUnsuitableError, match="drawn"):
        saved(tmp_path, DRAWINGS[change](cartoon(outline)))


@pytest.mark.parametrize("quality", [1, 5, 50])
def test_a_drawing_that_is_coarsely_compressed_is_refused_as_before(tmp_path, quality):
    with pytest.raises(PhotoUnsuitableError, match="drawn"):
        saved(tmp_path, cartoon(), "a.jpg", quality=quality)


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
