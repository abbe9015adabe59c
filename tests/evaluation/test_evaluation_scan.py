from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_head import sample_head, sample_model
from scipy.spatial.transform import Rotation

from seif_core import cli
from seif_core.errors import SettingsError
from seif_core.evaluation.scan import NOSE_TIP, NOW_LANDMARKS, compare_with_scan
from seif_core.evaluation.scan_files import evaluate_scan, read_landmarks, read_surface
from seif_core.geometry.alignment import Similarity, align_points
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.headmodel.model import triangulate


def dense_head():
    """The sample head's skin, subdivided: vertices, triangles, iBUG-68 landmarks."""
    head, model = sample_head(), sample_model()
    skin = triangulate(head.faces[head.face_part == 0])[0]
    mesh = trimesh.Trimesh(head.vertices, skin, process=False)
    mesh.remove_unreferenced_vertices()
    mesh = mesh.subdivide()
    return np.array(mesh.vertices), np.array(mesh.faces), model.embeddings["ibug68"].points(head.vertices)


def displaced(vertices, triangles, distance):
    """Every vertex moved outwards so that the faces lie `distance` away (small faces, so along vertex normals)."""
    mesh = trimesh.Trimesh(vertices, triangles, process=False)
    return vertices + distance * np.array(mesh.vertex_normals)


MOTION = Similarity(Rotation.from_rotvec([0.3, 0.9, -0.4]).as_matrix(), 1.0, np.array([0.2, -0.1, 0.5]))


def test_the_similarity_has_the_worked_number_of_its_convention():
    quarter = Rotation.from_rotvec([0, 0, np.pi / 2]).as_matrix()
    moved = Similarity(quarter, 2.0, np.array([0.0, 0, 1]))
    np.testing.assert_allclose(moved.apply(np.array([1.0, 0, 0])), [0, 2, 1], atol=1e-12)
    np.testing.assert_allclose(moved.inverse().apply(np.array([0.0, 2, 1])), [1, 0, 0], atol=1e-12)


@given(st.integers(0, 2**31), st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_aligning_corresponding_points_recovers_the_motion(seed, scale):
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(7, 3))
    truth = Similarity(Rotation.random(random_state=seed % 2**31).as_matrix(), scale, rng.normal(size=3))
    found = align_points(source, truth.apply(source), with_scale=True)
    np.testing.assert_allclose(found.matrix(), truth.matrix(), atol=1e-7)


def test_a_scan_that_is_the_prediction_moved_has_distance_zero_and_the_motion_is_recovered():
    vertices, triangles, landmarks = dense_head()
    result = compare_with_scan(
        MOTION.apply(vertices),
        vertices,
        triangles,
        nose_tip=landmarks[NOSE_TIP],
        scan_landmarks=MOTION.apply(landmarks[list(NOW_LANDMARKS)] + 0.002),
        landmarks=landmarks[list(NOW_LANDMARKS)],
    )
    for distance in (result.with_scale, result.without_scale):
        assert distance.mean_mm < 1e-3
        np.testing.assert_allclose(distance.alignment.apply(landmarks), MOTION.apply(landmarks), atol=1e-4)


def test_one_millimetre_along_the_normals_of_a_ball_measures_one_millimetre_without_scale_and_none_with_it():
    ball = trimesh.creation.icosphere(subdivisions=5, radius=0.1)
    scan = ball.vertices * 1.01
    result = compare_with_scan(
        scan,
        ball.vertices,
        ball.faces,
        nose_tip=np.array([0, 0, 0.1]),
        scan_landmarks=scan[:7],
        landmarks=ball.vertices[:7],
    )
    assert result.with_scale.mean_mm < 1e-3
    assert result.with_scale.alignment.scale == pytest.approx(1.01, abs=1e-5)
    # a rigid motion can trade some of the millimetre on the near side against the far side; the area is the near side
    whole = SurfaceIndex(ball.vertices, ball.faces).query(scan).distances * 1000
    assert whole.mean() == pytest.approx(1, abs=0.01)


