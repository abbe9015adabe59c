from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import trimesh
from flame_pickle import FLAME_TEMPLATE, write_flame
from sample_head import EYE_CENTRES, sample_model
from scipy.spatial.transform import Rotation

from seif_core.errors import ModelError
from seif_core.folders import cache_folder
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.headmodel import load_head_model
from seif_core.headmodel.correspondence import PartMesh, ball
from seif_core.headmodel.deformation_transfer import DeformationTransfer
from seif_core.headmodel.flame_cache import load_flame
from seif_core.headmodel.model import HeadModel, read_open_head
from seif_core.headmodel.model_file import write_head_model
from seif_core.headmodel.topology import PART_NAMES
from seif_core.headmodel.transfer import complete_model
from seif_core.registration.correspondences import AgreeingPoints


def bare(model: HeadModel, shift: np.ndarray) -> HeadModel:
    """The model's skin and eyeballs with another topology (every face split), moved, without what a transfer gives."""
    parts = [PartMesh.of(model, (p,)) for p in ("skin", "eye_left", "eye_right")]
    vertices, faces, part = [], [], []
    for index, mesh in enumerate(parts):
        split = trimesh.Trimesh(model.template, mesh.triangles, process=False)
        split.remove_unreferenced_vertices()
        split = split.subdivide()
        faces.append(np.array(split.faces) + sum(map(len, vertices)))
        vertices.append(np.array(split.vertices))
        part.append(np.full(len(split.faces), index))
    points = (np.concatenate(vertices) + shift).astype(np.float32)
    quads = np.full((sum(map(len, faces)), 4), -1, np.int32)
    quads[:, :3] = np.concatenate(faces)
    count = len(points)
    return dataclasses.replace(
        model,
        name="bare",
        template=points,
        faces=quads,
        face_part=np.concatenate(part).astype(np.uint8),
        shape_basis=np.zeros((2, count, 3), np.float32),
        expression_basis=np.zeros((2, count, 3), np.float32),
        key_names=(),
        key_basis=np.zeros((0, count, 3), np.float32),
        pose_basis=np.zeros((36, count, 3), np.float32),
        joint_regressor=np.full((5, count), 1 / count, np.float32),
        skin_weights=np.full((count, 5), 0.2, np.float32),
        uvs=np.zeros((1, 2), np.float32),
        uv_faces=np.where(quads >= 0, 0, -1).astype(np.int32),
        embeddings={},
        regions={},
    )


@pytest.fixture(scope="module")
def completed():
    source = sample_model()
    shift = np.array([0.01, -0.02, 0.03])
    target = bare(source, shift)
    return source, target, complete_model(target, source), shift


def test_a_model_of_another_topology_gets_the_keys_of_the_same_places(completed):
    source, target, model, shift = completed
    assert model.key_names == source.key_names
    np.testing.assert_array_equal(model.faces, target.faces)
    np.testing.assert_array_equal(model.template, target.template)
    skin = PartMesh.of(source, ("skin",))
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "cheekPuff"):
        delta = source.key_basis[source.key_names.index(name)]
        near = SurfaceIndex(source.template, skin.triangles).query(target.template - shift)
        corners = skin.triangles[near.triangles]
        weights = np.linalg.pinv(source.template[corners].transpose(0, 2, 1)) @ near.points[..., None]
        expected = np.einsum("vk,vkc->vc", weights[..., 0], delta[corners])
        found = model.key_basis[model.key_names.index(name)]
        of_skin = np.unique(PartMesh.of(target, ("skin",)).triangles)
        error = np.linalg.norm(found - expected, axis=1)[of_skin]
        assert np.median(error) < 0.02 * np.abs(delta).max()
        assert np.quantile(error, 0.98) < 0.25 * np.abs(delta).max()


