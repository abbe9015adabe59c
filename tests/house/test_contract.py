from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seif_core.geometry.camera import Camera
from seif_core.geometry.rasterizer import interpolate, rasterize, rasterize_view
from seif_core.headmodel.model import triangulate
from seif_core.headmodel.skinning import pose_vertices, rotation_matrices, unpose_vertices


def test_importing_seif_core_loads_no_torch_and_nothing_imports_bpy():
    code = "import seif_core, seif_core.head, sys; assert 'torch' not in sys.modules; assert 'bpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_camera_projects_the_worked_number_of_its_convention():
    uv = Camera(1000, 256, 256, 512, 512).project(np.array([[0.1, 0.1, -1.0]]))
    np.testing.assert_allclose(uv, [[356, 156]])


def test_rotation_matrix_has_the_worked_number_of_its_convention():
    r = rotation_matrices(np.array([[0, np.pi / 2, 0]]))[0]
    np.testing.assert_allclose(r @ [0, 0, 1], [1, 0, 0], atol=1e-12)


@given(st.integers(0, 2**31))
def test_unposing_inverts_posing_at_any_pose(seed):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(20, 3)) * 0.1
    joints = rng.normal(size=(5, 3)) * 0.05
    weights = rng.dirichlet(np.ones(5) * 0.1, 20)
    pose = rng.normal(size=(5, 3)) * 0.2
    correctives = rng.normal(size=(36, 20, 3)) * 1e-3
    posed = pose_vertices(vertices, joints, weights, pose, correctives)
    np.testing.assert_allclose(unpose_vertices(posed, joints, weights, pose, correctives), vertices, atol=1e-9)


def test_quads_split_into_triangles_that_remember_their_face():
    triangles, origin = triangulate(np.array([[0, 1, 2, 3], [3, 2, 4, -1]], np.int32))
    assert triangles.tolist() == [[0, 1, 2], [3, 2, 4], [0, 2, 3]]
    assert origin.tolist() == [0, 1, 0]


def test_rasterizer_keeps_the_nearer_triangle_and_interpolates_perspectively():
    vertices = torch.tensor([[-1.0, -1, -2], [1, -1, -2], [0, 1, -2], [-1, -1, -4], [1, -1, -4], [0, 1, -4]])
    triangles = torch.tensor([[3, 4, 5], [0, 1, 2]])
    raster = rasterize_view(vertices, triangles, Camera(50, 32, 32, 64, 64), cull_back=True)
    assert raster.triangle[32, 32] == 1
    assert torch.isclose(raster.depth[32, 32], torch.tensor(2.0))
    xyz = interpolate(raster, triangles, vertices)[30, 33]
    u, v = Camera(50, 32, 32, 64, 64).project(xyz.numpy())
    assert (u, v) == pytest.approx((33.5, 30.5), abs=1e-4)


def test_rasterizer_culls_triangles_seen_from_behind():
    xy = torch.tensor([[0.0, 0], [10, 0], [0, 10]])
    for order, hit in (([0, 1, 2], False), ([0, 2, 1], True)):
        raster = rasterize(xy, torch.ones(3), torch.tensor([order]), 10, 10, cull_back=True)
        assert bool((raster.triangle >= 0).any()) is hit
