"""`seif compare`: every method's files are read as its own program writes them, on meshes made here."""

from __future__ import annotations

import json
from pathlib import Path

import measured_head
import numpy as np
import pytest
import trimesh
from PIL import Image
from test_scan_measures import person

from seif_core import cli
from seif_core.errors import ModelError, SettingsError
from seif_core.evaluation.compare import run
from seif_core.evaluation.compare.adapters import ADAPTERS, adapter_of
from seif_core.evaluation.compare.flame_topology import SEVEN, VERTICES, mesh_from_parameters
from seif_core.evaluation.compare.found_landmarks import with_landmarks
from seif_core.evaluation.compare.method_mesh import DOWN, MethodMesh
from seif_core.evaluation.compare.ours import mediapipe_triangles
from seif_core.evaluation.compare.sheets import compose_sheet
from seif_core.evaluation.compare.truths import BENCHMARKS, benchmark_cases, plain_cases
from seif_core.evaluation.landmark_files import now_landmarks
from seif_core.headmodel import load_head_model
from seif_core.workshop.training.scans.comparison import cases_of_dataset

NAME = "photo_1"
PICKED = "<PickedPoints>{}</PickedPoints>"
POINT = '<point x="{}" y="{}" z="{}" active="1" name="p"/>'


def compact(subject):
    """A subject's vertices and triangles without vertices that no triangle uses."""
    used, corners = np.unique(subject.triangles, return_inverse=True)
    return subject.vertices[used], corners.reshape(-1, 3)


def write(path: Path, vertices, triangles):
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.Trimesh(vertices, triangles, process=False).export(path)
    return path


def picture(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((64, 48, 3), 120, np.uint8)).save(path)
    return path


def flame_like(factor=1.0):
    """A mesh with FLAME's number of vertices, whose landmarks lie where the Open head's are."""
    head = measured_head.subject(1)
    vertices, triangles = compact(head)
    vertices, triangles = vertices[:VERTICES].copy(), triangles[(triangles < VERTICES).all(axis=1)]
    vertices[list(SEVEN)] = now_landmarks(head.landmarks)
    return factor * vertices, triangles


LAYOUTS = {
    "deca": f"{NAME}/{NAME}.obj",
    "emoca": f"{NAME}00/mesh_coarse.obj",
    "mica": f"{NAME}/mesh.ply",
    "3ddfa_v2": f"{NAME}_obj.obj",
    "deep3d": f"{NAME}.obj",
    "prnet": f"{NAME}.obj",
    "mgcnet": f"{NAME}.ply",
    "hifi3dface": f"{NAME}/head.obj",
    "somebody": f"{NAME}.stl",
}


@pytest.mark.parametrize("method", LAYOUTS)
def test_a_methods_mesh_is_found_where_its_own_program_writes_it(method, tmp_path):
    vertices, triangles = compact(measured_head.subject(1))
    write(tmp_path / LAYOUTS[method], vertices, triangles)
    adapter = adapter_of(method)
    found = adapter.read(tmp_path, NAME, tmp_path / f"{NAME}.jpg")
    assert len(found.triangles) == len(triangles)
    np.testing.assert_allclose(np.ptp(found.vertices, axis=0), np.ptp(vertices, axis=0), atol=1e-5)
    assert adapter.read(tmp_path, "another", tmp_path / "another.jpg") is None


def test_every_method_of_the_papers_tables_has_an_adapter_of_its_own():
    assert {"prnet", "deep3d", "3ddfa", "mgcnet", "deca", "hifi3d", "mica", "emoca"} <= set(ADAPTERS)
    assert adapter_of("DECA-detail") is ADAPTERS["deca"]
    assert adapter_of("unheard of") is ADAPTERS["plain"]
    assert adapter_of("FitMe") is ADAPTERS["plain"]


def test_the_mean_head_and_the_fit_that_were_made_here_are_in_metres(tmp_path):
    head = measured_head.subject(1)
    np.savez(tmp_path / f"{NAME}.npz", vertices=head.vertices, faces=head.triangles)
    np.save(tmp_path / f"{NAME}.landmarks.npy", head.landmarks)
    found = adapter_of("fit").read(tmp_path, NAME, tmp_path / "x.jpg")
    assert found.metres == 1.0
    np.testing.assert_array_equal(found.landmarks, head.landmarks)


