"""The outline of a parsing: drawn to the photo's edges, pooled with a segmentation, seen in a wider crop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from seif_core.portrait.head_parsing import CLASSES
from seif_core.portrait.parsing import _seen_closer
from seif_core.portrait.parsing_edges import drawn_to_edges, pooled_with_person
from seif_core.portrait.parsing_inputs import SIDE

HAIR, BROWS = CLASSES.index("hair"), CLASSES.index("brows")


def disc(radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.hypot(rows - SIDE / 2, columns - SIDE / 2) < radius


def shares_of_hair(hair: np.ndarray) -> np.ndarray:
    shares = np.zeros((len(CLASSES), SIDE, SIDE), np.float32)
    shares[HAIR], shares[0] = hair, 1 - hair
    return shares


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_hair_that_strays_into_a_bright_wall_ends_at_the_photos_edge():
    true = disc(60)
    picture = np.where(true[..., None], np.uint8(30), np.uint8(200)).repeat(3, axis=2)
    strayed = cv2.GaussianBlur(np.roll(disc(61), 2, axis=1).astype(np.float32), (0, 0), 4.0)
    before = shares_of_hair(strayed)
    after = drawn_to_edges(before, picture)
    left, found = (1 - overlap(shares[HAIR] > 0.5, true) for shares in (before, after))
    assert found < left / 2
    np.testing.assert_allclose(after.sum(0), 1, atol=1e-4)


def test_brows_which_are_narrower_than_the_window_stay_as_they_are():
    shares = shares_of_hair(disc(60).astype(np.float32))
    shares[BROWS, 100:104, 100:150] = 0.8
    shares[HAIR, 100:104, 100:150] = 0.2
    picture = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    np.testing.assert_array_equal(drawn_to_edges(shares, picture)[BROWS], shares[BROWS])


def test_a_doubtful_pixel_follows_the_segmentation_and_a_sure_one_stays():
    for hair, person, least, most in ((0.5, 0.02, 0.0, 0.2), (0.5, 0.98, 0.8, 1.0), (0.97, 0.02, 0.7, 1.0)):
        shares = shares_of_hair(np.full((SIDE, SIDE), hair, np.float32))
        pooled = pooled_with_person(shares, np.full((SIDE, SIDE), person, np.float32))
        assert least <= pooled[HAIR, 0, 0] <= most
        assert pooled.sum(0) == pytest.approx(np.ones((SIDE, SIDE)), abs=1e-5)


def test_a_wider_crop_is_read_at_the_same_places():
    wider = 1.25
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    seen = np.stack([columns + 0.5, rows + 0.5, *[columns] * 7]) * wider  # the wider crop's pixels, in the closer one's
    seen -= (wider - 1) / 2 * SIDE
    found = _seen_closer(seen.astype(np.float32), wider)
    np.testing.assert_allclose(found[0], columns + 0.5, atol=0.05)
    np.testing.assert_allclose(found[1], rows + 0.5, atol=0.05)
