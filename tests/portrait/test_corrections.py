"""Landmarks corrected by hand: the handle goes where it was dragged, the others stay, what lies between follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_head import photo_of

from seif_core.errors import SettingsError
from seif_core.headmodel import load_head_model
from seif_core.portrait.corrections import HANDLES, corrected, moved_landmarks, read_corrections
from seif_core.portrait.dense_points import DensePoints

RNG = np.random.default_rng(0)
LANDMARKS = np.concatenate([RNG.uniform(100, 300, (478, 2)), RNG.normal(0, 20, (478, 1))], axis=1).astype(np.float32)


@given(st.sampled_from(sorted(HANDLES)), st.floats(-30, 30), st.floats(-30, 30))
@settings(max_examples=25, deadline=None)
def test_the_dragged_handle_lies_where_it_was_dragged_and_every_other_handle_stays(number, dx, dy):
    goal = (float(LANDMARKS[number, 0] + dx), float(LANDMARKS[number, 1] + dy))
    made = moved_landmarks(LANDMARKS, {number: goal})
    assert np.abs(made[number, :2] - goal).max() < 0.05
    others = [n for n in HANDLES if n != number]
    assert np.abs(made[others] - LANDMARKS[others]).max() < 0.05
    assert np.array_equal(made[:, 2], LANDMARKS[:, 2])


def test_a_point_beside_a_dragged_handle_follows_it():
    landmarks = LANDMARKS.copy()
    landmarks[200, :2] = landmarks[152, :2] + (0.5, 0)  # 200 is no handle
    made = moved_landmarks(landmarks, {152: tuple(landmarks[152, :2] + (0, 20))})
    assert 15 < made[200, 1] - landmarks[200, 1] < 21


def test_without_corrections_nothing_changes():
    assert moved_landmarks(LANDMARKS, {}) is LANDMARKS
    assert read_corrections(None) == {}


def test_corrections_of_a_request_are_read():
    assert read_corrections([[152, 10, 20.5]]) == {152: (10.0, 20.5)}


@pytest.mark.parametrize(
    "value", [7, "x", [7], [[152, 1]], [[3, 1, 2]], [[152, float("nan"), 2]], [[152, "1", 2]], [[True, 1, 2]], {}]
)
def test_what_is_no_list_of_corrections_is_refused_in_words(value):
    with pytest.raises(SettingsError, match="list of"):
        read_corrections(value)


def dense_at(pixels):
    count = len(pixels)
    one = np.ones(count, np.float32)
    return DensePoints(np.arange(count), np.asarray(pixels, np.float32), one, np.zeros((count, 1), np.float32), one)


def test_dense_points_beside_a_dragged_handle_follow_it_and_far_ones_stay():
    photo, _ = photo_of(load_head_model("open"))
    chin = photo.landmarks[152, :2]
    portrait = replace(photo, dense=dense_at(np.stack([chin, chin + np.float32([0, 2000])])))
    made = corrected(portrait, {152: (float(chin[0]), float(chin[1] + 5))})
    assert made.dense is not None
    np.testing.assert_allclose(made.dense.pixels[0] - chin, (0, 5), atol=0.1)
    np.testing.assert_allclose(made.dense.pixels[1] - chin, (0, 2000), atol=0.1)