@pytest.mark.parametrize(("method", "factor"), [("deca", 1.0), ("mica", 1000.0)])
def test_a_mesh_of_flames_topology_brings_its_seven_landmarks_and_its_size(method, factor, tmp_path):
    vertices, triangles = flame_like(factor)
    lines = [*(f"v {x} {y} {z}" for x, y, z in vertices), *(f"f {a} {b} {c}" for a, b, c in triangles + 1)]
    path = tmp_path / NAME / ("mesh.obj" if method == "mica" else f"{NAME}.obj")
    path.parent.mkdir()
    path.write_text("\n".join(lines), encoding="utf-8")
    found = adapter_of(method).read(tmp_path, NAME, path)
    assert found.metres == pytest.approx(1 / factor)
    np.testing.assert_allclose(found.seven, vertices[list(SEVEN)], rtol=1e-6)


def test_the_landmarks_of_prnet_are_turned_upright_as_its_mesh_was(tmp_path):
    head = measured_head.subject(1)
    vertices, triangles = compact(head)
    height = 480
    in_pixels = vertices * 900 + [200, 250, 0]
    rows = [int(np.linalg.norm(vertices - mark, axis=1).argmin()) for mark in head.landmarks]
    marks = in_pixels[rows] * [1, -1, 1] + [0, height - 1, 0]
    write(tmp_path / f"{NAME}.obj", in_pixels, triangles)
    np.savetxt(tmp_path / f"{NAME}_kpt.txt", marks)
    found = adapter_of("prnet").read(tmp_path, NAME, tmp_path / "x.jpg")
    np.testing.assert_allclose(found.landmarks, in_pixels[rows], atol=0.01)


def test_mica_brings_the_landmarks_that_it_wrote(tmp_path):
    vertices, triangles = compact(measured_head.subject(1))
    write(tmp_path / NAME / "mesh.ply", 1000 * vertices, triangles)
    np.save(tmp_path / NAME / "kpt68.npy", 1000 * measured_head.subject(1).landmarks)
    assert adapter_of("mica").read(tmp_path, NAME, tmp_path / "x.jpg").landmarks.shape == (68, 3)


def test_parameters_without_a_flame_model_are_refused_with_the_option_that_helps(tmp_path):
    np.savez(tmp_path / f"{NAME}.npz", shape=np.zeros(100, np.float32))
    with pytest.raises(SettingsError, match="--flame"):
        mesh_from_parameters(tmp_path / f"{NAME}.npz", "")
    with pytest.raises(SettingsError, match="FLAME"):
        mesh_from_parameters(tmp_path / f"{NAME}.npz", "open")


@pytest.mark.parametrize("turn", [np.eye(3), DOWN], ids=["upright", "upside down"])
def test_the_landmarks_of_a_bare_mesh_are_found_by_its_face(turn):
    head = measured_head.subject_of(load_head_model().template.astype(np.float64))
    vertices, triangles = compact(head)
    found = with_landmarks(MethodMesh(50 * vertices @ turn.T + [3.0, 1, 0], triangles))
    assert found.landmarks is not None
    back = np.linalg.norm((found.landmarks - [3.0, 1, 0] @ turn) / 50 - head.landmarks, axis=1)
    inner = back[17:]
    assert np.median(inner) < 0.003
    assert back[[36, 39, 42, 45, 33, 48, 54]].max() < 0.006


def test_a_mesh_without_a_face_is_given_no_landmarks():
    ball = trimesh.creation.icosphere(subdivisions=4)
    assert with_landmarks(MethodMesh(np.array(ball.vertices), np.array(ball.faces))).landmarks is None


def test_mediapipes_points_are_joined_to_one_sheet_that_faces_the_viewer():
    triangles = mediapipe_triangles(load_head_model())
    assert 700 < len(triangles) < 1000
    assert set(triangles.ravel()) == set(range(468))


def test_a_sheet_shows_the_photo_and_every_method_with_an_empty_place_for_none():
    vertices, triangles = compact(measured_head.subject(1))
    mesh = MethodMesh(700 * vertices, triangles, 700 * measured_head.subject(1).landmarks)
    sheet = compose_sheet(np.full((60, 80, 3), 200, np.uint8), {"deca": mesh, "mica": None})
    cells = np.array_split(sheet, 3, axis=1)
    assert cells[0].max() == 200 or cells[0].max() > 200
    assert cells[1].std() > 3 * cells[2].std()


