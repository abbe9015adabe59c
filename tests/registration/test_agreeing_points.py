"""The closest point whose normal agrees, against looking at every triangle."""

from __future__ import annotations

import numpy as np
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from seif_core.geometry.normals import area_vectors, unit
from seif_core.registration.correspondences import AgreeingPoints, TargetMesh


@given(st.integers(0, 2**31))
@settings(max_examples=15, deadline=None)
def test_no_triangle_is_a_much_better_match_than_the_one_that_is_found(seed):
    rng = np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(2, radius=0.02)
    vertices = np.concatenate([ball.vertices, np.add(ball.vertices, [0.041, 0, 0])])  # two balls that nearly touch
    triangles = np.concatenate([ball.faces, ball.faces + len(ball.vertices)]).astype(np.int64)
    points = rng.normal(size=(30, 3)) * 0.02 + [0.02, 0, 0]
    normals = unit(rng.normal(size=(30, 3)))
    found = AgreeingPoints(vertices, triangles).match(points, normals)
    facing = unit(area_vectors(vertices, triangles))
    near = np.stack([trimesh.triangles.closest_point(np.tile(vertices[t], (30, 1, 1)), points) for t in triangles])
    cost = np.linalg.norm(near - points, axis=2) + 0.01 * np.clip(0.9 - facing @ normals.T, 0, None)
    at = np.einsum("nk,nkc->nc", found.weights, vertices[triangles[found.triangles]])
    own = np.linalg.norm(at - points, axis=1)
    own += 0.01 * np.clip(0.9 - (facing[found.triangles] * normals).sum(1), 0, None)
    assert (own <= cost.min(axis=0) + 0.0025).all()  # within a direction's triangles the normals still differ
    np.testing.assert_allclose(found.weights.sum(1), 1)


def test_matches_that_are_far_or_face_away_are_not_believed():
    ball = trimesh.creation.icosphere(3, radius=0.1)
    target = TargetMesh(np.asarray(ball.vertices), np.asarray(ball.faces, np.int64))
    points = np.array([[0, 0, 0.11], [0, 0, 0.2], [0, 0, 0.11]])
    normals = np.array([[0, 0, 1.0], [0, 0, 1.0], [0, 0, -1.0]])
    found = target.closest(points)
    assert found.agreeing(normals, 0.05, 0.5).tolist() == [True, False, False]
    np.testing.assert_allclose(found.normals[0], [0, 0, 1], atol=0.02)
