from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered_head import make_fit, make_model
from synthetic_head import photo_of, synthetic_head

from seif_core.fitting import fit_portrait
from seif_core.fitting.roll import roll_of, rolled_fit, turn_about_axis
from seif_core.headmodel.skinning import pose_vertices
from seif_core.portrait.landmarks import turned

HEAD = synthetic_head()
FIT = make_fit(make_model(6, 10))


def framed(portrait, height, width):
    """The same landmarks in a picture of another size."""
    return replace(portrait, pixels=np.zeros((height, width, 3), np.uint8), mask=np.zeros((height, width), np.uint8))


def test_worked_number_of_the_convention_holds():
    np.testing.assert_allclose(turn_about_axis(np.array([[0.1, 0.0, -1.0]]), np.pi / 2), [[0.0, -0.1, -1.0]], atol=1e-9)


@given(st.floats(-3.1, 3.1))
def test_a_rolled_fit_falls_on_the_turned_picture_and_keeps_its_convention(angle):
    rolled, camera = rolled_fit(FIT, angle), FIT.camera
    axis = np.array([camera.cx, camera.cy])
    pixels = turned(camera.project(FIT.posed.astype(np.float64)) - axis, angle) + axis
    np.testing.assert_allclose(camera.project(rolled.posed.astype(np.float64)), pixels, atol=0.01)
    model = rolled.model
    posed = pose_vertices(rolled.expressed, rolled.rest_joints, model.skin_weights, rolled.pose, model.pose_basis)
    np.testing.assert_allclose(posed + rolled.translation, rolled.posed, atol=1e-5)
    turn = roll_of(rolled) - roll_of(FIT) - angle
    assert abs(np.remainder(turn + np.pi, 2 * np.pi) - np.pi) < 1e-4


@pytest.mark.parametrize("shift", [(700.0, 40.0), (-180.0, 2000.0)])
def test_the_same_face_anywhere_on_a_page_gives_the_same_head(shift):
    portrait, _ = photo_of(HEAD, shape=np.ones(6) * 0.5, noise=0.8, exif=False)
    alone = replace(portrait, whole_frame=False)
    marks = alone.landmarks.copy()
    marks[:, :2] += np.array(shift) + np.array([200.0, 0.0])
    page = replace(framed(alone, 2600, 1400), landmarks=marks)
    first, second = fit_portrait(alone, HEAD), fit_portrait(page, HEAD)
    np.testing.assert_allclose(second.neutral, first.neutral, atol=2e-5)
    moved = second.camera.project(second.posed.astype(float)) - first.camera.project(first.posed.astype(float))
    np.testing.assert_allclose(moved, np.broadcast_to([shift[0] + 200.0, shift[1]], moved.shape), atol=0.05)


@pytest.mark.parametrize("angle", [0.8, 1.5708, 3.14])
def test_the_same_face_lying_on_its_side_gives_the_same_head_and_the_same_turn(angle):
    portrait, _ = photo_of(HEAD, shape=np.ones(6) * 0.5, pose=np.eye(5, 3) * 0.2, noise=0.8, exif=False)
    upright = replace(portrait, whole_frame=False)
    marks = upright.landmarks.copy()
    axis = np.array(upright.principal_point)
    marks[:, :2] = turned(marks[:, :2].astype(float) - axis, angle) + axis
    first, second = fit_portrait(upright, HEAD), fit_portrait(replace(upright, landmarks=marks), HEAD)
    np.testing.assert_allclose(second.neutral, first.neutral, atol=2e-5)
    assert second.turn == pytest.approx(first.turn, abs=0.01)


def test_landmarks_beyond_the_frame_hardly_bend_the_head():
    portrait, _ = photo_of(HEAD, pose=np.zeros((5, 3)))
    marks = portrait.landmarks.copy()
    hidden = marks[:, 0] > 286.0
    marks[hidden, :2] += np.random.default_rng(0).normal(size=(int(hidden.sum()), 2)) * 6 + [9.0, 0.0]
    seen = replace(portrait, landmarks=marks, whole_frame=False)
    assert hidden.mean() > 0.1
    bent = [np.abs(fit_portrait(p, HEAD).shape).mean() for p in (framed(seen, 512, 286), seen)]
    assert bent[0] < 0.5 * bent[1]
