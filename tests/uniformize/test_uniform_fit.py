"""The fit of a surface: everything downstream takes it as it takes the fit of the 3DMM."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fake_stages import sample_fit, sample_portrait
from haired_head import plain_fit

from seif_core.assembly import assemble_head
from seif_core.geometry.camera import Camera
from seif_core.geometry.rasterizer import rasterize_view
from seif_core.geometry.subdivision import refine
from seif_core.headmodel.model import triangulate
from seif_core.headmodel.skinning import pose_vertices, rotation_matrices
from seif_core.headmodel.topology import PART_NAMES
from seif_core.uniformize import TargetSurface, UniformizeSettings
from seif_core.uniformize.skin_mesh import SkinMesh
from seif_core.uniformize.uniform_fit import uniform_fit

TEETH = [PART_NAMES.index(name) for name in ("teeth_upper", "teeth_lower")]


def surface_of(fit):
    """The posed skin, refined twice, with bumps and hair of 20 mm behind."""
    skin = SkinMesh.of(fit.model)
    points = fit.posed.astype(np.float64)[skin.ids]
    faces = np.pad(skin.triangles, ((0, 0), (0, 1)), constant_values=-1)
    for _ in range(2):
        step = refine(faces, len(points), smooth=True)
        points, faces = step.apply(points), step.faces
    outward = points - points.mean(0)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    hair = 0.02 * np.clip(0.5 - 1.5 * outward[:, [2]], 0, 1)
    bumps = 0.001 * np.sin(90 * points[:, [1]])
    return TargetSurface(points + outward * (hair + bumps), np.concatenate([faces[:, :3], faces[:, [0, 2, 3]]]))


@pytest.fixture(scope="module", params=[0, 1])
def both(request):
    fit = sample_fit()
    return fit, uniform_fit(fit, surface_of(fit), UniformizeSettings(subdivisions=request.param))


def test_neutral_with_expression_posed_again_is_the_registered_mesh(both):
    fit, uniform = both
    new = uniform.fit
    expressed = new.neutral + np.tensordot(fit.expression, new.model.expression_basis, 1)
    posed = pose_vertices(expressed, new.rest_joints, new.model.skin_weights, new.pose, new.model.pose_basis)
    np.testing.assert_allclose(posed + new.translation, uniform.mesh.vertices, atol=1e-6)
    np.testing.assert_array_equal(new.posed, uniform.mesh.vertices.astype(np.float32))


def test_hair_does_not_pull_the_joints_along(both):
    fit, uniform = both
    regressed = uniform.fit.model.joint_regressor.astype(np.float64) @ uniform.fit.neutral
    assert np.abs(regressed - fit.rest_joints)[:3].max() > 1e-4  # the hair would have
    np.testing.assert_allclose(uniform.fit.rest_joints[:3], fit.rest_joints[:3], atol=1e-5)
    assert uniform.fit.rest_joints.dtype == np.float32


def test_the_mouth_at_rest_is_shut():
    fit = plain_fit()
    new = uniform_fit(fit, surface_of(fit)).fit
    model, scale = new.model, 10000.0  # pixels a metre
    triangles, origin = triangulate(model.faces)
    lips = model.regions["lips"]
    points = (new.neutral - new.neutral[lips].mean(0)).astype(np.float32) + np.float32([0, 0, -1])
    camera = Camera(scale, 350, 350, 700, 700)
    shown = rasterize_view(torch.from_numpy(points), torch.from_numpy(triangles).long(), camera, cull_back=True)
    seen = shown.triangle.numpy()
    behind = model.regions["mouth_interior"][triangles].all(1) | np.isin(model.face_part[origin], TEETH)
    assert behind[seen[seen >= 0]].sum() / scale**2 < 1e-6  # square metres


def test_the_head_made_of_it_stands_in_the_photo_where_the_surface_is(both):
    uniform = both[1]
    head = assemble_head(sample_portrait(), uniform.fit, None)
    np.testing.assert_array_equal(head.joints, uniform.fit.joints)
    root = rotation_matrices(head.photo_pose)[0]
    posed = (head.vertices + head.photo_delta - head.joints[0]) @ root.T + head.joints[0] + head.photo_translation
    np.testing.assert_allclose(posed, uniform.mesh.vertices, atol=1e-6)
