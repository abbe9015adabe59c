"""The Open head's mouth under its keys: what is seen of it."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.expressions.arkit import ARKIT_52
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import part_triangles
from seif_core.headmodel.topology import PART_NAMES


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def heights(model, points, part):
    ids = np.unique(model.faces[model.face_part == PART_NAMES.index(part)])
    return points[ids[ids >= 0], 1]


def test_an_open_mouth_shows_its_throat_above_the_tongue(model):
    key = model.template + model.key_basis[ARKIT_52.index("jawOpen")]
    upper = heights(model, key, "teeth_upper").min()
    lower = heights(model, key, "teeth_lower").max()
    assert heights(model, key, "tongue").max() < (upper + lower) / 2


def test_a_lower_lip_that_is_rolled_in_is_no_wave(model):
    key = model.key_basis[ARKIT_52.index("mouthRollLower")]
    edge = model.embeddings["ibug68"].points(key)[[60, 67, 66, 65, 64], 2]  # the inner lower lip, corner to corner
    assert edge.min() < -0.002
    steps = np.abs(np.diff(edge))
    assert steps.max() < 0.62 * np.ptp(edge)


def under(model, *names):
    return model.template.astype(np.float64) + model.key_basis[[ARKIT_52.index(name) for name in names]].sum(axis=0)


@pytest.mark.parametrize("part", ["teeth_upper", "teeth_lower"])
def test_the_edges_of_the_teeth_are_one_even_row_and_no_staircase(model, part):
    ids = np.unique(model.faces[model.face_part == PART_NAMES.index(part)])
    edges = model.template[ids[ids >= 0][: 14 * 51]].reshape(14, 51, 3)[:, 40:50].reshape(-1, 3).astype(np.float64)
    design = np.vander(edges[:, 2], 3)
    off = edges[:, 1] - design @ np.linalg.lstsq(design, edges[:, 1], rcond=None)[0]
    assert np.std(off) < 0.0003
    assert np.abs(off).max() < 0.0008


def test_an_open_jaw_shows_the_edges_of_the_upper_teeth_under_a_lip_that_stays(model):
    key = under(model, "jawOpen")
    points = model.embeddings["ibug68"].points
    assert points(key)[62, 1] - heights(model, key, "teeth_upper").min() > 0.0015
    assert abs(points(key)[62, 1] - points(model.template)[62, 1]) < 0.0005


def test_the_lower_lip_of_an_open_jaw_is_a_bow_and_not_a_point(model):
    edge = model.embeddings["ibug68"].points(under(model, "jawOpen"))[:, 1]
    assert edge[[65, 67]].mean() - edge[66] < 0.2 * (edge[64] - edge[66])


def test_lips_that_are_shut_over_an_open_jaw_lead_to_the_chin_without_a_step(model):
    rest, shut = model.template.astype(np.float64), under(model, "jawOpen", "mouthClose")
    low, high = [-0.08, 0.045], [-0.046, np.inf]
    middle = (np.abs(rest[:, 0]) < 1e-5) & model.regions["face"] & ((rest[:, 1:] > low) & (rest[:, 1:] < high)).all(1)
    line = np.flatnonzero(middle)[np.argsort(-rest[middle, 1])]
    arm = shut[line, 1:] - shut[line[0], 1:]
    off = (arm[:, 0] * arm[-1, 1] - arm[:, 1] * arm[-1, 0]) / np.linalg.norm(arm[-1])
    assert np.abs(np.diff(off)).max() < 0.0022


def test_resting_lips_do_not_pass_through_each_other(model):
    skin = part_triangles(model, "skin")
    lips = skin[model.regions["lips"][skin].all(axis=1)].astype(np.int64)
    assert len(crossing_pairs(model.template.astype(np.float64), lips)) == 0
