from __future__ import annotations

import numpy as np
import pytest
import trimesh

from seif_core.geometry.camera import Camera
from seif_core.geometry.edges import unique_edges
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.implicit.refinement import RefinementSettings, follow_normals
from seif_core.implicit.view import HeadView

DISTANCE = 0.6
PLAIN = RefinementSettings(smoothing=0, loose_smoothing=0)
VIEW = HeadView(Camera(1000.0, 256.0, 256.0, 512, 512), 6.0, 6.0, 500.0, DISTANCE)


@pytest.fixture(scope="module")
def ball():
    sphere = trimesh.creation.icosphere(subdivisions=5, radius=0.1)
    return np.array(sphere.vertices) - [0, 0, DISTANCE], np.array(sphere.faces)


def bumpy_map(amplitude: float, size: int = 128):
    """Normals of the ball with waves of 30 mm in height, as the camera sees it."""
    camera = VIEW.crop_camera(size)
    u, v = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    ray = np.stack([(u - camera.cx) / camera.focal, (camera.cy - v) / camera.focal, -np.ones_like(u)], -1)
    ray /= np.linalg.norm(ray, axis=2, keepdims=True)
    along = -ray[..., 2] * DISTANCE
    square = along**2 - (DISTANCE**2 - 0.1**2)
    inside = square > 1e-4
    point = ray * (along - np.sqrt(np.maximum(square, 0)))[..., None]
    sphere = (point + np.array([0, 0, DISTANCE])) / 0.1
    k = 2 * np.pi / 0.03
    tilt = np.stack([amplitude * k * np.cos(k * point[..., 0]), 0 * u, 0 * u], -1)
    normal = sphere - (tilt - (tilt * sphere).sum(2, keepdims=True) * sphere)
    return normal / np.linalg.norm(normal, axis=2, keepdims=True) * inside[..., None], k


def test_relief_of_the_normal_map_appears_in_the_surface(ball):
    vertices, triangles = ball
    normals, k = bumpy_map(0.001)
    moved = follow_normals(vertices, triangles, normals, VIEW)
    front = (vertices[:, 2] > -DISTANCE + 0.06) & (np.hypot(vertices[:, 0], vertices[:, 1]) < 0.06)
    height = (np.linalg.norm(vertices, axis=1) - np.linalg.norm(moved, axis=1))[front]
    wave = np.sin(k * vertices[front, 0])
    assert np.corrcoef(height, wave)[0, 1] > 0.8
    assert 0.4 < np.std(height) / np.std(0.001 * wave) < 1.4


def test_back_of_the_head_stays_where_it_is(ball):
    vertices, triangles = ball
    moved = follow_normals(vertices, triangles, bumpy_map(0.001)[0], VIEW, PLAIN)
    behind = vertices[:, 2] < -DISTANCE - 0.05
    assert np.abs(moved - vertices)[behind].max() < 3e-4


def test_surface_stays_closed_and_no_triangle_turns_over(ball):
    vertices, triangles = ball
    moved = follow_normals(vertices, triangles, bumpy_map(0.004)[0], VIEW)
    before, after = (trimesh.Trimesh(v, triangles, process=False) for v in (vertices, moved))
    assert after.is_watertight
    assert (before.face_normals * after.face_normals).sum(1).min() > 0


def test_map_without_normals_changes_nothing(ball):
    vertices, triangles = ball
    moved = follow_normals(vertices, triangles, np.zeros((64, 64, 3)), VIEW, PLAIN)
    np.testing.assert_allclose(moved, vertices, atol=1e-9)


def test_edges_come_once_and_sorted():
    edges = unique_edges(np.array([[0, 1, 2], [2, 1, 3]]))
    assert edges.tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]


def test_surface_that_passes_through_itself_is_mended(ball):
    vertices, triangles = ball
    pushed = vertices.copy()
    ahead = np.linalg.norm(vertices - [0, 0, -DISTANCE + 0.1], axis=1) < 0.012
    pushed[ahead, 2] -= 0.21  # a dent so deep that it comes out at the back
    assert len(crossing_pairs(pushed, triangles))
    mended = follow_normals(pushed, triangles, np.zeros((64, 64, 3)), VIEW, PLAIN)
    assert len(crossing_pairs(mended, triangles)) == 0
