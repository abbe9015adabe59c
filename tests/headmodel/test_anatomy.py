"""One anatomy of a model: its lengths, sides, mirror, hairline, and the skins that are told apart."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from rendered_head import make_model

from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of, mirror_vertices, part_triangles
from seif_core.headmodel.landmark_schemes import IBUG_CHIN, IBUG_NOSE_BASE, MEDIAPIPE


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def test_each_length_is_what_its_name_says(model):
    anatomy = anatomy_of(model)
    assert anatomy.head_height == pytest.approx(0.224, abs=0.002)
    assert anatomy.code_extent == pytest.approx(float(np.ptp(model.template[:, 1])))
    assert anatomy.code_extent == pytest.approx(0.324, abs=0.002)
    assert 0.055 < anatomy.eye_distance < 0.07


def test_left_is_where_the_left_eye_is_and_the_mirror_leads_to_the_right(model):
    anatomy = anatomy_of(model)
    assert anatomy.eyes[0, 0] > 0 > anatomy.eyes[1, 0]
    aside = np.abs(model.template[:, 0]) > 0.002
    assert (anatomy.left[anatomy.mirror] != anatomy.left)[aside].all()


def test_mirroring_vertices_twice_comes_back():
    mirror = mirror_vertices(make_model().template)
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))


def test_the_nose_lies_over_the_chin_and_the_inner_lips_are_at_the_mouth(model):
    anatomy = anatomy_of(model)
    assert anatomy.landmarks is not None
    assert anatomy.landmarks[IBUG_NOSE_BASE, 1] > anatomy.landmarks[IBUG_CHIN, 1] + 0.04
    lips = model.embeddings[MEDIAPIPE.name].points(model.template)[list(MEDIAPIPE.inner_lips)]
    middle = anatomy.from_the_eyes(lips).mean(axis=0)
    assert abs(middle[0]) < 0.1
    assert -1.4 < middle[1] < -0.8


def test_the_hairline_runs_over_the_face_and_under_the_crown(model):
    over = anatomy_of(model).over_hairline
    assert over[np.argmax(model.template[:, 1])] > 0.5
    assert over[model.regions["lips"]].max() < 0
    assert (over[model.regions["ears"]] == -1).all()


def test_the_skins_are_told_apart(model):
    anatomy = anatomy_of(model)
    corners = np.zeros(len(model.template), bool)
    corners[anatomy.outer_skin_triangles] = True
    assert not (corners & model.regions["mouth_interior"]).any()
    assert not (anatomy.outer_skin & ~anatomy.skin_part).any()
    assert not (anatomy.named_skin & ~anatomy.skin_part).any()
    assert (anatomy.named_skin & model.regions["mouth_interior"]).any()
    assert (anatomy.outer_skin & ~anatomy.named_skin).any()  # what lines the eyes' sockets


def test_triangles_of_all_parts_are_the_models(model):
    assert len(part_triangles(model, "skin")) < len(model.triangles)
    everything = [part_triangles(model, name) for name in ("skin", "eye_left", "eye_right", "teeth_upper")]
    everything += [part_triangles(model, name) for name in ("teeth_lower", "tongue", "lashes")]
    assert sum(map(len, everything)) == len(model.triangles)


def test_an_anatomy_is_measured_once_and_goes_with_its_model():
    model = make_model()
    assert anatomy_of(model) is anatomy_of(model)
    other = replace(model)
    assert anatomy_of(other) is not anatomy_of(model)
    gone = weakref.ref(other)
    del other
    gc.collect()
    assert gone() is None
