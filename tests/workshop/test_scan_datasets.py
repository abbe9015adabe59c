from __future__ import annotations

import json
import sys
from functools import lru_cache

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from seif_core import cli
from seif_core.errors import SettingsError
from seif_core.geometry.alignment import Similarity
from seif_core.geometry.colour import from_srgb
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.headmodel.skinning import pose_vertices
from seif_core.workshop.training.scans import (
    READERS,
    RegisteredScan,
    ScanDatasetError,
    ScanLandmarks,
    ScanRecord,
    ScanRegistrationError,
    coma,
    facescape,
    faceverse,
    i3dmm,
    open_dataset,
    register,
    register_scan,
    registered_files,
)
from seif_core.workshop.training.scans.cleaning import cleaned
from seif_core.workshop.training.scans.mesh import ScanMesh, read_scan_mesh

NOW = (36, 39, 42, 45, 33, 48, 54)


@lru_cache
def person(seed=0, expression=0.4, jaw=0.1):
    """A head of the Open head's model: outer skin's vertices, triangles, iBUG-68 marks, and its coefficients."""
    model, rng = load_head_model(), np.random.default_rng(seed)
    shape, expressed = rng.normal(size=100) * 0.7, rng.normal(size=45) * expression
    neutral = model.template + np.tensordot(shape, model.shape_basis, 1)
    pose = np.zeros((5, 3))
    pose[2, 0] = jaw
    rest = neutral + np.tensordot(expressed, model.expression_basis, 1)
    vertices = pose_vertices(rest, model.joint_regressor @ neutral, model.skin_weights, pose, model.pose_basis)
    triangles = anatomy_of(model).outer_skin_triangles
    used, compact = np.unique(triangles, return_inverse=True)
    return vertices[used], compact.reshape(-1, 3), model.embeddings["ibug68"].points(vertices), shape, vertices


def motion(unit, seed=1, angle=0.5):
    """A similarity of the model's metres to a scanner's coordinates."""
    rng = np.random.default_rng(seed)
    scale = {"m": 1.0, "cm": 100.0, "mm": 1000.0}[unit]
    return Similarity(Rotation.from_rotvec(rng.normal(size=3) * angle).as_matrix(), scale, rng.normal(size=3) * scale)


def with_vertices_at(vertices, triangles, marks, ids, count):
    """The mesh in a topology of `count` vertices in which the landmarks (L, 3) have the given numbers."""
    free = np.setdiff1d(np.arange(count), ids)
    full = np.zeros((count, 3)) + vertices[0]
    full[free[: len(vertices)]] = vertices
    full[ids] = marks
    return full, free[triangles]


def write_obj(path, vertices, triangles, uvs=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
    if uvs is not None:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in uvs]
    corner = "{0}" if uvs is None else "{0}/{0}"
    lines += ["f " + " ".join(corner.format(i + 1) for i in t) for t in triangles]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_ply(path, vertices, triangles, colours=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.Trimesh(vertices, triangles, vertex_colors=colours, process=False).export(path)


def write_picked_points(path, points):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f'<point x="{x:.5f}" y="{y:.5f}" z="{z:.5f}" active="1" name="{i}"/>' for i, (x, y, z) in enumerate(points)
    ]
    path.write_text("<PickedPoints>\n" + "\n".join(lines) + "\n</PickedPoints>\n", encoding="utf-8")


def assert_at_home(scan, moved, *, millimetres=1.2, scale=1e-3):
    """The registered scan lies where the head was before the motion, and the fitted model on it."""
    vertices, _, _, shape, full = person()
    back = scan.to_model @ moved.matrix()
    found = float(np.cbrt(np.linalg.det(back[:3, :3])))
    assert abs(found - 1) < scale
    turn = Rotation.from_matrix(back[:3, :3] / found).magnitude()
    assert np.degrees(turn) < 1
    assert np.abs(vertices @ back[:3, :3].T + back[:3, 3] - vertices).mean() < millimetres * 1e-3
    model = load_head_model()
    face = model.regions["face"]
    there = full @ back[:3, :3].T + back[:3, 3]
    assert np.linalg.norm(scan.fitted(model) - there, axis=1)[face].mean() < 1.2e-3
    assert scan.face_error_mm < 0.4
    assert np.corrcoef(scan.shape, shape)[0, 1] > 0.75
    assert scan.vertices.dtype == np.float32
    assert KDTree(there).query(scan.vertices)[0].mean() < 5e-4


