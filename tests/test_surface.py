from __future__ import annotations

import numpy as np
import pytest
import trimesh
from skimage import measure

from seif_core.errors import SettingsError
from seif_core.implicit.surface import SurfaceSettings, extract_surface


def bumpy(points):
    """Signed distance (nearly) of a ball with bumps and a thin horn that leaves the prior's coarse cells."""
    ball = np.linalg.norm(points - [0, 0.03, 0], axis=1) - 0.3
    ball = ball + 0.01 * np.sin(40 * points[:, 0]) * np.sin(40 * points[:, 1])
    horn = np.maximum(np.hypot(points[:, 0], points[:, 2]) - 0.012, np.abs(points[:, 1] - 0.3) - 0.12)
    return np.minimum(ball, horn)


def prior(points):
    return np.linalg.norm(points - [0, 0.02, 0], axis=1) - 0.28


def occupancy(points):
    return 1 / (1 + np.exp(bumpy(points) / 0.01))


def floaters(points):
    speck = np.linalg.norm(points - [0.38, 0, 0], axis=1) - 0.02
    return np.maximum(occupancy(points), 1 / (1 + np.exp(speck / 0.01)))


def test_sparse_surface_is_the_dense_one_for_a_fraction_of_the_queries():
    surface = extract_surface(occupancy, prior, SurfaceSettings(resolution=64))
    axis = np.arange(65) / 64 - 0.5
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    vertices, *_ = measure.marching_cubes(occupancy(grid).reshape(65, 65, 65), 0.5)
    dense = np.unique(np.round(vertices / 64 - 0.5, 5), axis=0)
    sparse = np.unique(np.round(surface.vertices, 5), axis=0)
    assert len(dense) == len(sparse)
    np.testing.assert_allclose(sparse, dense, atol=1e-3)
    assert surface.queries < 65**3 / 5


@pytest.mark.parametrize("field", [occupancy, floaters])
def test_surface_is_one_watertight_component_wound_outward(field):
    surface = extract_surface(field, prior, SurfaceSettings(resolution=128))
    mesh = trimesh.Trimesh(surface.vertices, surface.triangles, process=False)
    assert mesh.is_watertight
    assert mesh.body_count == 1
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.3**3, rel=0.1)


def test_surface_that_leaves_the_cube_is_closed_at_its_border():
    surface = extract_surface(
        lambda p: (p[:, 0] ** 2 + p[:, 2] ** 2 < 0.04).astype(np.float32),
        lambda p: np.hypot(p[:, 0], p[:, 2]) - 0.2,
        SurfaceSettings(resolution=64),
    )
    assert trimesh.Trimesh(surface.vertices, surface.triangles, process=False).is_watertight


def test_impossible_settings_and_empty_fields_are_told_in_words():
    with pytest.raises(SettingsError, match="resolution 100"):
        extract_surface(occupancy, prior, SurfaceSettings(resolution=100))
    with pytest.raises(SettingsError, match="no surface"):
        extract_surface(lambda p: np.zeros(len(p)), lambda p: np.ones(len(p)), SurfaceSettings(resolution=64))
