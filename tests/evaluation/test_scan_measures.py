"""What a scan's measure must not depend on: hidden surfaces, density, unit, what the head stands on, landmark order."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest
import trimesh

from seif_core.errors import SettingsError
from seif_core.evaluation import scan_files
from seif_core.evaluation.landmark_files import read_landmarks
from seif_core.evaluation.scan import NOW_LANDMARKS, compare_with_scan
from seif_core.evaluation.scan_files import evaluate_scan
from seif_core.evaluation.scan_points import drawn, outer_points
from seif_core.geometry.camera import Camera
from seif_core.head import Head
from seif_core.headmodel import load_head_model
from seif_core.headmodel.subdivision import subdivide_model

MOST_AWAY = 2.2
"""Millimetres, mean: the two persons of these tests lie 1.6 apart; a measure that went wrong says 3 and more."""


def person(seed, scale=1.0, model=None):
    """A head of the Open head model's identity space."""
    model = model or load_head_model()
    coarse = load_head_model()
    shape = (np.random.default_rng(seed).normal(size=100) * scale).astype(np.float32)
    vertices = (model.template + np.tensordot(shape, model.shape_basis, 1)).astype(np.float32)
    landmarks = model.embeddings["ibug68"]
    return Head(
        name="x",
        model_name="open",
        model_title=coarse.title,
        model_licence=coarse.licence,
        attribution=coarse.attribution,
        vertices=vertices,
        faces=model.faces,
        face_part=model.face_part,
        uvs=model.uvs,
        uv_faces=model.uv_faces,
        joints=(model.joint_regressor @ vertices).astype(np.float32),
        skin_weights=model.skin_weights,
        key_names=model.key_names,
        key_deltas=model.key_basis,
        expression_deltas=model.expression_basis,
        pose_deltas=model.pose_basis,
        regions=model.regions,
        texture=None,
        photo_name="x.jpg",
        photo_sha256="0" * 64,
        photo_camera=Camera(900.0, 256.0, 256.0, 512, 512),
        photo_pose=np.zeros((5, 3), np.float32),
        photo_translation=np.zeros(3, np.float32),
        photo_shape=shape,
        photo_expression=np.zeros(len(model.expression_basis), np.float32),
        photo_key_weights=np.zeros(len(model.key_names), np.float32),
        photo_delta=np.zeros_like(vertices),
        landmark_vertices=landmarks.vertex_ids,
        landmark_weights=landmarks.weights,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with one person's head as the prediction; the other's vertices, triangles and landmarks (68, 3)."""
    folder = tmp_path_factory.mktemp("scans")
    person(2, 0.7).save(folder / "prediction.npz")
    scanned, model = person(1), load_head_model()
    scanned.save(folder / "scanned.npz")
    landmarks = model.embeddings["ibug68"].points(scanned.vertices).astype(np.float64)
    return folder, scanned.vertices.astype(np.float64), model.triangles, landmarks


def written(folder, vertices, triangles, *more, factor=1.0):
    mesh = trimesh.util.concatenate([trimesh.Trimesh(vertices, triangles, process=False), *more])
    mesh.apply_scale(factor)
    mesh.export(folder / "scan.ply")
    return folder / "scan.ply"


def picked(folder, points, name="landmarks.txt"):
    np.savetxt(folder / name, points)
    return folder / name


def test_a_head_measured_against_itself_has_distance_zero_at_scale_one(world):
    folder = world[0]
    found = evaluate_scan(folder / "scanned.npz", folder / "scanned.npz")
    for row in (found.with_scale, found.without_scale):
        assert row.mean_mm < 0.005
        assert row.alignment.scale == pytest.approx(1, abs=5e-4)


def test_teeth_tongue_and_lashes_of_a_head_are_not_measured(world, monkeypatch):
    folder, vertices, _, _ = world
    drawn_from = []
    monkeypatch.setattr(scan_files, "outer_points", lambda *a: drawn_from.append(a) or outer_points(*a))
    evaluate_scan(folder / "scanned.npz", folder / "prediction.npz")
    model, used = load_head_model(), {tuple(v) for v in np.round(drawn_from[0][0], 6)}
    inner = model.faces[model.face_part > 2][:, :3]
    assert not used & {tuple(v) for v in np.round(vertices[inner.ravel()], 6)}


def test_what_is_hidden_inside_a_scan_is_left_out():
    outer, inner = trimesh.creation.box([0.1] * 3), trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    mesh = trimesh.util.concatenate([outer.subdivide().subdivide(), inner])
    for triangles in (mesh.faces, mesh.faces[:, ::-1]):
        points = outer_points(np.array(mesh.vertices), np.array(triangles), np.zeros(3), 0.2, 2000)
        assert len(points) > 1000
        assert np.linalg.norm(points, axis=1).min() > 0.045


def test_a_scan_of_uneven_density_does_not_weigh_where_it_is_dense():
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.1)
    fine = np.flatnonzero(ball.triangles_center[:, 0] > 0)
    for _ in range(2):
        ball = ball.subdivide(fine)
        fine = np.flatnonzero(ball.triangles_center[:, 0] > 0)
    points, _ = drawn(np.array(ball.vertices), np.array(ball.faces), 4000)
    assert (ball.vertices[:, 0] > 0).mean() > 0.8
    assert (points[:, 0] > 0).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("metres", [0.1, 0.0254, 0.001])
def test_a_scan_in_decimetres_inches_or_millimetres_gives_the_figures_of_one_in_metres(world, metres):
    folder, vertices, triangles, landmarks = world
    scan = written(folder, vertices, triangles, factor=1 / metres)
    seven = picked(folder, landmarks[list(NOW_LANDMARKS)] / metres)
    by_face = evaluate_scan(scan, folder / "prediction.npz")
    by_landmarks = evaluate_scan(scan, folder / "prediction.npz", landmarks=seven)
    for found in (by_face, by_landmarks):
        assert found.without_scale.mean_mm < MOST_AWAY
        assert 0.9 < found.with_scale.alignment.scale < 1.15


@pytest.mark.slow
@pytest.mark.parametrize("below", ["figure", "turntable"])
@pytest.mark.parametrize("metres", [1.0, 0.001])
def test_a_head_on_a_tall_figure_or_a_turntable_is_found(world, below, metres):
    folder, vertices, triangles, _ = world
    if below == "figure":
        thing = trimesh.creation.box([0.5, 2.2, 0.3])
        thing.apply_translation([0, -1.25, -0.03])
    else:
        thing = trimesh.creation.cylinder(0.35, 0.05)
        thing.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
        thing.apply_translation([0, -0.21, -0.03])
    found = evaluate_scan(written(folder, vertices, triangles, thing, factor=1 / metres), folder / "prediction.npz")
    assert found.without_scale.mean_mm < MOST_AWAY


def test_a_scan_that_holds_no_head_is_refused_with_the_options_that_help(world):
    folder = world[0]
    trimesh.creation.box([0.3, 0.2, 0.25]).export(folder / "box.ply")
    with pytest.raises(SettingsError, match=r"--landmarks.*--scan-unit"):
        evaluate_scan(folder / "box.ply", folder / "prediction.npz")


SIDES_EXCHANGED = [3, 2, 1, 0, 4, 6, 5]


@pytest.mark.parametrize("order", [SIDES_EXCHANGED, [6, 5, 4, 3, 2, 1, 0]])
def test_landmarks_with_exchanged_sides_or_reversed_are_put_in_order_and_it_is_told(world, order, caplog):
    folder, vertices, triangles, landmarks = world
    scan, seven = written(folder, vertices, triangles, factor=1000), landmarks[list(NOW_LANDMARKS)] * 1000
    right = evaluate_scan(scan, folder / "prediction.npz", landmarks=picked(folder, seven))
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        found = evaluate_scan(scan, folder / "prediction.npz", landmarks=picked(folder, seven[order]))
    assert found.without_scale.mean_mm == pytest.approx(right.without_scale.mean_mm, abs=1e-6)
    assert "put in order" in caplog.text


def test_sixty_eight_landmarks_in_reversed_order_are_put_in_order(world, caplog):
    folder, vertices, triangles, landmarks = world
    scan = written(folder, vertices, triangles)
    for reversed_ones in (landmarks[::-1], landmarks[17:][::-1]):
        found = evaluate_scan(scan, folder / "prediction.npz", landmarks=picked(folder, reversed_ones))
        assert found.without_scale.mean_mm < MOST_AWAY
    assert "reversed" in caplog.text


def test_landmarks_in_no_order_that_fits_are_refused(world):
    folder, vertices, triangles, landmarks = world
    mixed = landmarks[list(NOW_LANDMARKS)][[4, 0, 6, 2, 1, 5, 3]]
    with pytest.raises(SettingsError, match="same order"):
        evaluate_scan(written(folder, vertices, triangles), folder / "prediction.npz", landmarks=picked(folder, mixed))


def test_landmarks_in_metres_beside_a_scan_in_millimetres_are_scaled_and_it_is_told(world, caplog):
    folder, vertices, triangles, landmarks = world
    scan = written(folder, vertices, triangles, factor=1000)
    found = evaluate_scan(scan, folder / "prediction.npz", landmarks=picked(folder, landmarks[list(NOW_LANDMARKS)]))
    assert found.without_scale.mean_mm < MOST_AWAY
    assert "another unit" in caplog.text


def test_landmarks_beside_their_surface_are_refused(world):
    folder, vertices, triangles, landmarks = world
    away = picked(folder, landmarks[list(NOW_LANDMARKS)] + 0.5)
    with pytest.raises(SettingsError, match="do not lie on the surface"):
        evaluate_scan(written(folder, vertices, triangles), folder / "prediction.npz", landmarks=away)


def test_landmarks_in_other_axes_than_their_mesh_are_refused(world):
    folder, vertices, triangles, landmarks = world
    seven = landmarks[list(NOW_LANDMARKS)]
    turned = seven[:, [0, 2, 1]] * [1, -1, 1]
    turned += seven.mean(0) - turned.mean(0)  # in the head, where its surface is never far
    with pytest.raises(SettingsError, match=r"other axes|do not lie on the surface"):
        evaluate_scan(written(folder, vertices, triangles), folder / "prediction.npz", landmarks=picked(folder, turned))


def test_landmarks_that_all_lie_on_one_point_are_refused(world):
    folder, vertices, triangles, landmarks = world
    once = np.repeat(landmarks[:1], 7, axis=0)
    with pytest.raises(SettingsError, match="all lie on one point"):
        evaluate_scan(written(folder, vertices, triangles), folder / "prediction.npz", landmarks=picked(folder, once))


@pytest.mark.parametrize("text", ["1,5;2,5;3,5\n4,0;5,0;6,0", "1.5, 2.5, 3.5\n4; 5; 6.0"])
def test_tables_with_points_or_commas_are_read(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_landmarks(tmp_path / "a.csv"), [[1.5, 2.5, 3.5], [4, 5, 6]])


def test_landmarks_that_are_no_list_are_refused_in_words(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, 2, 3]}', encoding="utf-8")
    with pytest.raises(SettingsError, match="it holds no list"):
        read_landmarks(tmp_path / "a.json")


@pytest.mark.parametrize("off", ["0", "false"])
def test_a_deactivated_point_of_meshlab_is_left_out(tmp_path, off):
    point = '<point x="{0}" y="0" z="0" active="{1}" name="p"/>'
    points = "".join(point.format(i, off if i == 1 else 1) for i in range(3))
    (tmp_path / "a.pp").write_text(f"<PickedPoints>{points}</PickedPoints>", encoding="utf-8")
    np.testing.assert_array_equal(read_landmarks(tmp_path / "a.pp")[:, 0], [0, 2])


@pytest.mark.parametrize("kind", ["subdivided", "flame", "old subdivided"])
def test_a_head_brings_its_landmarks_subdivided_and_of_flame_too(world, kind, tmp_path):
    folder, vertices, triangles, landmarks = world
    head = person(2, 0.7, None if kind == "flame" else subdivide_model(load_head_model()))
    if kind == "flame":  # whatever the model is called, what counts is in the head
        head = dataclasses.replace(head, model_name="flame2023open")
    if kind == "old subdivided":
        head = dataclasses.replace(head, landmark_vertices=None, landmark_weights=None)
    head.save(tmp_path / "head.npz")
    found = evaluate_scan(
        written(folder, vertices, triangles), tmp_path / "head.npz", landmarks=picked(folder, landmarks)
    )
    assert found.without_scale.mean_mm < MOST_AWAY


def test_a_head_models_name_is_never_opened_as_a_path(world, tmp_path, monkeypatch):
    folder, vertices, triangles, _ = world
    asked = []
    monkeypatch.setattr(scan_files, "load_head_model", lambda name: asked.append(name) or load_head_model())
    head = dataclasses.replace(
        person(2, 0.7), model_name=str(tmp_path / "secret.pkl"), landmark_vertices=None, landmark_weights=None
    )
    head.save(tmp_path / "head.npz")
    evaluate_scan(written(folder, vertices, triangles), tmp_path / "head.npz")
    assert set(asked) <= {"open"}


def test_the_measure_itself_still_takes_points(world):
    _, vertices, triangles, landmarks = world
    found = compare_with_scan(vertices, vertices, triangles, nose_tip=landmarks[30])
    assert found.without_scale.mean_mm < 1e-3
