from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from seif_core.geometry.surface_nets import largest_solid, surface_nets, well_composed


def _uses(quads):
    ends = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    return set(np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)[1])


def _ball(radius=12.3, side=40):
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1)
    return np.linalg.norm(grid - side // 2, axis=-1) - radius


def test_vertices_lie_on_the_ball_at_its_place_and_scale():
    mesh = surface_nets(_ball(), np.array([1.0, 2.0, 3.0]), 0.5)
    away = np.linalg.norm(mesh.vertices - np.array([11.0, 12.0, 13.0]), axis=1)
    assert away == pytest.approx(np.full(len(away), 6.15), abs=0.1)


def test_quads_face_outwards():
    mesh = surface_nets(_ball(), np.zeros(3), 1.0)
    a, b, c = (mesh.vertices[mesh.quads[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    assert ((normals * (a - 20)).sum(1) > 0).all()


def test_even_noise_gives_a_manifold():
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(24, 24, 24)), 0.8)
    assert _uses(surface_nets(noise, np.zeros(3), 1.0).quads) == {2}


def test_parts_that_touch_in_a_corner_are_joined():
    values = np.ones((6, 6, 6))
    values[2, 2, 2] = values[3, 3, 3] = -1
    filled = well_composed(values < 0, values)
    assert filled.sum() > 2
    assert _uses(surface_nets(values, np.zeros(3), 1.0).quads) == {2}


def test_empty_grid_gives_no_quads():
    assert len(surface_nets(np.ones((4, 4, 4)), np.zeros(3), 1.0).quads) == 0


def test_smaller_parts_and_cavities_go():
    inside = np.zeros((12, 12, 12), bool)
    inside[1:8, 1:8, 1:8] = True
    inside[4, 4, 4] = False
    inside[10, 10, 10] = True
    solid = largest_solid(inside)
    assert solid[4, 4, 4]
    assert not solid[10, 10, 10]
