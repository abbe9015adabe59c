from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from seif_core.geometry.edges import boundary_loops, unique_edges
from seif_core.headmodel import load_head_model
from seif_core.implicit.closed_skin import closed_skin, eyeball_triangles
from seif_core.implicit.coded_surface import CodedSurface
from seif_core.implicit.prior import PosedPrior, in_one_piece


@pytest.fixture(scope="module")
def model():
    return load_head_model()


def test_closed_skin_has_no_opening_left_and_no_handle(model):
    skin = closed_skin(model)
    mesh = trimesh.Trimesh(skin.with_middles(model.template.astype(float)), skin.triangles, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert boundary_loops(skin.triangles) == []
    used = len(np.unique(skin.triangles))
    assert used - len(unique_edges(skin.triangles)) + len(skin.triangles) == 2  # Euler: a sphere


def test_neck_mouth_and_both_sockets_are_the_only_openings_that_are_closed(model):
    middles = closed_skin(model).with_middles(model.template.astype(float))[len(model.template) :]
    eyes = (model.joint_regressor.astype(float) @ model.template)[3:5]
    assert len(middles) == 4
    assert np.linalg.norm(middles[:, None] - eyes[None], axis=2).min(0).max() < 0.015


def test_rims_are_found_where_two_openings_touch_in_a_vertex():
    strip = np.array([[0, 1, 2], [0, 3, 4]])
    loops = boundary_loops(strip)
    assert sorted(sorted(loop.tolist()) for loop in loops) == [[0, 1, 2], [0, 3, 4]]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_side_and_distance_of_a_box_are_right_at_faces_edges_and_corners(seed):
    box = trimesh.creation.box((2, 2, 2))
    surface = CodedSurface(np.asarray(box.vertices), np.asarray(box.faces), np.zeros((8, 3)), 1.0)
    points = np.random.default_rng(seed).uniform(-1.2, 1.2, (300, 3))
    beyond = np.abs(points) - 1
    exact = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(1), 0)
    told = surface.ask(points).signed
    assert (np.sign(told) == np.sign(exact))[np.abs(exact) > 1e-9].all()
    assert (np.abs(told) >= np.abs(exact) - 1e-9).all()  # never nearer than the truth
    assert np.median(np.abs(told - exact)) < 0.02


def test_inside_of_skull_and_eyeballs_is_inside_and_before_the_face_is_outside(model):
    prior = PosedPrior(model, model.template)
    eyes = (model.joint_regressor.astype(float) @ model.template)[3:5]
    balls = model.template[np.unique(eyeball_triangles(model))].astype(float)
    pupil = balls[balls[:, 2].argmax()]
    inside = np.stack([*eyes, [0, 0.03, -0.02], [0, -0.1, -0.05], pupil - np.array([0, 0, 0.003])])
    outside = np.stack([pupil + np.array([0, 0, 0.003]), [0, 0, 0.2], [0.3, 0, 0], [0, -0.3, -0.05]])
    assert (prior.ask(inside).signed < 0).all()
    assert (prior.ask(outside).signed > 0).all()


def test_signed_distance_does_not_jump_where_the_skin_is_open(model):
    prior = PosedPrior(model, model.template)
    for loop in closed_skin(model).loops:
        middle = model.template[loop].astype(float).mean(0)
        along = middle + np.linspace(-0.03, 0.03, 400)[:, None] * np.random.default_rng(0).normal(size=3) / 1.7
        assert np.abs(np.diff(prior.ask(along).signed)).max() < 0.003  # lips that touch count as one


def test_specks_and_wedges_of_the_wrong_side_are_taken_away():
    axis = np.linspace(-1, 1, 21)
    ball = 0.07 * (np.linalg.norm(np.stack(np.meshgrid(axis, axis, axis, indexing="ij")), axis=0) - 0.63)
    specked = ball.copy()
    specked[1, 1, 1:3] *= -1
    specked[10, 10, 10] *= -1
    assert np.array_equal(in_one_piece(specked), ball)
    wedged = ball.copy()
    wedged[17:, 10, 10] *= -1
    left = in_one_piece(wedged) != ball
    assert np.abs(ball[left]).max() < 0.02
