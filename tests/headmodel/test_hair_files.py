"""The hair layer in head.npz: it comes back as it was, older files have none, and damaged ones end in one sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_hair import with_hair, with_hat
from sample_head import sample_head

from seif_core.errors import HeadFormatError
from seif_core.hair_check import hair_fault
from seif_core.hair_layer import HairGuides, HairMesh
from seif_core.head import FORMAT_VERSION, Head


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    file = tmp_path_factory.mktemp("hair") / "good.npz"
    with_hair(sample_head(), guides=20, cards=6, size=8).save(file)
    with np.load(file) as data:
        return {name: data[name] for name in data.files}


def same(a, b) -> bool:
    if a is None or b is None or isinstance(a, str):
        return a is b or a == b
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))


@pytest.mark.parametrize("wear", [with_hair, with_hat, lambda head: head])
def test_the_layer_comes_back_as_it_was_saved(tmp_path, wear):
    head = wear(sample_head())
    head.save(tmp_path / "head.npz")
    back = Head.load(tmp_path / "head.npz")
    assert same(back.hair, head.hair)
    back.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "head.npz").read_bytes()


def test_a_file_of_version_1_is_read_as_a_head_without_hair(tmp_path, arrays):
    old = {k: v for k, v in arrays.items() if not k.startswith("hair_")} | {"format_version": np.array(1)}
    np.savez(tmp_path / "head.npz", **old)
    head = Head.load(tmp_path / "head.npz")
    assert head.hair is None
    assert head.format_version == FORMAT_VERSION


def put(index, value):
    def change(array):
        array[index] = value

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("shell_faces", put((0, 0), 10**6)),
        ("shell_faces", put((0, slice(0, 2)), 3)),
        ("shell_uv_faces", put((0, 1), -2)),
        ("cards_uv_faces", put((0, 0), 10**6)),
        ("shell_vertices", put((0, 0), np.nan)),
        ("shell_skin_weights", put(0, 0.7)),
        ("cards_skin_weights", put((0, 0), -3.0)),
        ("guides_points", put((0, 0, 0), np.inf)),
        ("guides_root_faces", put(0, 10**6)),
        ("guides_root_faces", put(0, -1)),
        ("guides_root_weights", put(0, 0.7)),
        ("guides_root_weights", put(0, [2.0, -1.0, 0.0])),
        ("colour", put(0, 3.0)),
        ("colour", put(0, np.nan)),
    ],
)
def test_values_out_of_range_are_refused_on_load(tmp_path, arrays, name, change):
    value = arrays[f"hair_{name}"].copy()
    change(value)
    np.savez(tmp_path / "head.npz", **{**arrays, f"hair_{name}": value})
    with pytest.raises(HeadFormatError, match=r"head\.npz is damaged.*hair"):
        Head.load(tmp_path / "head.npz")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", np.array("wig")),
        ("kind", np.array(7)),
        ("kind", np.array(["hair", "hair"])),
        ("colour", np.zeros(4, np.float32)),
        ("shell_texture", np.zeros((8, 8, 3), np.uint8)),
        ("shell_texture", np.zeros((0, 8, 4), np.uint8)),
        ("shell_faces", np.zeros((0, 4), np.int32)),
        ("shell_vertices", np.zeros((3, 2), np.float32)),
        ("guides_points", np.zeros((0, 5, 3), np.float32)),
        ("guides_seen", np.zeros(20, np.float32)),
        ("guides_root_second", np.zeros(19, bool)),
        ("cards_skin_weights", np.zeros((1, 4), np.float32)),
    ],
)
def test_arrays_of_other_shapes_or_types_are_refused_on_load(tmp_path, arrays, name, value):
    np.savez(tmp_path / "head.npz", **{**arrays, f"hair_{name}": value})
    with pytest.raises(HeadFormatError, match=r"head\.npz"):
        Head.load(tmp_path / "head.npz")


@pytest.mark.parametrize("name", ["hair_colour", "hair_shell_vertices", "hair_cards_uvs", "hair_guides_seen"])
def test_a_missing_array_is_named(tmp_path, arrays, name):
    np.savez(tmp_path / "head.npz", **{k: v for k, v in arrays.items() if k != name})
    with pytest.raises(HeadFormatError, match=name):
        Head.load(tmp_path / "head.npz")


@pytest.mark.parametrize("name", ["shell", "cards"])
def test_hair_that_lies_far_from_its_head_is_refused(tmp_path, arrays, name):
    field = f"hair_{name}_vertices"
    np.savez(tmp_path / "head.npz", **{**arrays, field: arrays[field] + np.float32(5)})
    with pytest.raises(HeadFormatError, match=f"the hair's {name} lies far from the head"):
        Head.load(tmp_path / "head.npz")


def test_a_root_in_the_second_triangle_of_a_triangle_is_found():
    head = with_hair(sample_head(), guides=20)
    triangle = int(np.flatnonzero(head.faces[:, 3] < 0)[0])
    guides = dataclasses.replace(
        head.hair.guides,
        root_faces=np.full(20, triangle, np.int32),
        root_second=np.ones(20, bool),
    )
    assert "root_second" in hair_fault(dataclasses.replace(head.hair, guides=guides), head.faces, head.vertices)


def test_numbers_of_another_width_are_taken_where_they_fit(tmp_path, arrays):
    wide = {k: v.astype({"f": "f8", "i": "i8"}.get(v.dtype.kind, v.dtype)) for k, v in arrays.items()}
    np.savez(tmp_path / "head.npz", **wide)
    hair = Head.load(tmp_path / "head.npz").hair
    assert hair.shell.vertices.dtype == np.float32
    assert hair.guides.root_faces.dtype == np.int32


@given(st.integers(0, 2**31))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_values_end_in_a_layer_that_fits_or_one_sentence(tmp_path, arrays, seed):
    rng = np.random.default_rng(seed)
    names = sorted(name for name in arrays if name.startswith("hair_"))
    name = names[int(rng.integers(len(names)))]
    raw = bytearray(arrays[name].tobytes())
    for _ in range(3):
        raw[int(rng.integers(len(raw)))] = int(rng.integers(256))
    value = np.frombuffer(bytes(raw), arrays[name].dtype).reshape(arrays[name].shape)
    np.savez(tmp_path / "head.npz", **{**arrays, name: value})
    try:
        head = Head.load(tmp_path / "head.npz")
    except HeadFormatError:
        return
    for mesh in (head.hair.shell, head.hair.cards):
        assert isinstance(mesh, HairMesh)
        assert mesh.faces.max() < len(mesh.vertices)
        assert np.isfinite(mesh.vertices).all()
    assert isinstance(head.hair.guides, HairGuides)
    assert head.hair.guides.root_faces.max() < len(head.faces)
