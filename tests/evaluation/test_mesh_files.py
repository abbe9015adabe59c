"""Mesh files that are compressed, hostile or damaged: a mesh, or one sentence; nothing that they name is opened."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from bombs import EPS, glb, npz_of_zeros, npz_that_declares, triangle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin
from sample_hair import with_hair
from sample_head import sample_head

from seif_core.errors import SettingsError
from seif_core.evaluation.landmark_files import read_landmarks
from seif_core.evaluation.scan_files import read_surface
from seif_core.export import write_glb, write_obj
from seif_core.workshop.training.scans.mesh import read_scan_mesh
from seif_core.workshop.training.scans.records import ScanDatasetError


def test_a_plain_glb_is_read(tmp_path):
    glb(tmp_path / "a.glb", *triangle())
    assert len(read_surface(tmp_path / "a.glb", "m").vertices) == 3


@pytest.mark.parametrize("suffix", ["glb", "obj"])
def test_hair_that_is_an_object_of_its_own_is_left_out_and_told(tmp_path, caplog, suffix):
    bald, haired = sample_head(), with_hair(sample_head(), size=8)
    write = {"glb": write_glb, "obj": write_obj}[suffix]
    for name, head in (("bald", bald), ("haired", haired)):
        write(head, tmp_path / f"{name}.{suffix}")
    plain, found = (read_surface(tmp_path / f"{name}.{suffix}", "m") for name in ("bald", "haired"))
    np.testing.assert_allclose(found.vertices, plain.vertices, atol=1e-6)
    assert len(found.triangles) == len(plain.triangles)
    assert f"The hair of haired.{suffix}" in caplog.text
    assert f"bald.{suffix}" not in caplog.text


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("number", ["nan", "1e30"])
def test_a_mesh_with_a_vertex_that_is_no_number_is_refused_before_any_library_warns(tmp_path, number):
    (tmp_path / "a.obj").write_text(f"v {number} 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="not numbers"):
        read_surface(tmp_path / "a.obj", "m")


def test_a_draco_compressed_glb_is_refused_in_words(tmp_path):
    told, points = triangle(3, extensions={"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {}}})
    for required in ([], ["KHR_draco_mesh_compression"]):
        glb(tmp_path / "a.glb", {**told, "extensionsRequired": required}, points)
        with pytest.raises(SettingsError, match=r"KHR_draco_mesh_compression.*without compression"):
            read_surface(tmp_path / "a.glb", "m")


@pytest.mark.parametrize(("count", "view"), [(10**9, False), (10**9, True), (3, False)])
def test_a_glb_that_declares_more_than_it_holds_is_refused_before_it_is_allocated(tmp_path, count, view, monkeypatch):
    glb(tmp_path / "a.glb", *triangle(count, view=view))
    monkeypatch.setattr(trimesh, "load_scene", None)
    with pytest.raises(SettingsError, match="does not hold"):
        read_surface(tmp_path / "a.glb", "m")


def test_a_glb_whose_nodes_share_children_is_refused(tmp_path):
    told, points = triangle()
    nodes = [{"children": [i + 1, i + 1]} for i in range(40)] + [{"mesh": 0}]
    glb(tmp_path / "a.glb", {**told, "nodes": nodes}, points)
    with pytest.raises(SettingsError, match="no tree"):
        read_surface(tmp_path / "a.glb", "m")


def test_zeros_in_an_npz_are_refused(tmp_path):
    npz_of_zeros(tmp_path / "a.npz", 1.0)
    npz_that_declares(tmp_path / "b.npz", (1 << 40, 3))
    for name in ("a.npz", "b.npz"):
        with pytest.raises(SettingsError, match=name):
            read_surface(tmp_path / name, "m")


def test_a_ply_that_declares_more_than_it_holds_is_refused(tmp_path):
    header = "ply\nformat ascii 1.0\nelement vertex 9999999999\nproperty float x\nend_header\n1\n"
    (tmp_path / "a.ply").write_text(header, encoding="utf-8")
    with pytest.raises(SettingsError, match="declares"):
        read_surface(tmp_path / "a.ply", "m")
    with pytest.raises(ScanDatasetError, match="declares"):
        read_scan_mesh(tmp_path / "a.ply")


@pytest.mark.parametrize("name", ["a.dae", "a.gltf", "a.zip", "a.obj.gz", "a.tar.gz", "a.3mf", "a", "a.eps"])
def test_formats_beyond_the_list_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x1f\x8b\x08damaged")
    with pytest.raises(SettingsError, match="formats that are read"):
        read_surface(tmp_path / name, "m")


def test_faces_that_name_vertices_that_do_not_exist_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", vertices=np.zeros((3, 3)), faces=np.array([[0, 1, 7]]))
    (tmp_path / "a.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n", encoding="utf-8")
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", encoding="utf-8")
    for name in ("a.npz", "a.off", "a.obj"):
        with pytest.raises(SettingsError, match=name):
            read_surface(tmp_path / name, "m")


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".off", ".glb", ".npz"])
@given(seed=st.integers(0, 2**31))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_damage_ends_in_a_mesh_or_one_sentence(tmp_path, suffix, seed):
    path, rng = tmp_path / f"a{suffix}", np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(subdivisions=1)
    if suffix == ".npz":
        np.savez(path, vertices=ball.vertices, faces=ball.faces)
    else:
        ball.export(path)
    data = bytearray(path.read_bytes())
    for _ in range(int(rng.integers(1, 6))):
        data[int(len(data) * rng.random() ** 3)] = int(rng.integers(256))
    path.write_bytes(bytes(data[: int(rng.integers(len(data) // 2, len(data) + 1))]))
    try:
        surface = read_surface(path, "m")
    except SettingsError as error:
        assert path.name in str(error)  # noqa: PT017
        return
    assert np.isfinite(surface.vertices).all()
    assert not len(surface.triangles) or surface.triangles.max() < len(surface.vertices)


def test_a_texture_that_is_postscript_is_not_drawn(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *a, **_k: started.append(a))
    (tmp_path / "a.jpg").write_bytes(EPS)
    obj = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n"
    (tmp_path / "a.obj").write_text(obj, encoding="utf-8")
    with pytest.raises(ScanDatasetError, match=r"texture a\.jpg"):
        read_scan_mesh(tmp_path / "a.obj", tmp_path / "a.jpg")
    assert not started


def test_landmark_files_that_declare_or_nest_without_end_are_refused(tmp_path):
    header = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 3), }"
    (tmp_path / "a.npy").write_bytes(header + text.ljust(117) + b"\n")
    (tmp_path / "a.json").write_text("[" * 100_000, encoding="utf-8")
    for name in ("a.npy", "a.json"):
        with pytest.raises(SettingsError, match=name):
            read_landmarks(tmp_path / name)


def test_the_projects_own_glb_is_read_though_its_shapes_are_stored_sparsely(tmp_path):
    from sample_head import sample_head

    from seif_core.evaluation.scan_files import read_surface
    from seif_core.export import write_glb

    head = sample_head()
    write_glb(head, tmp_path / "head.glb")
    read = read_surface(tmp_path / "head.glb")
    assert len(read.triangles) > 0
    np.testing.assert_allclose(read.vertices.max(axis=0), head.vertices.max(axis=0), atol=1e-5)


FOUR = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n"
FORMS = {
    "byte-order mark": lambda text: ("\ufeff" + text).encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big-endian": lambda text: ("\ufeff" + text).encode("utf-16-be"),
    "carriage returns": lambda text: text.replace("\n", "\r").encode(),
    "carriage returns and line feeds": lambda text: text.replace("\n", "\r\n").encode(),
    "tabs": lambda text: text.replace(" ", "\t").encode(),
    "indents": lambda text: ("  " + text.replace("\n", "\n  ")).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", [".obj", ".off", ".stl", ".ply"])
def test_a_mesh_that_is_text_is_the_same_however_its_lines_are_written(tmp_path, suffix, form):
    path = tmp_path / f"a{suffix}"
    ball = trimesh.creation.icosphere(subdivisions=1)
    text = ball.export(
        file_type={".stl": "stl_ascii"}.get(suffix, suffix[1:]), **({"encoding": "ascii"} if suffix == ".ply" else {})
    )
    text = text if isinstance(text, str) else text.decode()
    path.write_bytes(FORMS[form](text))
    read = read_surface(path, "m")
    assert len(read.triangles) == len(ball.faces)
    np.testing.assert_allclose(np.sort(read.vertices, axis=0), np.sort(ball.vertices, axis=0), atol=1e-5)


@pytest.mark.parametrize("form", ["byte-order mark", "carriage returns", "tabs"])
def test_a_scan_of_a_data_set_is_the_same_however_its_lines_are_written(tmp_path, form):
    (tmp_path / "a.obj").write_bytes(FORMS[form](FOUR))
    read = read_scan_mesh(tmp_path / "a.obj")
    assert read.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert read.triangles.tolist() == [[0, 1, 2], [0, 1, 3]]


@pytest.mark.parametrize("obj", [FOUR.replace("v 1 0 0", "v 1 \\\r\n0 0"), FOUR.replace("\n", " # told\n")])
def test_lines_of_an_obj_that_go_on_or_end_in_words_are_read(tmp_path, obj):
    (tmp_path / "a.obj").write_text(obj, encoding="utf-8", newline="")
    read = read_surface(tmp_path / "a.obj", "m")
    assert (len(read.vertices), len(read.triangles)) == (4, 2)


def test_a_binary_stl_whose_words_begin_as_text_does_is_left_as_it_is(tmp_path):
    ball = trimesh.creation.icosphere(subdivisions=1)
    data = bytearray(ball.export(file_type="stl"))
    data[:5] = b"solid"
    (tmp_path / "a.stl").write_bytes(bytes(data))
    assert len(read_surface(tmp_path / "a.stl", "m").triangles) == len(ball.faces)
