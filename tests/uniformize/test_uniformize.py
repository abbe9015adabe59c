"""Registration onto surfaces with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from bumpy_head import bumpy_surface
from sample_head import sample_model
from scipy.spatial import KDTree

from seif_core.errors import CancelledError, RegistrationError, SettingsError
from seif_core.evidence.ear_occlusion import EarOcclusion
from seif_core.geometry.normals import vertex_normals
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.headmodel.semantics import canonical_codes
from seif_core.headmodel.skinning import pose_vertices
from seif_core.progress import Progress
from seif_core.registration.point_to_plane import sampled_term
from seif_core.uniformize import TargetSurface, UniformizeSettings, register, repose, unpose
from seif_core.uniformize.exposure import exposure
from seif_core.uniformize.matching import SurfaceMatcher
from seif_core.uniformize.roles import vertex_roles
from seif_core.uniformize.skin_mesh import SkinMesh
from seif_core.uniformize.uniform_mesh import _SkinRegistration

HAIR = 0.015
DISTANCE = np.array([0.0, 0.0, -0.6])


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


@pytest.fixture(scope="module")
def fitted(model):
    return model.template + DISTANCE


@pytest.fixture(scope="module")
def surface(model, fitted):
    return bumpy_surface(model, fitted, bumps=0.003, hair=HAIR)


@pytest.fixture(scope="module")
def haired(model, fitted, surface):
    return register(model, fitted, surface)


@pytest.fixture(scope="module")
def bald(model, fitted, surface):
    return register(model, fitted, surface, UniformizeSettings(hair=False))


def face_percent(model, mesh):
    face = mesh.model.regions["face"][SkinMesh.of(mesh.model).ids]
    return 100 * mesh.distance[face].mean() / anatomy_of(model).head_height


def test_mesh_lies_on_the_surface(model, fitted, surface, haired):
    assert face_percent(model, haired) < 0.4
    skin = SkinMesh.of(model)
    scalp = model.regions["scalp"][skin.ids] & (haired.data > 0.5)
    assert haired.distance[scalp].mean() < 0.002
    lifted = np.linalg.norm(haired.vertices - fitted, axis=1)[skin.ids][scalp]
    assert np.median(lifted) == pytest.approx(HAIR, rel=0.25)


def test_bald_head_keeps_its_skull_and_still_follows_the_face(model, fitted, bald):
    moved = np.linalg.norm(bald.vertices - fitted, axis=1)
    assert moved[model.regions["scalp"]].max() < 0.0015
    assert face_percent(model, bald) < 0.4


@pytest.mark.parametrize("which", ["haired", "bald"])
def test_no_triangle_is_flipped_and_none_passes_through_another(which, request, model, fitted):
    mesh = request.getfixturevalue(which)
    assert mesh.flips == 0
    assert mesh.crossings == 0
    skin = SkinMesh.of(model)
    before, after = (
        np.cross(v[:, 1] - v[:, 0], v[:, 2] - v[:, 0])
        for v in (fitted[skin.ids][skin.triangles], mesh.vertices[skin.ids][skin.triangles])
    )
    assert ((before * after).sum(1) > 0).mean() > 0.998  # without any local turning; hair turns a few at its rim


def test_symmetric_input_gives_a_symmetric_mesh(model, haired):
    mirror = KDTree(model.template).query(model.template * [-1, 1, 1])[1]
    skin = SkinMesh.of(model)
    opposite = haired.vertices[mirror] * [-1, 1, 1]
    assert np.linalg.norm(haired.vertices - opposite, axis=1)[skin.ids].mean() < 0.0003


def test_eyeballs_and_teeth_keep_their_shape_and_stay_in_their_sockets(model, fitted, haired):
    for part in (1, 2, 3, 4):
        ids = np.unique(model.faces[model.face_part == part])
        ids = ids[ids >= 0]
        moved = haired.vertices[ids] - fitted[ids]
        np.testing.assert_allclose(moved, moved[:1] + np.zeros_like(moved), atol=1e-9)
        assert np.linalg.norm(moved[0]) < 0.004


def test_lids_lips_and_ears_keep_the_shape_of_the_fit(model, fitted, haired):
    skin = SkinMesh.of(model)
    a, b = skin.ids[skin.edges].T
    before = np.linalg.norm(fitted[a] - fitted[b], axis=1)
    after = np.linalg.norm(haired.vertices[a] - haired.vertices[b], axis=1)
    for name in ("lids", "lips", "mouth_interior"):
        own = model.regions[name][a] & model.regions[name][b] & (before > 2e-4)
        assert np.abs(after[own] / before[own] - 1).mean() < 0.1, name


def test_unposing_and_posing_again_reproduces_the_mesh(model):
    rng = np.random.default_rng(3)
    pose = np.array([[0.1, 0.5, -0.1], [0.05, 0.1, 0], [0.25, 0, 0], [0.1, 0.2, 0], [0.1, 0.2, 0]])
    translation = np.array([0.01, -0.02, -0.7])
    neutral = model.template + np.tensordot(rng.normal(size=8), model.shape_basis[:8], 1)
    expressed = neutral + 0.6 * model.key_basis[10] + 0.5 * model.expression_basis[0]
    joints = model.joint_regressor.astype(np.float64) @ neutral
    posed = pose_vertices(expressed, joints, model.skin_weights, pose, model.pose_basis) + translation
    exact = unpose(model, posed, neutral=neutral, expressed=expressed, pose=pose, translation=translation)
    np.testing.assert_allclose(exact.neutral, neutral, atol=1e-6)
    posed = posed + 0.003 * np.sin(40 * posed[:, [1, 2, 0]])
    found = unpose(model, posed, neutral=neutral, expressed=expressed, pose=pose, translation=translation)
    again = repose(model, found, pose, translation)
    assert np.abs(again - posed).max() < 1e-5
    left = np.unique(model.faces[model.face_part == 1])[1:]  # without the -1 of triangles
    centre_before, centre_after = expressed[left].mean(0) - joints[3], found.expressed[left].mean(0) - found.joints[3]
    np.testing.assert_allclose(centre_after, centre_before, atol=1e-6)


def test_a_finer_mesh_comes_nearer_to_the_surface():
    model = sample_model()
    fitted = model.template.astype(np.float64)
    surface = sample_surface(model, fitted)
    coarse = register(model, fitted, surface)
    fine = register(model, fitted, surface, UniformizeSettings(subdivisions=1))
    assert len(fine.vertices) == len(fine.model.template) > 3 * len(coarse.vertices)
    assert fine.flips == 0
    assert surface_gap(fine, surface) < surface_gap(coarse, surface)


def sample_surface(model, fitted):
    """The sample head's skin, halved twice and drawn out by bumps."""
    from seif_core.geometry.subdivision import refine

    skin = SkinMesh.of(model)
    points, faces = fitted[skin.ids], np.pad(skin.triangles, ((0, 0), (0, 1)), constant_values=-1)
    for _ in range(2):
        step = refine(faces, len(points), smooth=True)
        points, faces = step.apply(points), step.faces
    triangles = np.concatenate([faces[:, :3], faces[:, [0, 2, 3]]])
    outward = points / np.linalg.norm(points, axis=1, keepdims=True)
    return TargetSurface(points + 0.002 * outward * np.sin(90 * points[:, [1]]), triangles)