def test_regions_and_landmarks_arrive_at_the_same_places(completed):
    source, target, model, shift = completed
    for name, embedding in source.embeddings.items():
        distance = np.linalg.norm(
            model.embeddings[name].points(target.template) - shift - embedding.points(source.template), axis=1
        )
        assert np.median(distance) < 0.0015, name
        assert (model.embeddings[name].vertex_ids < len(target.template)).all()
    for name in ("face", "scalp", "eyeballs"):
        inside = target.template[model.regions[name]] - shift
        assert len(inside)
        reach = np.abs(inside[:, None] - source.template[source.regions[name]][None]).max(2).min(1)
        assert np.quantile(reach, 0.95) < 0.012


def test_uvs_come_along_and_are_torn_only_at_seams(completed):
    _, _, model, _ = completed
    assert model.uv_faces.max() == len(model.uvs) - 1
    assert ((model.uvs >= 0) & (model.uvs <= 1)).all()
    corners = model.uvs[model.uv_faces[:, :3]].astype(np.float64)
    edges = corners[:, 1:] - corners[:, :1]
    area = (edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]) / 2
    assert (area > 0).mean() > 0.97
    assert np.linalg.norm(edges, axis=2).max() < 0.2  # no face stretches across the square


@pytest.fixture(scope="module")
def grid():
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=0.1)
    return np.array(mesh.vertices), np.array(mesh.faces)


def test_the_same_mesh_receives_exactly_its_own_deformation(grid):
    vertices, faces = grid
    delta = 0.01 * np.sin(vertices * 40)
    found = DeformationTransfer(vertices, faces, vertices, faces, np.arange(len(faces))).transfer(delta, delta)
    np.testing.assert_allclose(found, delta, atol=1e-9)


def test_a_larger_mesh_turns_with_the_source_and_grows_where_it_grows(grid):
    vertices, faces = grid
    turn = Rotation.from_rotvec([0.2, 0.5, -0.1]).as_matrix()
    solver = DeformationTransfer(vertices, faces, 1.5 * vertices, faces, np.arange(len(faces)))
    for matrix in (turn, np.diag([1.2, 1.0, 0.9])):
        found = solver.transfer(vertices @ (matrix.T - np.eye(3)), 1.5 * vertices @ (matrix.T - np.eye(3)))
        np.testing.assert_allclose(1.5 * vertices + found, 1.5 * vertices @ matrix.T, atol=1e-9)


def test_gradients_rule_over_a_coarse_guide(grid):
    vertices, faces = grid
    delta = 0.002 * np.sin(vertices * 300)
    solver = DeformationTransfer(vertices, faces, vertices, faces, np.arange(len(faces)))
    found = solver.transfer(delta, np.zeros_like(delta))
    assert np.corrcoef(found.ravel(), delta.ravel())[0, 1] > 0.9


def test_lips_that_touch_are_told_apart_by_their_normals():
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float) * 0.01
    vertices = np.concatenate([square, square + np.array([0, 0, 1e-4])])
    triangles = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]])  # the lower faces down, the upper up
    points = np.array([[0.004, 0.005, 1e-4], [0.004, 0.005, 0.0]])
    found = AgreeingPoints(vertices, triangles).match(points, np.array([[0, 0, -1.0], [0, 0, 1.0]]))
    assert (found.triangles[0] < 2, found.triangles[1] >= 2) == (True, True)


def test_the_ball_through_points_has_their_centre_and_radius():
    model = sample_model()
    centre, radius = ball(model.template[PartMesh.of(model, ("eye_left",)).vertices])
    np.testing.assert_allclose(centre, EYE_CENTRES["eye_left"], atol=1e-6)
    assert radius == pytest.approx(0.012, abs=1e-6)


def test_a_written_head_model_is_read_back_entry_for_entry(tmp_path):
    model = sample_model()
    write_head_model(model, tmp_path / "sub" / "model.npz")
    again = read_open_head(tmp_path / "sub" / "model.npz")
    for field in dataclasses.fields(model):
        value, other = getattr(model, field.name), getattr(again, field.name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, other)
        elif field.name == "regions":
            assert all((value[k] == other[k]).all() for k in value)
        elif field.name == "embeddings":
            assert all((value[k].vertex_ids == other[k].vertex_ids).all() for k in value)
        elif field.name != "name":
            assert value == other
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["model.npz"]


