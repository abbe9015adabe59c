"""What is no skin of the head's own, hair over ears and collars about the jaw, does not draw the mesh along."""

from __future__ import annotations

import numpy as np
import pytest
from bumpy_head import bumpy_surface

from seif_core.evidence.ear_occlusion import EarOcclusion
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.registration.inverted_triangles import inverted_triangles
from seif_core.uniformize import TargetSurface, UniformizeSettings, register
from seif_core.uniformize.ears import ears_shown, hair_beside_ears, laid_flat
from seif_core.uniformize.exposure import exposure
from seif_core.uniformize.matching import own_share
from seif_core.uniformize.roles import vertex_roles
from seif_core.uniformize.skin_mesh import SkinMesh
from seif_core.uniformize.target import prepare_surface

DISTANCE = np.array([0.0, 0.0, -0.6])
CAP = 0.045
"""Metres, radius of the ball of hair over the left ear."""
COLLAR = 0.012
"""Metres, half the thickness of a collar."""


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


@pytest.fixture(scope="module")
def skin(model):
    return SkinMesh.of(model)


def left_ear(model, skin):
    return model.regions["ears"][skin.ids] & (model.template[skin.ids, 0] > 0)


@pytest.fixture(scope="module")
def surface(model, skin):
    fitted = (model.template + DISTANCE).astype(np.float64)
    ear = fitted[skin.ids][left_ear(model, skin)].mean(axis=0)
    chin = model.embeddings["ibug68"].points(model.template)[8] + DISTANCE
    neck = fitted[model.regions["neck"]].mean(axis=0)

    def more(points):
        hair = np.linalg.norm(points - ear, axis=1) - CAP
        ring = np.hypot(points[:, 0] - neck[0], points[:, 2] - neck[2]) - 0.085
        tube = np.hypot(ring, np.clip(np.abs(points[:, 1] - chin[1]) - 0.01, 0, None)) - COLLAR
        return np.minimum(hair, tube)

    return bumpy_surface(model, fitted, bumps=0.001, more=more)


@pytest.fixture(scope="module")
def mesh(model, surface):
    return register(model, model.template + DISTANCE, surface, occlusion=EarOcclusion(0.9, 0.0))


def moved(mesh, skin):
    return np.linalg.norm(mesh.vertices - mesh.fitted, axis=1)[skin.ids]


def test_an_ear_under_hair_does_not_stand_in_a_notch_of_it(model, skin, mesh):
    ear, points = left_ear(model, skin), mesh.vertices[skin.ids]
    outside = ear & (exposure(model) > 0.3)
    middle = mesh.fitted[skin.ids][ear].mean(axis=0)
    below = CAP - np.linalg.norm(points[outside] - middle, axis=1)
    assert np.median(np.abs(below)) < 0.004
    assert np.percentile(below, 90) < 0.012


def test_an_ear_that_the_surface_shows_badly_and_no_hair_covers_keeps_the_fits_shape(model, skin, surface):
    mesh = register(model, model.template + DISTANCE, surface)
    ear = left_ear(model, skin)
    a, b = skin.edges[ear[skin.edges].all(1)].T
    before, after = (np.linalg.norm(v[skin.ids][a] - v[skin.ids][b], axis=1) for v in (mesh.fitted, mesh.vertices))
    assert np.percentile(np.abs(after / before - 1), 90) < 0.15


def test_an_ear_laid_flat_keeps_its_outline_and_turns_no_triangle_over(model, skin):
    rest = (model.template + DISTANCE).astype(np.float64)[skin.ids]
    covered = np.where(model.template[skin.ids, 0] > 0, 1.0, 0.0)
    flat = laid_flat(skin, rest, covered)
    ear = left_ear(model, skin)
    np.testing.assert_array_equal(flat[~ear], rest[~ear])
    assert 0.004 < np.abs((flat - rest)[ear, 0]).max() < 0.02
    assert np.ptp(flat[ear, 0]) < 0.75 * np.ptp(rest[ear, 0])
    np.testing.assert_allclose(np.ptp(flat[ear, 1]), np.ptp(rest[ear, 1]), rtol=0.1)
    assert not inverted_triangles(skin, rest, flat).any()
    assert len(crossing_pairs(flat, skin.triangles)) <= len(crossing_pairs(rest, skin.triangles))
    np.testing.assert_array_equal(laid_flat(skin, rest, np.zeros(len(skin.ids))), rest)