def surface_gap(mesh, surface):
    """Mean distance of the surface's vertices to the mesh's skin."""
    from seif_core.geometry.closest_point import SurfaceIndex

    skin = SkinMesh.of(mesh.model)
    index = SurfaceIndex(mesh.vertices[skin.ids], skin.triangles)
    return index.query(surface.vertices).distances.mean()


def test_inverted_triangles_that_wild_targets_make_are_mended():
    model = sample_model()
    fitted = model.template.astype(np.float64)
    matcher = SurfaceMatcher(sample_surface(model, fitted), model, fitted, anatomy_of(model).head_height)
    registration = _SkinRegistration(
        SkinMesh.of(model), fitted, matcher, UniformizeSettings(), exposed=exposure(model), occlusion=EarOcclusion()
    )
    wild = np.random.default_rng(0).normal(size=registration.rest.shape) * 0.02
    data = sampled_term(registration.vertex_samples, registration.roles.data, wild)
    energy = data + registration._smoothness(0.001, np.zeros_like(wild))
    repair = registration.repair
    tangled = repair.solve(energy)
    assert repair.defects(tangled).number > 0
    sound = repair.mended(tangled, energy, np.zeros_like(wild))
    assert repair.defects(sound).number == 0
    assert np.abs(sound).max() > 1e-4  # not simply taken back everywhere


