"""Maps of what a mesh leaves of a surface."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.appearance.detail_maps import bake_detail
from seif_core.geometry.normals import vertex_normals
from seif_core.headmodel import load_head_model
from seif_core.uniformize import TargetSurface, UniformMesh
from seif_core.uniformize.skin_mesh import SkinMesh


def mesh_of(model):
    skin = SkinMesh.of(model)
    template = model.template.astype(np.float64)
    data = model.regions["face"][skin.ids].astype(float)
    return UniformMesh(model, template, template, np.zeros(len(skin.ids)), data, 0, 0), skin


def test_maps_of_a_mesh_that_lies_on_its_surface_say_nothing():
    mesh, skin = mesh_of(load_head_model("open"))
    maps = bake_detail(mesh, TargetSurface(mesh.vertices[skin.ids], skin.triangles), size=128)
    assert maps.normals.shape == (128, 128, 3)
    assert maps.normals.dtype == np.uint8
    assert np.abs(maps.normals.astype(int) - [128, 128, 255]).max() <= 2
    assert np.abs(maps.displacement).max() < 1e-5


def test_maps_give_back_a_known_displacement_and_slope():
    mesh, skin = mesh_of(load_head_model("open"))
    points = mesh.vertices[skin.ids]
    normals = vertex_normals(points, skin.triangles)
    maps = bake_detail(mesh, TargetSurface(points + 0.001 * normals, skin.triangles), size=128)
    told = maps.displacement[maps.displacement != 0]
    assert np.median(told) == pytest.approx(0.001, rel=0.05)
    tilted = points + 0.002 * normals * np.sin(150 * points[:, [1]])
    maps = bake_detail(mesh, TargetSurface(tilted, skin.triangles), size=128)
    slope = (maps.normals.astype(float) - 127.5) / 127.5
    assert np.abs(slope[..., 0]).max() > 0.1
    np.testing.assert_allclose(np.linalg.norm(slope, axis=2), 1, atol=0.02)