def test_a_scan_displaced_alternately_by_one_millimetre_measures_one_millimetre():
    vertices, triangles, landmarks = dense_head()
    rng = np.random.default_rng(0)
    mesh = trimesh.Trimesh(vertices, triangles, process=False)
    points, faces = trimesh.sample.sample_surface(mesh, 6000, seed=1)
    smooth_enough = mesh.face_normals[faces]
    scan = points + rng.choice([-0.001, 0.001], len(points))[:, None] * smooth_enough
    result = compare_with_scan(
        MOTION.apply(scan),
        vertices,
        triangles,
        nose_tip=landmarks[NOSE_TIP],
        scan_landmarks=MOTION.apply(landmarks[list(NOW_LANDMARKS)]),
        landmarks=landmarks[list(NOW_LANDMARKS)],
    ).without_scale
    assert result.median_mm == pytest.approx(1, abs=0.02)
    assert result.mean_mm == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(result.alignment.apply(landmarks), MOTION.apply(landmarks), atol=1e-3)


def test_the_distance_is_in_the_scans_millimetres_when_the_prediction_has_another_size():
    vertices, triangles, landmarks = dense_head()
    bumpy = displaced(vertices, triangles, 0.001 * np.sign(np.sin(vertices[:, :1] * 900)))
    figures = []
    for factor in (1.0, 1.3):
        result = compare_with_scan(
            MOTION.apply(bumpy),
            vertices * factor,
            triangles,
            nose_tip=landmarks[NOSE_TIP] * factor,
            scan_landmarks=MOTION.apply(landmarks[list(NOW_LANDMARKS)]),
            landmarks=landmarks[list(NOW_LANDMARKS)] * factor,
        )
        figures.append((result.with_scale.mean_mm, result.with_scale.alignment.scale * factor))
    np.testing.assert_allclose(figures[0], figures[1], rtol=1e-3)
    assert result.without_scale.mean_mm > 2 * result.with_scale.mean_mm


def test_only_scan_vertices_within_the_radius_of_the_nose_tip_count():
    vertices, triangles, landmarks = dense_head()
    result = compare_with_scan(
        vertices,
        vertices,
        triangles,
        nose_tip=landmarks[NOSE_TIP],
        scan_landmarks=landmarks[:7],
        landmarks=landmarks[:7],
        scan_nose_tip=landmarks[NOSE_TIP],
    ).with_scale
    inside = np.linalg.norm(vertices - landmarks[NOSE_TIP], axis=1) <= 0.095
    np.testing.assert_array_equal(result.vertices, np.flatnonzero(inside))
    assert 0 < inside.sum() < len(vertices)


@pytest.mark.parametrize(("rotation", "partial"), [([0.4, -0.5, 0.3], False), ([-np.pi / 2, 0, 0], True)])
@pytest.mark.skipif(not SHARED.exists(), reason="needs a real head shape")
def test_without_landmarks_a_turned_or_partial_scan_is_still_aligned(rotation, partial):
    data = np.load(SHARED / "flame" / "flame2023_open_template.npz")
    vertices, triangles = data["v_template"], data["faces"]
    scan = vertices[np.linalg.norm(vertices - [0, -0.01, 0.075], axis=1) < 0.08] if partial else vertices
    motion = Similarity(Rotation.from_rotvec(rotation).as_matrix(), 1.0, np.array([0.3, 0.1, -0.2]))
    result = compare_with_scan(motion.apply(scan), vertices, triangles, nose_tip=np.array([0, -0.01, 0.075]))
    assert result.without_scale.mean_mm < 0.01
    np.testing.assert_allclose(result.without_scale.alignment.matrix(), motion.matrix(), atol=1e-3)


