"""Closest points and signed distances against the exhaustive search and known shapes."""

from __future__ import annotations

import numpy as np
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.geometry.signed_distance import signed_distances


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=15, deadline=None)
def test_closest_points_equal_the_exhaustive_search_whatever_the_triangles_sizes(seed, degenerate):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(40, 3))
    triangles = np.array([rng.choice(40, 3, replace=False) for _ in range(60)])
    vertices[:20] *= 1e-3
    if degenerate:
        triangles[:10, 2] = triangles[:10, 1]
    points = rng.normal(size=(25, 3)) * 2
    found = SurfaceIndex(vertices, triangles).query(points)
    sound = triangles[10 if degenerate else 0 :]
    candidates = np.stack([trimesh.triangles.closest_point(np.tile(vertices[t], (25, 1, 1)), points) for t in sound])
    every = np.linalg.norm(candidates - points, axis=2).min(axis=0)
    for a, b, _ in triangles[:10] if degenerate else []:  # a triangle without area is the segment that it covers
        along = vertices[b] - vertices[a]
        t = np.clip((points - vertices[a]) @ along / (along @ along), 0, 1)
        every = np.minimum(every, np.linalg.norm(vertices[a] + t[:, None] * along - points, axis=1))
    np.testing.assert_allclose(found.distances, every, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(found.points - points, axis=1), found.distances, atol=1e-9)


def test_no_points_have_no_closest_points():
    ball = trimesh.creation.icosphere(1)
    assert SurfaceIndex(ball.vertices, ball.faces).query(np.zeros((0, 3))).points.shape == (0, 3)
    assert signed_distances(np.zeros((0, 3)), ball.vertices, ball.faces).points.shape == (0, 3)


def test_the_middle_of_a_ball_lies_its_radius_inside():
    ball = trimesh.creation.icosphere(4, radius=0.1)
    told = signed_distances(np.array([[0.0, 0, 0], [0.3, 0, 0]]), ball.vertices, ball.faces)
    np.testing.assert_allclose(told.signed, [-0.1, 0.2], atol=1e-3)


def test_closest_points_hang_on_their_triangle_inside_at_an_edge_and_at_a_corner():
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    points = np.array([[0.25, 0.25, 1], [0.5, -1, 0], [-1, -1, 0], [1, 1, 0]])
    index = SurfaceIndex(triangle, np.array([[0, 1, 2]]))
    at = index.weights(index.query(points))
    np.testing.assert_allclose(
        at.interpolate(np.array([[0, 1, 2]]), triangle), [[0.25, 0.25, 0], [0.5, 0, 0], [0, 0, 0], [0.5, 0.5, 0]]
    )


def test_closest_points_on_triangles_without_area_have_weights_that_add_up():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [1, 0, 0]])
    index = SurfaceIndex(line, np.array([[0, 1, 2]]))
    weights = index.weights(index.query(np.array([[0.5, 1, 0], [2, 0, 0]]))).weights
    np.testing.assert_allclose(weights.sum(1), 1)
    assert (weights >= 0).all()
