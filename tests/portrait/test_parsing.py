"""The parsing of a head's crop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from seif_core.errors import ModelError
from seif_core.portrait import parsing, read_portrait
from seif_core.portrait.crop import Pyramid
from seif_core.portrait.head_parsing import CLASSES
from seif_core.portrait.landmarks import Landmarks
from seif_core.portrait.parsing import parse_head
from seif_core.portrait.parsing_inputs import SIDE, VIEW, face_outline, head_crop, picture_maps

skimage_data = pytest.importorskip("skimage.data")


@pytest.fixture(scope="module")
def portrait(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    cv2.imwrite(str(path), cv2.cvtColor(skimage_data.astronaut(), cv2.COLOR_RGB2BGR))
    return read_portrait(path)


def landmarks_of(portrait):
    return Landmarks(portrait.landmarks, portrait.confidence, portrait.roll)


def share_at(parsing_, portrait, name, point):
    size = (portrait.pixels.shape[1], portrait.pixels.shape[0])
    x, y = (int(v) for v in point)
    return parsing_.in_photo(name, size=size)[y, x]


def test_a_portrait_is_parsed_and_its_shares_sum_to_one(portrait):
    assert portrait.parsing is not None
    assert portrait.parsing.shares.shape == (len(CLASSES), SIDE, SIDE)
    np.testing.assert_allclose(portrait.parsing.shares.sum(0), 1, atol=1e-4)


def test_the_nose_is_skin_the_curls_are_hair_and_the_corner_is_background(portrait):
    found = portrait.parsing
    assert found is not None
    points = portrait.landmarks[:, :2]
    face = points[152] - points[10]  # from the forehead's middle to the chin
    assert share_at(found, portrait, "skin", points[4]) > 0.8
    assert share_at(found, portrait, "hair", points[10] - 0.25 * face) > 0.8
    assert share_at(found, portrait, "background", points[10] - 0.6 * face) > 0.8


def test_a_turned_photo_is_parsed_alike(portrait):
    found = portrait.parsing
    assert found is not None
    pixels = np.ascontiguousarray(np.rot90(portrait.pixels, -1))  # clockwise: (x, y) comes to (height - y, x)
    points = portrait.landmarks.copy()
    points[:, 0], points[:, 1] = portrait.pixels.shape[0] - portrait.landmarks[:, 1], portrait.landmarks[:, 0]
    turned = parse_head(Pyramid(pixels), Landmarks(points, 1.0, portrait.roll + np.pi / 2))
    assert (turned.labels == found.labels).mean() > 0.95


def test_without_colours_hair_is_still_seen(portrait):
    found = portrait.parsing
    assert found is not None
    grey = np.repeat(cv2.cvtColor(portrait.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    flat = parse_head(Pyramid(grey), landmarks_of(portrait))
    hair = CLASSES.index("hair")
    a, b = found.labels == hair, flat.labels == hair
    assert (a & b).sum() / (a | b).sum() > 0.8


def test_what_is_nearer_to_another_face_is_background(portrait):
    landmarks = landmarks_of(portrait)
    shift = np.array([1.2 * landmarks.size, 0, 0], np.float32)
    other = Landmarks(portrait.landmarks + shift, 1.0, portrait.roll)
    found = parse_head(Pyramid(portrait.pixels), landmarks, [other])
    x, y = portrait.landmarks[4, :2] + 0.9 * shift[:2]
    assert share_at(found, portrait, "clothes", (x, y + 1.0 * landmarks.size)) < 0.01


def test_68_points_give_about_the_same_crop_and_parsing(portrait):
    """Face Mesh points in the order of the 68 (iBUG 300-W)."""
    jaw = (127, 234, 93, 132, 58, 172, 136, 150, 176, 152, 400, 379, 365, 397, 288, 361, 454)
    brows = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
    nose = (168, 6, 197, 4, 98, 97, 2, 326, 327)
    eyes = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
    lips = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178)
    rows = [*jaw, *brows, *nose, *eyes, *lips]
    landmarks = Landmarks(portrait.landmarks[rows] * np.array([1, 1, 0], np.float32), 1.0, portrait.roll)
    whole = head_crop(landmarks_of(portrait))
    crop = head_crop(landmarks)
    assert crop.size == pytest.approx(whole.size, rel=0.12)
    found = parse_head(Pyramid(portrait.pixels), landmarks)
    assert portrait.parsing is not None
    size = (portrait.pixels.shape[1], portrait.pixels.shape[0])
    a, b = (p.in_photo("hair", size=size) > 0.5 for p in (found, portrait.parsing))
    assert (a & b).sum() / (a | b).sum() > 0.8


def test_the_crop_is_that_of_the_worked_number():
    points = np.zeros((478, 3), np.float32)
    points[:, 0] = np.linspace(160, 240, 478)
    points[:, 1] = np.linspace(250, 350, 478)
    crop = head_crop(Landmarks(points, 1.0, 0.0))
    assert (crop.x, crop.y, crop.size) == pytest.approx((200, 290, 100 * VIEW))


def test_maps_tell_what_lies_within_the_face(portrait):
    landmarks = landmarks_of(portrait)
    crop = head_crop(landmarks)
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * SIDE
    outline = crop.from_photo(face_outline(landmarks)) * SIDE
    blank = np.zeros((SIDE, SIDE), np.float32)
    maps = picture_maps(np.zeros((SIDE, SIDE, 3), np.uint8), blank, blank, points, outline)
    x, y = points[4].astype(int)
    assert maps[7, y, x] > 0
    assert maps[7, 2, 2] == -1
    assert maps[8, int(points[468, 1]), int(points[468, 0])] == 1  # an iris lies in an eye


def test_damaged_weights_are_one_sentence(tmp_path: Path, monkeypatch):
    broken = tmp_path / "weights.safetensors"
    broken.write_bytes(b"nothing")
    monkeypatch.setattr(parsing, "vendor_path", lambda *_: broken)
    parsing._network.cache_clear()
    try:
        with pytest.raises(ModelError, match="damaged"):
            parsing._network()
    finally:
        parsing._network.cache_clear()


def test_a_portrait_without_parsing_can_be_made(portrait):
    assert replace(portrait, parsing=None).parsing is None