def test_a_vertex_goes_where_its_code_is_not_to_the_nearest_place():
    model = sample_model()
    fitted = model.template.astype(np.float64)
    surface = sample_surface(model, fitted)
    code = canonical_codes(model)[SkinMesh.of(model).ids[5]].astype(np.float64)
    point = fitted[SkinMesh.of(model).ids[5]]
    distance = np.linalg.norm(surface.vertices - point, axis=1)
    place = int(np.flatnonzero((distance > 0.02) & (distance < 0.04))[0])
    codes = np.full_like(surface.vertices, 0.9)
    codes[:, 0] = 1 - code[0].round()
    codes[place] = code
    matcher = SurfaceMatcher(TargetSurface(surface.vertices, surface.triangles, codes), model, fitted, 0.23)
    assert matcher.similar(point[None], matcher.at.normals[[place]], code[None])[0] == place


def test_hollows_are_hidden_and_the_nose_is_open(model):
    skin = SkinMesh.of(model)
    seen = exposure(model)
    assert seen[model.template[skin.ids, 2].argmax()] > 0.9
    inner = model.regions["mouth_interior"][skin.ids] & ~model.regions["lips"][skin.ids]
    assert np.median(seen[inner]) < 0.05
    assert seen[model.regions["scalp"][skin.ids]].min() > 0.3


def test_crossing_triangles_are_found_and_neighbours_are_none():
    flat = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], float)
    sheet = np.array([[0, 1, 2], [2, 1, 3]])
    assert len(crossing_pairs(flat, sheet)) == 0
    needle = np.array([[0.2, 0.2, -1], [0.3, 0.2, 1], [0.2, 0.3, 1]])
    pairs = crossing_pairs(np.concatenate([flat, needle]), np.concatenate([sheet, [[4, 5, 6]]]))
    assert pairs.tolist() == [[0, 2]]


def test_wrong_input_is_told_in_a_sentence(model, fitted):
    triangle = np.eye(3)
    with pytest.raises(RegistrationError, match="0 triangles"):
        TargetSurface(triangle, np.zeros((0, 3), int))
    with pytest.raises(RegistrationError, match="each vertex needs one"):
        TargetSurface(triangle, np.arange(3)[None], np.full((3, 3), np.nan))
    with pytest.raises(RegistrationError, match="fit this model again"):
        register(model, fitted[:100], TargetSurface(triangle, np.arange(3)[None]))
    with pytest.raises(SettingsError, match="subdivisions"):
        UniformizeSettings(subdivisions=3)
    with pytest.raises(SettingsError, match="coarse to fine"):
        UniformizeSettings(wavelengths=(0.1, 0.2))
    with pytest.raises(SettingsError, match="iterations"):
        UniformizeSettings(iterations=0)


def test_registration_can_be_cancelled():
    model = sample_model()
    fitted = model.template.astype(np.float64)
    with pytest.raises(CancelledError):
        register(model, fitted, sample_surface(model, fitted), progress=Progress(cancelled=lambda: True))


def test_skin_without_hair_does_not_slide_along_the_surface(model, fitted, surface, haired):
    skin = SkinMesh.of(model)
    cheeks = model.regions["face"][skin.ids] & (haired.data > 0.9)
    normals = vertex_normals(fitted[skin.ids], skin.triangles)

    def slid(mesh):
        moved = (mesh.vertices - fitted)[skin.ids]
        return np.linalg.norm(moved - (moved * normals).sum(1, keepdims=True) * normals, axis=1)[cheeks].mean()

    free = register(model, fitted, surface, UniformizeSettings(skin_return=0.0))
    assert slid(haired) < 0.6 * slid(free)


def test_coarse_shape_of_bare_skin_goes_towards_the_fit_and_hair_stays(model, fitted, surface, haired):
    shared = register(model, fitted, surface, UniformizeSettings(coarse_fit=0.67))
    skin = SkinMesh.of(model)
    normals = vertex_normals(fitted[skin.ids], skin.triangles)
    bare = vertex_roles(skin, UniformizeSettings(), exposure(model)).bare > 0.99
    face = model.regions["face"][skin.ids] & (haired.data > 0.9) & bare
    scalp = model.regions["scalp"][skin.ids] & (haired.data > 0.9)
    height, drawn = (((mesh.vertices - fitted)[skin.ids] * normals).sum(1)[face] for mesh in (shared, haired))
    assert 0.3 < height @ drawn / (drawn @ drawn) < 0.6  # a third; more of what stands out, which may be a beard
    assert np.linalg.norm((shared.vertices - haired.vertices)[skin.ids][scalp], axis=1).mean() < 0.0005
    assert shared.flips == shared.crossings == 0
    np.testing.assert_array_equal(shared.distance, haired.distance)  # it tells how well the surface was followed