def only(records):
    found = list(records)
    assert len(found) == 1
    return found[0]


def test_facescape_is_read_with_its_landmarks_and_texture_and_comes_home(tmp_path):
    vertices, triangles, marks, *_ = person()
    moved = motion("mm")
    ids = list(facescape.MARKS.values())
    full, faces = with_vertices_at(vertices, triangles, marks[list(facescape.MARKS)], ids, facescape.VERTICES)
    path = tmp_path / "7" / "models_reg" / "2_smile.obj"
    write_obj(path, moved.apply(full), faces, np.full((len(full), 2), 0.25))
    Image.new("RGB", (128, 128), (188, 128, 64)).save(path.with_suffix(".jpg"), quality=98)
    record = only(open_dataset(tmp_path))
    assert (record.dataset, record.identity, record.expression, record.unit) == ("facescape", "7", "smile", "mm")
    scan = register_scan(record)
    assert_at_home(scan, moved)
    np.testing.assert_allclose(scan.albedo.mean(0), from_srgb(np.array([188, 128, 64]) / 255), atol=0.02)


def test_facescape_multiview_meshes_are_placed_by_the_toolkits_alignments(tmp_path):
    vertices, triangles, *_ = person()
    own = Similarity(Rotation.from_rotvec([0.2, 2.5, 0.1]).as_matrix(), 0.013, np.array([1.0, 2, 3]))
    write_ply(tmp_path / "3" / "1_neutral.ply", own.apply(1000 * vertices), triangles)
    there = own.inverse()
    matrix = np.concatenate([there.rotation, there.translation[:, None]], 1).tolist()
    (tmp_path / facescape.SCALES).write_text(json.dumps({"3": {"1": [there.scale, matrix]}}), encoding="utf-8")
    record = only(open_dataset(tmp_path))
    placed = record.upright.apply(read_scan_mesh(record.mesh_path).vertices)
    np.testing.assert_allclose(placed, 1000 * vertices, atol=0.05)
    (tmp_path / facescape.SCALES).write_text("not json", encoding="utf-8")
    with pytest.raises(ScanDatasetError, match="toolkit"):
        list(open_dataset(tmp_path, "facescape"))


def test_coma_frames_of_flames_topology_come_home(tmp_path):
    vertices, triangles, marks, *_ = person()
    moved = motion("m", seed=2)
    ids = list(coma.MARKS.values())
    full, faces = with_vertices_at(vertices, triangles, marks[list(coma.MARKS)], ids, coma.VERTICES)
    for frame in (1, 2):
        path = tmp_path / "FaceTalk_170725_00137_TA" / "mouth_open" / f"mouth_open.{frame:06d}.ply"
        write_ply(path, moved.apply(full), faces)
    first, second = open_dataset(tmp_path)
    assert (first.dataset, first.expression, first.identity) == ("coma", "mouth_open", "FaceTalk_170725_00137_TA")
    assert second.name == "FaceTalk_170725_00137_TA_mouth_open.000002"
    assert_at_home(register_scan(first), moved, scale=0.06, millimetres=4)


def test_headspace_landmarks_are_vertex_numbers_counted_from_one(tmp_path):
    vertices, triangles, marks, *_ = person()
    moved = motion("mm", seed=3)
    path = tmp_path / "subjects" / "00012" / "121024121523.obj"
    write_obj(path, moved.apply(vertices), triangles)
    numbers = KDTree(vertices).query(marks)[1] + 1
    path.with_name("ldmks121024121523.txt").write_text("\n".join(map(str, numbers)), encoding="utf-8")
    record = only(open_dataset(tmp_path))
    assert (record.dataset, record.identity, record.unit) == ("headspace", "00012", "mm")
    near = record.landmarks.on(read_scan_mesh(record.mesh_path).vertices)
    assert np.linalg.norm(near - moved.apply(marks[17:]), axis=1).max() < 8
    assert_at_home(register_scan(record), moved)


def test_faceverse_heads_stand_on_their_crowns_and_are_turned_upright(tmp_path):
    vertices, triangles, *_ = person()
    flipped = Similarity(np.diag([1.0, -1, -1]), 1000.0, np.array([5.0, 6, 7]))
    path = tmp_path / "001_05" / "001_05.obj"
    write_obj(path, flipped.apply(vertices), triangles)
    write_ply(path.with_suffix(".ply"), vertices[:4], np.array([[0, 1, 2]]))
    record = only(open_dataset(tmp_path))
    assert (record.dataset, record.identity, record.expression) == ("faceverse", "001", "05")
    np.testing.assert_allclose(record.upright.apply(np.array([[1.0, -2, -3]])), [[1, 2, 3]])
    assert_at_home(register_scan(record), flipped, scale=0.06, millimetres=4)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5, 6), (1, 0, 3, 2, 4, 5, 6), (2, 3, 0, 1, 4, 6, 5)])
