"""The registration engine on meshes with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.registration.correspondences import TargetMesh
from seif_core.registration.displacement import register_displacement
from seif_core.registration.parametric import register_modes
from seif_core.registration.template_mesh import TemplateMesh


def icosphere(radius=0.1, levels=3):
    trimesh = pytest.importorskip("trimesh")
    ball = trimesh.creation.icosphere(subdivisions=levels, radius=radius)
    return np.asarray(ball.vertices, dtype=np.float64), np.asarray(ball.faces, dtype=np.int64)


def ball_template(vertices, triangles):
    ids = np.array([int(vertices[:, axis].argmax()) for axis in range(3)])
    return TemplateMesh(
        vertices, triangles, np.ones(len(vertices), dtype=bool), np.ones(len(vertices)), ids, np.ones(3)
    )


def test_displacement_registers_a_sphere_to_a_larger_one():
    vertices, triangles = icosphere(0.1)
    larger, faces = icosphere(0.108, 4)
    template = ball_template(vertices, triangles)
    marks = vertices[template.landmarks] * 1.08
    moved = register_displacement(template, vertices, TargetMesh(larger, faces), marks)
    assert np.abs(np.linalg.norm(moved, axis=1) - 0.108).max() < 3e-4


def test_slider_registration_finds_the_coefficient_that_made_the_target():
    vertices, triangles = icosphere(0.1)
    modes = np.stack([vertices * [0.2, 0, 0], vertices * [0, 0.2, 0]])
    template = ball_template(vertices, triangles)
    target = vertices + 0.5 * modes[0] - 0.3 * modes[1]
    coefficients, moved = register_modes(
        template, modes, TargetMesh(target, triangles), target[template.landmarks], ridges=(1e-4,) * 12
    )
    np.testing.assert_allclose(coefficients, [0.5, -0.3], atol=0.02)
    assert np.linalg.norm(moved - target, axis=1).max() < 1e-3
