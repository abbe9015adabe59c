"""Subdivision of whole head models and heads."""

from __future__ import annotations

import numpy as np
import pytest
from sample_head import sample_model

from seif_core.geometry.subdivision import refine
from seif_core.headmodel.subdivision import subdivide

CUBE = np.array(
    [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]],
)
CORNERS = np.array([[x, y, z] for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))], float)


@pytest.mark.parametrize("smooth", [True, False])
def test_a_cube_becomes_26_vertices_and_24_faces_that_look_outwards(smooth):
    step = refine(CUBE, 8, smooth=smooth)
    points = step.apply(CORNERS)
    assert points.shape == (26, 3)
    assert step.faces.shape == (24, 4)
    assert np.bincount(step.parents).tolist() == [4] * 6
    a, b, c = (points[step.faces[:, k]] for k in range(3))
    assert ((np.cross(b - a, c - a) * points[step.faces].mean(1)).sum(1) > 0).all()
    np.testing.assert_allclose(np.asarray(step.matrix.sum(1)).ravel(), 1)
    # Catmull and Clark: a cube's corner goes to 5 / 9 of itself, its edges' points to 3 / 4
    np.testing.assert_allclose(np.abs(points[:8]), 5 / 9 if smooth else 1, atol=1e-12)
    np.testing.assert_allclose(np.abs(points[8:20]).max(), 3 / 4 if smooth else 1, atol=1e-12)


def test_open_borders_become_cubic_curves_and_triangles_become_three_quads():
    faces = np.array([[0, 1, 2, -1], [2, 1, 3, -1]])
    step = refine(faces, 4, smooth=True)
    points = step.apply(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], float))
    assert len(step.faces) == 6
    assert step.faces.min() >= 0
    np.testing.assert_allclose(points[0], [0.125, 0.125, 0])
    np.testing.assert_allclose(points[4], [0.5, 0, 0])


def test_a_subdivided_model_is_whole_and_acts_as_the_coarse_one():
    model = sample_model()
    fine, template = subdivide(model, model.template)
    step = refine(model.faces, len(model.template), smooth=True)
    np.testing.assert_array_equal(template, fine.template)
    count = len(fine.template)
    assert fine.face_part.shape == (len(fine.faces),)
    assert fine.uv_faces.shape == fine.faces.shape
    assert fine.uv_faces.max() == len(fine.uvs) - 1
    for name in ("shape_basis", "expression_basis", "key_basis", "pose_basis"):
        basis = getattr(fine, name)
        assert basis.shape == (len(getattr(model, name)), count, 3)
    rng = np.random.default_rng(0)
    shape = rng.normal(size=len(model.shape_basis))
    coarse = model.template + np.tensordot(shape, model.shape_basis, 1)
    shaped = fine.template + np.tensordot(shape, fine.shape_basis, 1)
    np.testing.assert_allclose(shaped, step.apply(coarse), atol=1e-6)
    np.testing.assert_allclose(fine.joint_regressor @ shaped, model.joint_regressor @ coarse, atol=1e-5)
    np.testing.assert_allclose(fine.skin_weights.sum(1), 1, atol=1e-6)
    for name, embedding in model.embeddings.items():
        gap = fine.embeddings[name].points(fine.template) - embedding.points(model.template)
        assert np.linalg.norm(gap, axis=1).mean() < 0.004, name
    for name, mask in model.regions.items():
        assert fine.regions[name].shape == (count,)
        assert fine.regions[name].any() == mask.any()


def test_texture_coordinates_keep_their_corners_when_subdivided():
    model = sample_model()
    fine = subdivide(model, model.template)[0]
    parents = refine(model.faces, len(model.template), smooth=True).parents
    sides = np.where(model.uv_faces[:, 3] >= 0, 4, 3)
    for face in (0, len(model.faces) // 2, len(model.faces) - 1):
        corners = model.uvs[model.uv_faces[face, : sides[face]]]
        children = np.flatnonzero(parents == face)
        np.testing.assert_allclose(fine.uvs[fine.uv_faces[children, 0]], corners, atol=1e-6)
        np.testing.assert_allclose(fine.uvs[fine.uv_faces[children, 2]], corners.mean(0) + 0 * corners, atol=1e-6)