def test_photos_scans_and_their_landmarks_are_found_in_the_plain_layout(tmp_path):
    picture(tmp_path / "photos" / f"{NAME}.jpg")
    picture(tmp_path / "photos" / "bare.jpg")
    vertices, triangles = compact(measured_head.subject(1))
    write(tmp_path / "scans" / f"{NAME}.ply", 1000 * vertices, triangles)
    np.savetxt(tmp_path / "scans" / f"{NAME}.landmarks.txt", 1000 * measured_head.subject(1).landmarks)
    cases = {case.name: case for case in plain_cases(tmp_path)}
    assert cases["bare"].truth is None
    truth = cases[NAME].truth()
    np.testing.assert_allclose(truth.landmarks, measured_head.subject(1).landmarks, atol=1e-6)
    assert np.ptp(truth.vertices[:, 1]) < 0.5
    with pytest.raises(SettingsError, match="photos"):
        plain_cases(tmp_path / "scans")


def small_benchmark(kind, root):
    """One photo and its scan, laid out as a benchmark is; returns the expected name."""
    head = measured_head.subject(1)
    vertices, triangles = compact(head)
    if kind == "now":
        picture(root / "iphone_pictures" / "P1" / "selfie" / "IMG_1.jpg")
        write(root / "scans" / "P1" / "neutral.obj", 1000 * vertices, triangles)
        (root / "scans_lmks_onlypp" / "P1").mkdir(parents=True)
        points = "".join(POINT.format(*p) for p in 1000 * now_landmarks(head.landmarks))
        (root / "scans_lmks_onlypp" / "P1" / "neutral.pp").write_text(PICKED.format(points), encoding="utf-8")
        return "P1_selfie_IMG_1"
    if kind == "realy":
        picture(root / "images" / "7_2.jpg")
        for name in ("nose", "mouth", "forehead", "cheek"):
            write(root / "REALY_scan_region" / "7" / f"{name}.obj", 1000 * vertices, triangles[:500])
        points = 1000 * np.concatenate([head.landmarks, head.landmarks[:17]])
        (root / "REALY_HIFI3D_keypoints").mkdir()
        told = "\n".join(f"v {x} {y} {z}" for x, y, z in points)
        (root / "REALY_HIFI3D_keypoints" / "7.obj").write_text(told, encoding="utf-8")
        return "7_2"
    place = kind.removeprefix("facescape-")
    photo = "012" if place == "wild" else "03_1_07"
    picture(root / f"{place}_image" / f"{photo}.jpg")
    write(root / f"{place}_gt_mesh" / f"{photo.split('_', maxsplit=1)[0]}.obj", vertices, triangles)
    return photo


@pytest.mark.parametrize("kind", BENCHMARKS)
def test_a_benchmark_is_read_as_its_publisher_lays_it_out(kind, tmp_path):
    name = small_benchmark(kind, tmp_path)
    cases = benchmark_cases(kind, tmp_path)
    assert [case.name for case in cases] == [name]
    truth = cases[0].truth()
    assert 0.1 < np.ptp(truth.vertices[np.unique(truth.triangles)], axis=0).max() < 0.6 or kind == "realy"
    if kind in ("now", "realy"):
        expected = now_landmarks(measured_head.subject(1).landmarks)
        np.testing.assert_allclose(now_landmarks(truth.landmarks), expected, atol=1e-6)
    with pytest.raises(SettingsError, match=kind):
        benchmark_cases(kind, tmp_path / "nothing")


def test_scans_of_a_data_set_are_the_truths_of_photos_named_after_them(tmp_path):
    vertices, triangles = compact(measured_head.subject(1))
    write(tmp_path / "coma" / "FaceTalk_170725_00137_TA" / "bareteeth" / "bareteeth.000001.ply", vertices, triangles)
    picture(tmp_path / "photos" / "FaceTalk_170725_00137_TA_bareteeth.000001.jpg")
    cases = cases_of_dataset(tmp_path / "coma", "coma", tmp_path)
    assert len(cases) == 1
    assert len(cases[0].truth().triangles) == len(triangles)
    with pytest.raises(SettingsError, match="named as a scan"):
        cases_of_dataset(tmp_path / "coma", "coma", tmp_path / "coma")