def test_i3dmm_landmarks_keep_their_sides_whoever_counted_them(order):
    marks = person()[2]
    right = marks[[36, 39, 42, 45, 30, 48, 54]]
    turned = motion("mm", seed=4, angle=2).apply(right)
    found = i3dmm.ordered(np.concatenate([turned[list(order)], turned[:1]]))
    np.testing.assert_allclose(found, turned)


def test_i3dmm_heads_of_a_size_of_their_own_come_home(tmp_path):
    vertices, triangles, marks, *_ = person()
    moved = Similarity(np.eye(3), 3.7, np.array([0.1, 0.2, 0.3]))
    path = tmp_path / "heads" / "abcde_e07" / "models" / "abcde_e07.obj"
    write_obj(path, moved.apply(vertices), triangles)
    points = moved.apply(marks[[39, 36, 45, 42, 30, 48, 54, 8]])
    lines = [f"{x:.6f} {y:.6f} {z:.6f}" for x, y, z in points]
    path.with_name("centroids.txt").write_text("\n".join(lines), encoding="utf-8")
    record = only(open_dataset(tmp_path))
    assert (record.dataset, record.identity, record.expression) == ("i3dmm", "abcde", "neutral")
    assert_at_home(register_scan(record), moved, scale=0.06, millimetres=4)


def test_now_scans_are_read_with_picked_points_below_the_release_folder(tmp_path):
    vertices, triangles, marks, *_ = person()
    moved = motion("mm", seed=5, angle=1.5)
    top = tmp_path / "final_release_version"
    write_obj(top / "scans" / "FaMoS_1" / "natural_head_rotation.000001.obj", moved.apply(vertices), triangles)
    points = top / "scans_lmks_onlypp" / "FaMoS_1" / "natural_head_rotation.000001_picked_points.pp"
    write_picked_points(points, moved.apply(marks[list(NOW)]))
    record = only(open_dataset(tmp_path))
    assert (record.dataset, record.identity, record.landmarks.ibug) == ("now", "FaMoS_1", NOW)
    assert_at_home(register_scan(record), moved)
    write_picked_points(points, moved.apply(marks[:3]))
    with pytest.raises(ScanDatasetError, match="3 landmarks instead of 7"):
        list(open_dataset(tmp_path))


def test_a_plain_folder_of_coloured_scans_comes_home_without_landmarks(tmp_path):
    vertices, triangles, *_ = person()
    moved = motion("mm", seed=6, angle=0.15)
    colours = np.tile(np.array([188, 128, 64], np.uint8), (len(vertices), 1))
    write_ply(tmp_path / "anna" / "laughing.ply", moved.apply(vertices), triangles, colours)
    (tmp_path / "licence.txt").write_text("CC0 1.0\nmore", encoding="utf-8")
    record = only(open_dataset(tmp_path, unit="mm"))
    assert (record.dataset, record.identity, record.name, record.licence) == (
        "folder",
        "anna",
        "anna_laughing",
        "CC0 1.0",
    )
    scan = register_scan(record)
    assert_at_home(scan, moved)
    np.testing.assert_allclose(scan.albedo[0], from_srgb(np.array([188, 128, 64]) / 255), atol=1e-3)


def test_landmarks_that_fit_no_head_are_not_believed(tmp_path, caplog):
    vertices, triangles, marks, *_ = person()
    write_ply(tmp_path / "a.ply", vertices, triangles)
    wrong = ScanLandmarks(NOW, np.ascontiguousarray(marks[list(NOW)][::-1]))
    record = ScanRecord("a", "folder", tmp_path / "a.ply", "m", "a", "", "-", landmarks=wrong)
    assert_at_home(register_scan(record), Similarity())
    assert "not used" in caplog.text