def test_the_cache_lies_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("SEIF_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("SEIF_CACHE")
    assert cache_folder().name in {"seif-blender", "Cache"}


def test_a_path_that_is_no_file_and_a_name_that_is_no_model_are_refused(tmp_path):
    with pytest.raises(ModelError, match="no file"):
        load_head_model(str(tmp_path / "flame.pkl"))
    with pytest.raises(ModelError, match="no head model"):
        load_head_model("flame")


needs_flame = pytest.mark.skipif(not FLAME_TEMPLATE.is_file(), reason="needs FLAME's template")


@pytest.fixture(scope="module")
def flame(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flame")
    write_flame(folder / "flame2023_Open.pkl")
    return folder, load_flame(folder / "flame2023_Open.pkl", folder / "cache")


@needs_flame
def test_flame_keeps_its_topology_and_gets_what_it_lacks(flame):
    _, model = flame
    assert model.template.shape == (5023, 3)
    assert len(model.key_names) == 52
    assert set(model.regions) == set(load_head_model("open").regions)
    assert model.name == "flame2023open"
    assert model.licence == "CC-BY-4.0"
    edges = model.uvs[model.uv_faces[:, :3]]
    assert np.linalg.norm(edges[:, 1:] - edges[:, :1], axis=2).max() < 0.2


@needs_flame
def test_flames_arkit_keys_move_what_their_names_say(flame):
    _, model = flame
    key = dict(zip(model.key_names, model.key_basis, strict=True))
    v = model.template
    chin = (v[:, 1] < -0.06) & (v[:, 2] > 0.05)
    assert key["jawOpen"][chin, 1].mean() < -0.01
    assert np.abs(key["jawOpen"][v[:, 1] > 0.08]).max() < 1e-3
    for side, sign in (("Left", 1), ("Right", -1)):
        blink = np.linalg.norm(key[f"eyeBlink{side}"], axis=1)
        assert 0.006 < blink.max() < 0.02
        assert (np.sign(v[blink > 0.001, 0]) == sign).all()
        smile = key[f"mouthSmile{side}"]
        corner = np.linalg.norm(smile, axis=1).argmax()
        assert v[corner, 0] * sign > 0
        assert smile[corner, 1] > 0
    eye = np.unique(model.faces[model.face_part == PART_NAMES.index("eye_left"), :3])
    turned = key["eyeLookInLeft"][eye] + v[eye]
    front = v[eye, 2].argmax()
    assert turned[front, 0] < v[eye][front, 0]  # the left pupil moves towards the nose
    np.testing.assert_allclose(ball(turned)[1], ball(v[eye])[1], rtol=1e-3)


@needs_flame
def test_flames_landmarks_lie_on_its_face_and_on_their_sides(flame):
    _, model = flame
    points = model.embeddings["ibug68"].points(model.template)
    used = load_head_model("open").embeddings["ibug68"].sigma > 0
    for left, right in ((45, 36), (42, 39), (54, 48)):
        if used[left] and used[right]:
            assert points[left, 0] > 0.008
            np.testing.assert_allclose(points[left] * [-1, 1, 1], points[right], atol=0.004)
    if used[[30, 8]].all():
        assert points[30, 2] == pytest.approx(model.template[:, 2].max(), abs=0.004)
        assert points[8, 1] < points[57, 1] < points[30, 1] < points[27, 1]


@needs_flame
def test_the_second_time_comes_from_the_cache_and_is_the_same(flame):
    folder, model = flame
    kept = list((folder / "cache").rglob("*.npz"))
    assert len(kept) == 1
    again = load_flame(folder / "flame2023_Open.pkl", folder / "cache")
    np.testing.assert_array_equal(again.key_basis, model.key_basis)
    assert again.name == model.name