@pytest.mark.parametrize(
    "change",
    [
        (1, 1, []),
        (-1, 1, ["left and right exchanged", "look inwards"]),
        (-1, -1, ["left and right exchanged"]),
        (1, -1, ["look inwards"]),
    ],
    ids=["sound", "mirrored", "mirrored with its faces", "inside out"],
)
@pytest.mark.parametrize("kind", ["methods", "scans"])
def test_a_mirrored_or_turned_mesh_is_never_silently_measured(tmp_path, monkeypatch, kind, change):
    mirror, turn, said = change
    monkeypatch.setattr(run, "draw_sheet", lambda *_: None)
    head = measured_head.subject(1)
    vertices, triangles = compact(head)
    picture(tmp_path / "photos" / f"{NAME}.jpg")
    for folder in (tmp_path / "scans", tmp_path / "methods" / "any"):
        odd = kind in folder.parts
        way = [mirror if odd else 1, 1, 1]
        write(folder / f"{NAME}.ply", vertices * way, triangles[:, ::turn] if odd else triangles)
        np.savetxt(folder / f"{NAME}.landmarks.txt", head.landmarks * way)
    found = run.compare(plain_cases(tmp_path), tmp_path / "methods", tmp_path / "out", protocols=["now"])
    assert len(found.remarks) == len(said)
    for words in said:
        assert any(words in told and told.startswith("any" if kind == "methods" else "truth") for told in found.remarks)


def test_a_method_without_a_usable_file_is_told_which_names_were_expected(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "draw_sheet", lambda *_: None)
    picture(tmp_path / "photos" / f"{NAME}.jpg")
    (tmp_path / "methods" / "mica").mkdir(parents=True)
    found = run.compare(plain_cases(tmp_path), tmp_path / "methods", tmp_path / "out")
    assert "NAME/mesh" in found.remarks[0]
    with pytest.raises(ModelError, match="no head model named 'nothing'"):
        run.compare(plain_cases(tmp_path), tmp_path / "methods", tmp_path / "out2", flame="nothing")


def test_a_comparison_that_is_stopped_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "draw_sheet", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    picture(tmp_path / "photos" / f"{NAME}.jpg")
    (tmp_path / "methods" / "mica").mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):
        run.compare(plain_cases(tmp_path), tmp_path / "methods", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_benchmark_is_told_with_all_that_there_are(tmp_path, capsys):
    assert cli.main(["compare", str(tmp_path), "--out", str(tmp_path / "out"), "--benchmark", "foo=bar"]) == 9
    assert "facescape-lab, facescape, coma, headspace, faceverse, i3dmm" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_compares_methods_on_the_same_photos(tmp_path, capsys):
    truth = measured_head.subject(1)
    vertices, triangles = compact(truth)
    picture(tmp_path / "photos" / f"{NAME}.jpg")
    write(tmp_path / "scans" / f"{NAME}.ply", vertices, triangles)
    np.savetxt(tmp_path / "scans" / f"{NAME}.landmarks.txt", truth.landmarks)
    methods = tmp_path / "methods"
    (methods / "seif" / NAME).mkdir(parents=True)
    person(1).save(methods / "seif" / NAME / "head.npz")
    other, corners = compact(measured_head.subject(2, 0.7))
    write(methods / "prnet" / f"{NAME}.obj", 900 * other, corners)
    (methods / "deca").mkdir()
    options = ["--protocol", "now", "--protocol", "realy"]
    assert cli.main(["compare", str(tmp_path), "--out", str(tmp_path / "out"), *options]) == 0
    assert "| deca | 0 of 1 |" in capsys.readouterr().out
    told = json.loads((tmp_path / "out" / "table.json").read_text(encoding="utf-8"))
    ours, theirs = (told["figures"]["now"][name]["with scale"]["mean_mm"][0] for name in ("seif", "prnet"))
    assert ours < 0.05
    assert theirs > 0.5
    assert "metrical" in told["figures"]["now"]["seif"]
    assert "metrical" not in told["figures"]["now"]["prnet"]
    assert (tmp_path / "out" / "sheets" / f"{NAME}.png").exists()
    with pytest.raises(SystemExit):
        cli.main(["compare", str(tmp_path), "--out", str(tmp_path / "out"), "--protocol", "unheard"])


def test_the_command_lines_lists_are_those_of_the_library():
    from seif_core.cli_compare import BENCHMARKS as OFFERED
    from seif_core.cli_compare import DATASETS, PROTOCOLS
    from seif_core.evaluation.protocols.run import PROTOCOLS as KNOWN
    from seif_core.workshop.training.scans.datasets import READERS

    assert set(OFFERED) == set(BENCHMARKS)
    assert tuple(KNOWN) == PROTOCOLS
    assert set(DATASETS) <= set(READERS)