def test_landmarks_of_one_side_only_and_points_far_from_the_nose_are_refused():
    vertices, triangles, landmarks = dense_head()
    with pytest.raises(SettingsError, match="only one"):
        compare_with_scan(vertices, vertices, triangles, nose_tip=landmarks[30], scan_landmarks=landmarks)
    with pytest.raises(SettingsError, match="no surface"):
        compare_with_scan(vertices[:0], vertices, triangles, nose_tip=landmarks[30])
    with pytest.raises(SettingsError, match="within 95 mm"):
        compare_with_scan(
            vertices, vertices, triangles, nose_tip=landmarks[30], scan_landmarks=landmarks, landmarks=landmarks,
            scan_nose_tip=np.ones(3),
        )  # fmt: skip


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".npz"])
@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_scans_are_read_from_every_format_in_metres_with_seams_merged(tmp_path, suffix, unit):
    vertices, triangles, _ = dense_head()
    path = tmp_path / f"scan{suffix}"
    if suffix == ".npz":
        np.savez(path, vertices=vertices * unit, faces=triangles)
    else:
        trimesh.Trimesh(vertices * unit, triangles, process=False).export(path)
    surface = read_surface(path)
    used = np.unique(triangles)
    assert len(surface.vertices) in {len(vertices), len(used)}
    assert len(surface.triangles) == len(triangles)
    np.testing.assert_allclose(np.ptp(surface.vertices, axis=0), np.ptp(vertices[used], axis=0), atol=1e-5)


def test_files_are_compared_with_picked_points_in_the_scans_unit(tmp_path):
    head = sample_head()
    head.save(tmp_path / "head.npz")
    vertices, triangles, landmarks = dense_head()
    seven = landmarks[list(NOW_LANDMARKS)]
    scan = trimesh.Trimesh(MOTION.apply(vertices) * 1000, triangles, process=False)
    scan.export(tmp_path / "scan.ply")
    points = "".join(f'<point x="{x}" y="{y}" z="{z}" active="1" name="p"/>' for x, y, z in MOTION.apply(seven) * 1000)
    (tmp_path / "scan.pp").write_text(f"<!DOCTYPE PickedPoints><PickedPoints>{points}</PickedPoints>", encoding="utf-8")
    np.savetxt(tmp_path / "own.txt", seven)
    result = evaluate_scan(
        tmp_path / "scan.ply",
        tmp_path / "head.npz",
        landmarks=tmp_path / "scan.pp",
        prediction_landmarks=tmp_path / "own.txt",
    )
    assert result.with_scale.mean_mm < 0.2  # the subdivided scan and its coarse triangles lie in the same planes
    assert result.as_dict()["without_scale"]["scale"] == 1
    assert "median" in str(result)


@pytest.mark.parametrize("damage", ["cut off", "values", "entry"])
def test_a_damaged_head_file_ends_with_the_exit_code_of_damaged_head_files(tmp_path, capsys, damage):
    good = tmp_path / "good.npz"
    sample_head().save(good)
    content, bad = bytearray(good.read_bytes()), tmp_path / "bad.npz"
    if damage == "cut off":
        del content[len(content) // 2 :]
    elif damage == "entry":
        content[content.index(b"photo_camera.npy") + 200] ^= 255
    bad.write_bytes(content)
    if damage == "values":
        replace(sample_head(), vertices=np.full_like(sample_head().vertices, np.nan)).save(bad)
    for scan, prediction in ((good, bad), (bad, good)):
        assert cli.main(["evaluate", "scan", "--scan", str(scan), "--prediction", str(prediction)]) == 8
        assert "bad.npz" in capsys.readouterr().err


def test_unreadable_files_give_one_sentence(tmp_path):
    for name, content in (("a.obj", b"\0\1\2"), ("b.npz", b"no zip"), ("c.ply", b"ply\nnonsense"), ("d.stl", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SettingsError):
            read_surface(tmp_path / name)
    with pytest.raises(SettingsError, match="no file"):
        read_surface(tmp_path / "missing.obj")
    (tmp_path / "l.txt").write_text("1 2\n3 4\n5 x", encoding="utf-8")
    with pytest.raises(SettingsError, match="landmarks"):
        read_landmarks(tmp_path / "l.txt")
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(SettingsError, match="hold no points"):
        read_landmarks(tmp_path / "empty.txt")