def test_the_hair_around_a_covered_ear_still_rises(model, skin, mesh):
    scalp = model.regions["scalp"][skin.ids] & (model.template[skin.ids, 0] > 0)
    assert moved(mesh, skin)[scalp].max() > 0.005


def test_a_collar_does_not_draw_jaw_and_neck_out(model, skin, mesh):
    template = model.template[skin.ids]
    bare = model.regions["face"][skin.ids] | model.regions["neck"][skin.ids]
    front = bare & (template[:, 2] > np.median(template[model.regions["neck"][skin.ids], 2]))
    assert np.percentile(moved(mesh, skin)[front], 99) < 0.009
    assert mesh.flips == 0
    assert mesh.crossings == 0


def test_an_ear_that_the_surface_shows_is_told_from_one_under_hair(model, skin, surface):
    fitted, height = (model.template + DISTANCE).astype(np.float64), anatomy_of(model).head_height
    at = prepare_surface(surface, model, fitted, height, outside=True)
    rest = fitted[skin.ids]
    shown = ears_shown(skin, rest, at, exposed=exposure(model), height=height)
    left = model.template[skin.ids, 0] > 0
    assert shown[left].max() < 0.3
    assert shown[~left].min() > 0.7


def test_hair_may_lie_far_from_the_fit_and_skin_may_not(model, skin):
    neck = model.regions["neck"][skin.ids]
    z = model.template[skin.ids, 2]
    nape = neck & (z < np.median(z[neck]))
    reach = vertex_roles(skin, UniformizeSettings(), exposure(model))
    bald = vertex_roles(skin, UniformizeSettings(hair=False), exposure(model))
    scalp = model.regions["scalp"][skin.ids]
    marks = model.embeddings["ibug68"].points(model.template)
    chin, bridge = (np.argmin(np.linalg.norm(model.template[skin.ids] - marks[k], axis=1)) for k in (8, 28))
    assert reach.reach[scalp | nape].min() > 0.1
    assert reach.bare[scalp].max() == 0
    assert bald.reach[scalp].max() < 0.03
    assert reach.reach[bridge] < 0.015 < reach.reach[chin] < 0.03


def test_what_is_far_or_inclined_otherwise_is_not_the_skins_own():
    reach, bare = np.array([0.01, 0.01, 0.01, 0.01]), np.array([1.0, 1.0, 1.0, 0.0])
    share = own_share(reach, bare, np.array([0.0, 0.005, 0.01, 0.0]), np.array([1.0, 1.0, 1.0, -0.5]), 1.0)
    np.testing.assert_allclose(share, [1, 0.75**2, 0, 1])
    turned = own_share(reach[:1], bare[:1], np.zeros(1), np.zeros(1), 1.0)
    np.testing.assert_allclose(turned, 0)
    assert own_share(reach[:1], bare[:1], np.full(1, 0.015), np.ones(1), 0.0) > 0


def test_rags_are_believed_less_than_a_whole_surface(model):
    fitted, height = (model.template + DISTANCE).astype(np.float64), anatomy_of(model).head_height
    whole = bumpy_surface(model, fitted, bumps=0.0)
    rng = np.random.default_rng(0)
    torn = whole.vertices[:, 1] < np.median(whole.vertices[:, 1])
    noise = 0.003 * rng.normal(size=whole.vertices.shape) * torn[:, None]
    rags = TargetSurface(whole.vertices + noise, whole.triangles)
    trust = [prepare_surface(s, model, fitted, height, outside=False).trust for s in (whole, rags)]
    deep = whole.vertices[:, 1] < np.median(whole.vertices[:, 1]) - 0.02
    assert np.median(trust[0]) > 0.95
    assert trust[1][deep].mean() < 0.5 * trust[0][deep].mean()


def test_only_what_hangs_beside_a_covered_ear_is_hair(model, mesh):
    height = anatomy_of(model).head_height
    left = model.template[:, 0] > 0
    share = hair_beside_ears(model, mesh.fitted, mesh.vertices, EarOcclusion(1.0, 0.0))
    assert share[~left].max() == 0
    assert share[model.regions["ears"] & left].min() == 1
    still = np.linalg.norm(mesh.vertices - mesh.fitted, axis=1) < 0.02 * height
    assert share[left & still & ~model.regions["ears"]].max() == 0
    far = mesh.fitted.copy()
    far[model.regions["neck"]] += [0.0, 0.0, -0.1 * height]
    assert hair_beside_ears(model, mesh.fitted, far, EarOcclusion(1.0, 1.0))[model.regions["neck"]].min() == 1