def test_scans_with_clockwise_triangles_and_a_body_are_turned_over_and_cut(tmp_path):
    vertices, triangles, *_ = person()
    floor = trimesh.creation.box((0.8, 0.02, 0.8)).subdivide().subdivide().subdivide().subdivide().subdivide()
    floor.apply_translation([0, -0.6, 0])
    both = np.concatenate([vertices, floor.vertices])
    faces = np.concatenate([triangles, np.array(floor.faces) + len(vertices)])
    write_ply(tmp_path / "a.ply", both, faces[:, ::-1])
    scan = register_scan(ScanRecord("a", "folder", tmp_path / "a.ply", "m", "a", "", "-"))
    assert_at_home(scan, Similarity())
    assert scan.vertices[:, 1].min() > -0.3
    corners = scan.vertices[scan.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = (normals * (corners.mean(1) - scan.vertices.mean(0))).sum(1) > 0
    assert outwards.mean() > 0.8


def test_what_is_no_head_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(register, "_TURNS", register._TURNS[:1])  # one start is enough to find no face
    ball = trimesh.creation.icosphere(4, 0.1)
    write_ply(tmp_path / "ball.ply", np.array(ball.vertices) * [1, 0.2, 1], np.array(ball.faces))
    with pytest.raises(ScanRegistrationError, match=r"ball shows .* of a face"):
        register_scan(only(open_dataset(tmp_path, unit="m")))


def test_hair_does_not_swell_the_fitted_skull(tmp_path):
    vertices, triangles, marks, _, full = person()
    tip = marks[30]
    above = np.clip((vertices[:, 1] - tip[1] - 0.07) / 0.03, 0, 1)
    behind = np.clip((tip[2] - 0.09 - vertices[:, 2]) / 0.04, 0, 1) * (vertices[:, 1] > tip[1] - 0.02)
    normals = np.array(trimesh.Trimesh(vertices, triangles, process=False).vertex_normals)
    hair = vertices + 0.03 * np.clip(above + behind, 0, 1)[:, None] * normals
    write_ply(tmp_path / "a.ply", hair, triangles)
    landmarks = ScanLandmarks(tuple(range(17, 68)), marks[17:])
    scan = register_scan(ScanRecord("a", "folder", tmp_path / "a.ply", "m", "a", "", "-", landmarks=landmarks))
    model = load_head_model()
    there = full @ scan.to_model[:3, :3].T + scan.to_model[:3, 3]
    off = np.linalg.norm(scan.fitted(model) - there, axis=1)
    assert off[model.regions["scalp"]].mean() < 0.008
    assert off[model.regions["face"]].mean() < 0.0025


def test_a_face_that_the_first_start_misses_is_found_by_the_next(tmp_path):
    vertices, triangles, *_ = person()
    upside_down = Similarity(np.diag([-1.0, -1, 1]))
    write_ply(tmp_path / "a.ply", upside_down.apply(vertices), triangles)
    assert_at_home(register_scan(ScanRecord("a", "folder", tmp_path / "a.ply", "m", "a", "", "-")), upside_down)


def test_thinning_keeps_the_surface_where_it_was():
    ball = trimesh.creation.icosphere(5, 0.1)
    speck = np.array(trimesh.creation.icosphere(0, 0.001).vertices) + 1
    vertices = np.concatenate([ball.vertices, speck])
    crumb = np.array(trimesh.creation.icosphere(0).faces) + len(ball.vertices)
    triangles = np.concatenate([ball.faces, crumb]).astype(np.int32)
    thin = cleaned(ScanMesh(vertices, triangles, np.ones((len(vertices), 3), np.float32)), 1500)
    assert 500 < len(thin.vertices) <= 1500
    assert np.abs(np.linalg.norm(thin.vertices, axis=1) - 0.1).max() < 2e-3
    assert thin.colours.shape == thin.vertices.shape


def test_obj_corners_that_count_back_and_quads_are_read(tmp_path):
    text = "v 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 1 1 0 1 0 0\nv 0 1 0 1 0 0\nf -4 -3 -2 -1\n"
    (tmp_path / "a.obj").write_text(text, encoding="utf-8")
    mesh = read_scan_mesh(tmp_path / "a.obj")
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [0, 2, 3]])
    np.testing.assert_allclose(mesh.colours, np.tile([1.0, 0, 0], (4, 1)))


@pytest.mark.parametrize("text", ["v 0 0\nf 1 1 1\n", "v 0 0 0\nf 1 2 3\n", "v a b c\n", "v 0 0 0\n", ""])
def test_broken_meshes_are_refused_in_words(tmp_path, text):
    (tmp_path / "a.obj").write_text(text, encoding="utf-8")
    with pytest.raises(ScanDatasetError, match=r"a\.obj"):
        read_scan_mesh(tmp_path / "a.obj")


