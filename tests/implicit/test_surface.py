from __future__ import annotations

import numpy as np
import pytest
import trimesh
from original_octree import octree_surface
from scipy.ndimage import gaussian_filter
from skimage import measure

from seif_core.errors import SettingsError
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.implicit.marching import CORNERS, march
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


def grained(points):
    """A field as networks answer it: bent at every pixel of a feature map, uneven in its sharpness."""
    map_ = gaussian_filter(np.random.default_rng(0).normal(size=(128, 128)), 1) * 0.01
    u, v = np.clip((points[:, :2] + 0.5) * 127, 0, 126.999).T
    i, j, a, b = u.astype(int), v.astype(int), u % 1, v % 1
    top = map_[i, j] * (1 - b) + map_[i, j + 1] * b
    low = map_[i + 1, j] * (1 - b) + map_[i + 1, j + 1] * b
    lift = top * (1 - a) + low * a
    return 1 / (1 + np.exp((bumpy(points) + lift) / (0.012 + 0.008 * points[:, 2])))


def stepped(points):
    return (bumpy(points) < 0).astype(np.float32)


def prior_misses(points):
    return np.linalg.norm(points - [0.02, 0, 0], axis=1) - 0.2


def distances(one, other):
    """Of every third vertex of each to the other's surface, in cube units."""
    pairs = ((one[0], other), (other[0], one))
    return np.concatenate([SurfaceIndex(*there).query(here[::3]).distances for here, there in pairs])


def as_mesh(surface):
    return trimesh.Trimesh(surface.vertices, surface.triangles, process=False)


@pytest.mark.parametrize("field", [occupancy, stepped])
def test_sparse_surface_is_the_dense_one_for_a_fraction_of_the_queries(field):
    surface = extract_surface(field, prior, SurfaceSettings(resolution=64, tolerance=0))
    axis = np.arange(65) / 64 - 0.5
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    vertices, *_ = measure.marching_cubes(field(grid).reshape(65, 65, 65), 0.5)
    dense = np.unique(np.round(vertices / 64 - 0.5, 5), axis=0)
    sparse = np.unique(np.round(surface.vertices, 5), axis=0)
    assert len(dense) == len(sparse)
    np.testing.assert_allclose(sparse, dense, atol=1e-3)
    assert surface.queries < 65**3 / 5


def test_a_field_that_cannot_be_interpolated_is_asked_at_every_node():
    exact, usual = (extract_surface(stepped, prior, SurfaceSettings(resolution=64, tolerance=t)) for t in (0, 0.1))
    assert (usual.vertices == exact.vertices).all()
    assert set(map(frozenset, usual.triangles.tolist())) == set(map(frozenset, exact.triangles.tolist()))


@pytest.mark.parametrize("field", [occupancy, grained])
def test_a_tenth_of_the_originals_queries_gives_its_surface_to_half_a_voxel(field):
    vertices, triangles, queries = octree_surface(field, resolution=128, first=32)
    surface = extract_surface(field, prior, SurfaceSettings(resolution=128))
    assert surface.queries <= queries / 10
    assert distances((surface.vertices, surface.triangles), (vertices, triangles)).max() * 128 <= 0.5


def test_the_octree_that_is_compared_with_settles_only_where_nothing_happens():
    axis = np.arange(128) / 128 - 0.5
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    vertices, triangles, queries = octree_surface(occupancy, resolution=128, first=32)
    dense, faces, *_ = measure.marching_cubes(occupancy(grid).reshape((128,) * 3).astype(np.float32), 0.5)
    assert 32**3 < queries < 128**3 / 2
    assert distances((vertices, triangles), (dense / 128 - 0.5, faces)).max() * 128 < 0.05


@pytest.mark.parametrize("field", [occupancy, floaters, grained, stepped])
@pytest.mark.parametrize("resolution", [128, 256])
def test_surface_is_one_watertight_component_wound_outward(field, resolution):
    mesh = as_mesh(extract_surface(field, prior, SurfaceSettings(resolution=resolution)))
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.body_count == 1
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.3**3, rel=0.1)


def test_vertices_are_shared_and_each_belongs_to_a_triangle():
    surface = extract_surface(occupancy, prior, SurfaceSettings(resolution=128))
    assert len(np.unique(surface.vertices, axis=0)) == len(surface.vertices)
    assert (np.unique(surface.triangles) == np.arange(len(surface.vertices))).all()


def test_finest_resolution_is_closed_exact_and_asks_a_thin_shell_only():
    surface = extract_surface(occupancy, prior, SurfaceSettings(resolution=512))
    edges = np.sort(surface.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64), axis=1)
    assert (np.unique(edges @ [len(surface.vertices), 1], return_counts=True)[1] == 2).all()
    assert surface.queries < 512**3 / 300
    inner = np.abs(bumpy(surface.vertices[surface.vertices[:, 1] < 0.3]))
    assert inner.mean() * 512 < 0.1


def test_surface_far_from_the_prior_is_found_along_the_part_that_the_band_shows():
    near = extract_surface(occupancy, prior, SurfaceSettings(resolution=128))
    narrow = SurfaceSettings(resolution=128, band_inside=0.0, band_outside=0.0)
    far = extract_surface(occupancy, prior_misses, narrow)
    assert len(far.vertices) == len(near.vertices)


def test_surface_between_the_first_nodes_is_found_on_finer_ones():
    def small(points):
        return 1 / (1 + np.exp((np.linalg.norm(points - 0.03, axis=1) - 0.02) / 0.005))

    surface = extract_surface(small, lambda p: np.linalg.norm(p, axis=1) - 0.05, SurfaceSettings(resolution=128))
    assert as_mesh(surface).is_watertight


def test_surface_that_leaves_the_cube_is_closed_at_its_border():
    surface = extract_surface(
        lambda p: (p[:, 0] ** 2 + p[:, 2] ** 2 < 0.04).astype(np.float32),
        lambda p: np.hypot(p[:, 0], p[:, 2]) - 0.2,
        SurfaceSettings(resolution=64),
    )
    assert as_mesh(surface).is_watertight


def test_marching_closes_noise_with_no_edge_of_more_than_two_triangles():
    n = 16
    values = np.zeros((n + 1,) * 3)
    values[1:-1, 1:-1, 1:-1] = np.random.default_rng(0).random((n - 1,) * 3)
    cells = np.argwhere(np.ones((n,) * 3))
    corners = values[tuple(np.moveaxis(cells[:, None] + CORNERS, -1, 0))]
    vertices, triangles = march(cells, corners, 0.5, n)
    mesh = trimesh.Trimesh(vertices, triangles, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert np.unique(np.sort(mesh.edges, axis=1), axis=0, return_counts=True)[1].max() == 2


def test_impossible_settings_and_empty_fields_are_told_in_words():
    with pytest.raises(SettingsError, match="resolution 100"):
        extract_surface(occupancy, prior, SurfaceSettings(resolution=100))
    with pytest.raises(SettingsError, match="5 first cells"):
        extract_surface(occupancy, prior, SurfaceSettings(resolution=64, coarse=5))
    with pytest.raises(SettingsError, match="no surface"):
        extract_surface(lambda p: np.zeros(len(p)), lambda p: np.ones(len(p)), SurfaceSettings(resolution=64))
