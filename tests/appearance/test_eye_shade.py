"""The lids' shade on the eyeballs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seif_core.appearance.eye_shade import shade_eye
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.headmodel.landmark_schemes import MEDIAPIPE


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return load_head_model("open")


def _down_the_middle(model: HeadModel, eye: int) -> np.ndarray:
    """(21, 3) places from an eye's upper lid to its lower one."""
    ring = model.embeddings[MEDIAPIPE.name].points(model.template.astype(np.float64))[list(MEDIAPIPE.lids[eye])]
    upper, lower = ring[ring[:, 1].argmax()], ring[ring[:, 1].argmin()]
    return upper + (lower - upper) * np.linspace(0, 1, 21)[:, None] * [0, 1, 0]


@pytest.mark.parametrize("eye", [0, 1])
def test_an_eye_without_the_shade_of_its_upper_lid_stares(model: HeadModel, eye: int) -> None:
    white = np.full((21, 3), 0.74, np.float32)
    left = shade_eye(model, model.template, _down_the_middle(model, eye), white)[:, 1] / 0.74
    assert left[0] < 0.6
    assert left[0] < left[-1] < left.max()
    assert left.max() > 0.85
    assert np.argmax(left) > 10  # the lower half is the bright one


def test_both_eyes_are_shaded_alike(model: HeadModel) -> None:
    white = np.full((21, 3), 0.74, np.float32)
    right, left = (shade_eye(model, model.template, _down_the_middle(model, eye), white) for eye in (0, 1))
    np.testing.assert_allclose(right, left, atol=2e-3)


def test_the_worked_number_of_the_docstring_holds(model: HeadModel) -> None:
    place = _down_the_middle(model, 0)[:1] - [[0, 0.001, 0]]
    left = shade_eye(model, model.template, place, np.ones((1, 3), np.float32))
    assert left[0, 0] == pytest.approx(0.69, abs=0.02)


def test_a_head_whose_lids_are_nearly_closed_has_darker_eyes(model: HeadModel) -> None:
    k = model.key_names.index("eyeBlinkRight")
    closing = model.template + 0.5 * model.key_basis[k]
    place = _down_the_middle(model, 0)[5:15]
    white = np.ones((10, 3), np.float32)
    assert shade_eye(model, closing, place, white).mean() < shade_eye(model, model.template, place, white).mean()


def test_a_model_whose_lids_have_no_points_keeps_its_eyes_plain(model: HeadModel) -> None:
    plain = replace(model, embeddings={})
    white = np.ones((21, 3), np.float32)
    np.testing.assert_array_equal(shade_eye(plain, model.template, _down_the_middle(model, 0), white), white)