def test_wrong_folders_are_named_with_what_was_expected_and_found(tmp_path):
    with pytest.raises(ScanDatasetError, match="no folder"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(ScanDatasetError, match="empty"):
        open_dataset(tmp_path)
    (tmp_path / "readme.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(ScanDatasetError, match=r"FaceScape: <id>/models_reg.*holds readme.md"):
        open_dataset(tmp_path)
    with pytest.raises(ScanDatasetError, match="choose one of: auto, facescape"):
        open_dataset(tmp_path, "facescrape")
    write_obj(tmp_path / "001_01" / "001_01.obj", np.eye(3), np.array([[0, 1, 2]]))
    with pytest.raises(ScanDatasetError, match=r"not laid out like CoMA.*ask for the kind faceverse"):
        open_dataset(tmp_path, "coma")
    with pytest.raises(ScanDatasetError, match="no unit 'inch'"):
        open_dataset(tmp_path, unit="inch")
    assert faceverse.recognises(tmp_path)
    assert list(READERS)[-1] == "folder"


def some_scan(**changes):
    values = {
        "name": "7_2 smile",
        "dataset": "facescape",
        "identity": "7",
        "expression_name": "smile",
        "licence": "terms",
        "model_name": "open",
        "vertices": np.eye(3, dtype=np.float32),
        "triangles": np.array([[0, 1, 2]], np.int32),
        "albedo": None,
        "shape": np.zeros(100, np.float32),
        "expression": np.zeros(45, np.float32),
        "pose": np.zeros((5, 3), np.float32),
        "to_model": np.eye(4),
        "face_error_mm": 0.25,
    }
    return RegisteredScan(**{**values, **changes})


def test_registered_scans_are_read_back_and_have_the_same_bytes(tmp_path):
    for scan in (some_scan(), some_scan(name="b", albedo=np.ones((3, 3), np.float32))):
        path = tmp_path / scan.file_name
        scan.save(path)
        first = path.read_bytes()
        back = RegisteredScan.load(path)
        back.save(path)
        assert path.read_bytes() == first
        assert (back.name, back.licence, back.face_error_mm) == (scan.name, "terms", 0.25)
        assert (back.albedo is None) == (scan.albedo is None)
        np.testing.assert_array_equal(back.vertices, scan.vertices)
    assert [p.name for p in registered_files(tmp_path)] == ["facescape-7_2_smile.scan.npz", "facescape-b.scan.npz"]
    np.testing.assert_allclose(some_scan().fitted(load_head_model()), load_head_model().template, atol=1e-6)


def test_damaged_foreign_and_newer_files_are_refused_in_words(tmp_path):
    with pytest.raises(ScanDatasetError, match="holds no registered scans"):
        registered_files(tmp_path)
    with pytest.raises(ScanDatasetError, match="no registered scan"):
        RegisteredScan.load(tmp_path / "a.scan.npz")
    path = tmp_path / "b.scan.npz"
    path.write_bytes(b"PK no zip")
    with pytest.raises(ScanDatasetError, match="no readable"):
        RegisteredScan.load(path)
    np.savez(path, format_version=99)
    with pytest.raises(ScanDatasetError, match="format version 99"):
        RegisteredScan.load(path)
    np.savez(path, format_version=1, name="x")
    with pytest.raises(ScanDatasetError, match="lacks a field"):
        RegisteredScan.load(path)
    with pytest.raises(SettingsError, match="registered to the head model flame"):
        some_scan(model_name="flame").fitted(load_head_model())


def test_the_command_registers_leaves_out_what_fails_and_goes_on_where_it_stopped(tmp_path, capsys):
    vertices, triangles, *_ = person()
    write_ply(tmp_path / "in" / "a.ply", vertices, triangles)
    (tmp_path / "in" / "b.ply").write_bytes(b"ply")
    command = ["scans", "register", "--in", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--unit", "m"]
    assert cli.main(command) == ScanDatasetError.exit_code
    told = capsys.readouterr()
    assert "1 registered, 0 there already, 1 failed" in told.out
    assert "b.ply" in told.err
    path = only(registered_files(tmp_path / "out"))
    assert_at_home(RegisteredScan.load(path), Similarity())
    assert cli.main([*command, "--limit", "1"]) == 0
    assert "0 registered, 1 there already" in capsys.readouterr().out
    assert cli.main([*command, "--kind", "now"]) == ScanDatasetError.exit_code


def test_the_package_loads_no_torch():
    import subprocess

    code = (
        "import sys, seif_core.workshop.training.scans, seif_core.workshop.cli_scans; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
