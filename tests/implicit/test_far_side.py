from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh

from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.implicit.depth_range import last_surface
from seif_core.implicit.far_side import FarSettings, far_normals, follow_far_normals

RADIUS = 0.3
SETTINGS = FarSettings(limit=1.0)


@pytest.fixture(scope="module")
def ball():
    sphere = trimesh.creation.icosphere(subdivisions=5, radius=RADIUS)
    return np.array(sphere.vertices), np.array(sphere.faces)


def map_of(vertices, triangles, size=128):
    cube = torch.from_numpy(vertices).float()
    return far_normals(last_surface(cube, torch.from_numpy(triangles).long(), size))


def wavy(vertices, height):
    """The ball with waves on its far side."""
    behind = np.clip(-vertices[:, 2] / RADIUS, 0, 1)
    waves = height * np.sin(2 * np.pi * vertices[:, 0] / 0.15) * behind
    return vertices + np.column_stack([np.zeros((len(vertices), 2)), waves])


def test_map_of_a_ball_is_the_ball_s_normals_turned_to_the_viewer(ball):
    found = map_of(*ball)
    middle = (np.arange(128) + 0.5) / 128 - 0.5
    x, y = np.meshgrid(middle, -middle)
    inside = np.hypot(x, y) < 0.8 * RADIUS
    z = np.sqrt(np.maximum(RADIUS**2 - x**2 - y**2, 0))
    expected = np.stack([x, y, z]) / RADIUS
    assert np.abs(found.numpy() - expected)[:, inside].max() < 0.03


def test_slope_to_the_right_is_told_as_the_worked_number_says():
    back = torch.linspace(0.5, -0.5, 33)[:-1].repeat(32, 1)
    assert torch.allclose(far_normals(back)[:, 16, 16], torch.tensor([-0.7071, 0.0, 0.7071]), atol=1e-3)


def test_relief_of_the_far_map_appears_on_the_far_side_and_nowhere_else(ball):
    vertices, triangles = ball
    wanted = wavy(vertices, 0.006)
    moved = follow_far_normals(vertices, triangles, map_of(wanted, triangles), SETTINGS)
    middle = (vertices[:, 2] < 0) & (np.hypot(vertices[:, 0], vertices[:, 1]) < 0.6 * RADIUS)
    told, asked = (moved - vertices)[middle, 2], (wanted - vertices)[middle, 2]
    assert np.corrcoef(told, asked)[0, 1] > 0.95
    assert 0.5 < np.std(told) / np.std(asked) < 1.2
    np.testing.assert_allclose(moved[vertices[:, 2] > 0], vertices[vertices[:, 2] > 0], atol=1e-3)
    np.testing.assert_array_equal(moved[:, :2], vertices[:, :2])


def test_its_own_map_leaves_a_surface_as_it_is(ball):
    vertices, triangles = ball
    moved = follow_far_normals(vertices, triangles, map_of(vertices, triangles))
    assert np.abs(moved - vertices).max() < 2e-3


def test_a_map_without_normals_changes_nothing(ball):
    vertices, triangles = ball
    moved = follow_far_normals(vertices, triangles, torch.zeros(3, 64, 64))
    assert np.abs(moved - vertices).max() < 1e-9


def test_a_surface_outside_the_square_is_left_as_it_is(ball):
    vertices, triangles = ball
    np.testing.assert_array_equal(follow_far_normals(vertices + 3.0, triangles, torch.ones(3, 64, 64)), vertices + 3.0)


def test_no_map_makes_the_surface_pass_through_itself(ball):
    vertices, triangles = ball
    thin = vertices * [1, 1, 0.1]
    wild = torch.nn.functional.normalize(torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(0)), dim=0)
    wild[2] = wild[2].abs()
    moved = follow_far_normals(thin, triangles, torch.nn.functional.interpolate(wild[None], size=128)[0], SETTINGS)
    assert not np.allclose(moved, thin)
    assert len(crossing_pairs(moved, triangles)) == 0
