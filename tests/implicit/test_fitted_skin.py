from __future__ import annotations

import numpy as np
import pytest
import trimesh

from seif_core.geometry.camera import Camera
from seif_core.headmodel import load_head_model
from seif_core.implicit.fitted_skin import SkinDepth, SkinSettings, bare_places, bare_share
from seif_core.implicit.refinement import RefinementSettings, follow_normals
from seif_core.implicit.view import HeadView

DISTANCE, RADIUS, SIZE = 0.6, 0.1, 256
VIEW = HeadView(Camera(1000.0, 256.0, 256.0, 512, 512), 6.0, 6.0, 500.0, DISTANCE)
BALL = np.array([0.0, 0.0, -DISTANCE])
PLAIN = RefinementSettings(smoothing=0, loose_smoothing=0)


@pytest.fixture(scope="module")
def ball():
    """The true skin: a ball's vertices and triangles, its normal map and its depth as the view sees them."""
    sphere = trimesh.creation.icosphere(subdivisions=5, radius=RADIUS)
    camera = VIEW.crop_camera(SIZE)
    u, v = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    ray = np.stack([(u - camera.cx) / camera.focal, (camera.cy - v) / camera.focal, -np.ones_like(u)], -1)
    ray /= np.linalg.norm(ray, axis=2, keepdims=True)
    along = -ray[..., 2] * DISTANCE
    square = along**2 - (DISTANCE**2 - RADIUS**2)
    inside = square > 1e-4
    point = ray * (along - np.sqrt(np.maximum(square, 0)))[..., None]
    normals = (point - BALL) / RADIUS * inside[..., None]
    bare = inside * np.clip((normals[..., 2] - 0.3) / 0.2, 0, 1)
    vertices = np.array(sphere.vertices) + BALL
    return vertices, np.array(sphere.faces), normals, SkinDepth(np.where(inside, -point[..., 2], 0.0), bare, VIEW)


def along_rays(vertices, metres):
    return vertices * (1 + metres / np.linalg.norm(vertices, axis=1))[:, None]


def off_the_ball(points):
    return np.abs(np.linalg.norm(points - BALL, axis=1) - RADIUS)


def in_the_middle(vertices):
    return (vertices[:, 2] > -DISTANCE + 0.06) & (np.hypot(vertices[:, 0], vertices[:, 1]) < 0.05)


def test_coarse_error_of_the_surface_is_gone_where_the_fit_shows_bare_skin(ball):
    vertices, triangles, normals, fitted = ball
    wave = 0.004 * np.cos(2 * np.pi * vertices[:, 0] / 0.2) + 0.002
    wrong = along_rays(vertices, wave)
    moved = follow_normals(wrong, triangles, normals, VIEW, fitted=fitted)
    middle = in_the_middle(vertices)
    assert off_the_ball(moved[middle]).max() < 0.0005
    assert off_the_ball(follow_normals(wrong, triangles, normals, VIEW)[middle]).mean() > 0.002


def test_coarse_error_of_the_normal_map_does_not_move_bare_skin(ball):
    vertices, triangles, normals, fitted = ball
    tilted = normals + np.array([0.12, 0.0, 0.0]) * (np.linalg.norm(normals, axis=2, keepdims=True) > 0)
    tilted /= np.maximum(np.linalg.norm(tilted, axis=2, keepdims=True), 1e-9)
    middle = in_the_middle(vertices)
    errors = [
        off_the_ball(moved[middle]).mean()
        for moved in (
            follow_normals(vertices, triangles, tilted, VIEW, fitted=fitted),
            follow_normals(vertices, triangles, tilted, VIEW),
        )
    ]
    assert errors[0] < 0.3 * errors[1]


def test_hair_well_before_the_fit_stays_where_the_surface_has_it(ball):
    vertices, triangles, _, fitted = ball
    hair = along_rays(vertices, np.full(len(vertices), -0.02))
    moved = follow_normals(hair, triangles, np.zeros((SIZE, SIZE, 3)), VIEW, PLAIN, fitted=fitted)
    middle = in_the_middle(vertices)
    np.testing.assert_allclose(moved[middle], hair[middle], atol=5e-5)


def test_back_of_the_head_is_not_drawn_to_the_face(ball):
    vertices, triangles, normals, fitted = ball
    wrong = along_rays(vertices, np.full(len(vertices), -0.004))
    moved = follow_normals(wrong, triangles, normals, VIEW, PLAIN, fitted=fitted)
    behind = vertices[:, 2] < -DISTANCE - 0.05
    assert np.abs(moved - wrong)[behind].max() < 5e-4


def test_without_a_length_for_skin_the_surface_keeps_its_own_coarse_shape(ball):
    vertices, triangles, normals, fitted = ball
    wrong = along_rays(vertices, np.full(len(vertices), 0.003))
    off = RefinementSettings(skin_length=None)
    np.testing.assert_array_equal(
        follow_normals(wrong, triangles, normals, VIEW, off, fitted=fitted),
        follow_normals(wrong, triangles, normals, VIEW, off),
    )


def test_offset_is_counted_along_the_ray_and_away_from_the_viewer(ball):
    vertices, _, _, fitted = ball
    offsets, bare = fitted.offsets(along_rays(vertices, np.full(len(vertices), -0.003)))
    middle = in_the_middle(vertices)
    np.testing.assert_allclose(offsets[middle], 0.003, atol=2e-4)
    assert bare[middle].min() > 0.99


def test_share_of_skin_falls_with_the_distance_on_both_sides():
    s = SkinSettings(before=0.008, behind=0.012)
    share = bare_share(np.array([0.0, 0.004, 0.0081, -0.004, -0.0121]), s)
    assert share[0] == 1
    assert share[1] == pytest.approx(0.5625)
    assert share[1] < share[3] < 1
    assert share[2] == share[4] == 0


def test_scalp_and_neck_are_not_taken_for_bare_skin():
    model = load_head_model("open")
    bare = bare_places(model)
    regions = model.regions
    assert bare[regions["scalp"] & ~regions["face"]].max() == 0
    assert bare[regions["neck"] & ~regions["face"]].max() == 0
    assert bare[regions["face"]].mean() > 0.5
