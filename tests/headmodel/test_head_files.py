"""head.npz files that are damaged, hostile or of other widths: a head that fits together, or one sentence."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import numpy as np
import pytest
from bombs import npz_of_zeros, npz_that_declares
from conftest import REPOSITORY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_head import sample_head

from seif_core.array_files import ArrayFileError, read_array, read_arrays
from seif_core.errors import HeadFormatError
from seif_core.head import Head


@pytest.fixture
def arrays(tmp_path):
    sample_head().save(tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as data:
        return {name: data[name] for name in data.files}


def changed(arrays, name, change):
    value = arrays[name].copy()
    change(value)
    return {**arrays, name: value}


def put(index, value):
    def change(array):
        array[index] = value

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("faces", put((0, 0), 10**6)),
        ("faces", put((0, 1), -1)),
        ("faces", put((0, 3), -7)),
        ("faces", put((0, slice(0, 2)), 3)),
        ("uv_faces", put((0, 0), 10**6)),
        ("face_part", put(0, 200)),
        ("vertices", put((0, 0), np.nan)),
        ("vertices", put((0, 0), 1e30)),
        ("skin_weights", put((0, 0), np.inf)),
        ("key_deltas", put((0, 0, 0), np.nan)),
        ("photo_camera", put(0, np.nan)),
        ("photo_camera", put(3, np.inf)),
        ("photo_camera", put(4, 0)),
    ],
)
def test_values_out_of_range_are_refused_on_load(tmp_path, arrays, name, change):
    np.savez(tmp_path / "head.npz", **changed(arrays, name, change))
    with pytest.raises(HeadFormatError, match=r"head\.npz"):
        Head.load(tmp_path / "head.npz")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vertices", np.zeros((3, 2), np.float32)),
        ("faces", np.zeros((0, 4), np.int32)),
        ("faces", np.zeros((3, 4))),
        ("texture", np.zeros((8, 8, 4), np.uint8)),
        ("texture", np.zeros((0, 8, 3), np.uint8)),
        ("joints", np.zeros((4, 3), np.float32)),
        ("skin_weights", np.zeros((1, 5), np.float32)),
        ("key_names", np.array("a")),
        ("key_names", np.array(["a"])),
        ("name", np.array([1, 2])),
        ("model_title", np.array(7)),
        ("photo_camera", np.zeros(3)),
        ("photo_camera", np.array(["a"] * 5)),
        ("region_names", np.array(["nowhere"])),
        ("region_face", np.zeros(3, bool)),
        ("format_version", np.array("one")),
        ("format_version", np.array([1, 2])),
        ("landmark_vertices", np.zeros((68, 3), np.int32)),
    ],
)
def test_arrays_of_other_shapes_or_types_are_refused_on_load(tmp_path, arrays, name, value):
    np.savez(tmp_path / "head.npz", **{**arrays, name: value})
    with pytest.raises(HeadFormatError, match=r"head\.npz"):
        Head.load(tmp_path / "head.npz")


def test_numbers_of_another_width_are_taken_where_they_fit(tmp_path, arrays):
    wide = {k: v.astype({"f": "f8", "i": "i8"}.get(v.dtype.kind, v.dtype)) for k, v in arrays.items()}
    np.savez(tmp_path / "head.npz", **wide)
    head = Head.load(tmp_path / "head.npz")
    assert head.vertices.dtype == np.float32
    assert head.faces.dtype == np.int32
    np.testing.assert_array_equal(head.faces, sample_head().faces)


@given(st.integers(0, 2**31))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_values_end_in_a_head_or_one_sentence(tmp_path, arrays, seed):
    rng = np.random.default_rng(seed)
    name = sorted(arrays)[int(rng.integers(len(arrays)))]
    raw = bytearray(arrays[name].tobytes())
    for _ in range(3):
        if raw:
            raw[int(rng.integers(len(raw)))] = int(rng.integers(256))
    value = np.frombuffer(bytes(raw), arrays[name].dtype).reshape(arrays[name].shape) if raw else arrays[name]
    np.savez(tmp_path / "head.npz", **{**arrays, name: value})
    try:
        head = Head.load(tmp_path / "head.npz")
    except HeadFormatError:
        return
    assert head.faces.max() < len(head.vertices)
    assert np.isfinite(head.vertices).all()


def test_gigabytes_of_zeros_in_a_small_file_are_refused_before_they_are_unpacked(tmp_path):
    npz_of_zeros(tmp_path / "head.npz", 1.0)
    assert (tmp_path / "head.npz").stat().st_size < 4 << 20
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from pathlib import Path
from seif_core.head import Head
from seif_core.errors import HeadFormatError
try:
    Head.load(Path(sys.argv[1]))
except HeadFormatError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "head.npz")],
        cwd=REPOSITORY, capture_output=True, text=True, check=True, env={"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert "more than" in done.stdout


def test_a_header_that_declares_terabytes_is_refused(tmp_path):
    npz_that_declares(tmp_path / "a.npz", (1 << 40, 3))
    with pytest.raises(ArrayFileError, match="declared"):
        read_arrays(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        (tmp_path / "a.npy").write_bytes(archive.read("vertices.npy"))
    with pytest.raises(ArrayFileError, match="declared"):
        read_array(tmp_path / "a.npy")


def test_objects_are_never_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(ArrayFileError, match="instead of numbers"):
        read_arrays(tmp_path / "a.npz")


def test_the_head_module_needs_numpy_alone():
    code = (
        "import sys, seif_core.head; "
        "assert not {'scipy', 'igl', 'trimesh', 'torch', 'PIL', 'cv2'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("vertices", lambda a: a * 1000, "another unit"),
        ("joints", lambda a: a + np.float32(5), "far outside"),
        ("joints", lambda a: a * 1000, "far outside"),
    ],
)
def test_a_head_whose_joints_are_not_its_own_is_refused(tmp_path, arrays, name, change, said):
    np.savez(tmp_path / "bad.npz", **{**arrays, name: change(arrays[name])})
    with pytest.raises(HeadFormatError, match=said):
        Head.load(tmp_path / "bad.npz")


def test_a_folder_in_a_heads_place_is_told_to_be_one(tmp_path):
    with pytest.raises(HeadFormatError, match=r"is a folder; name the head\.npz in it"):
        Head.load(tmp_path)
