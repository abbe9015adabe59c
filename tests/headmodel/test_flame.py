from __future__ import annotations

import os
import pickle
import sys

import numpy as np
import pytest
import scipy.sparse
from flame_pickle import (
    FLAME_TEMPLATE,
    Chumpy,
    Python2Pickler,
    dumps_with_chumpy_installed,
    flame_arrays,
    write_flame,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from seif_core.errors import ModelError
from seif_core.headmodel.flame import read_flame, release_of
from seif_core.headmodel.restricted_unpickler import read_array_pickle
from seif_core.headmodel.topology import PART_NAMES


def read_bytes(tmp_path, data):
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    return read_array_pickle(path)


CONTENT = {
    "plain": np.arange(6.0).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    "big_endian": np.arange(4, dtype=">f4"),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 3)),
    "csc": scipy.sparse.csc_matrix(np.arange(6.0).reshape(2, 3)),
    "csr": scipy.sparse.csr_matrix(np.arange(6.0).reshape(2, 3)),
    "style": "lbs",
    "count": 7,
}


def dense(value):
    return np.asarray(value.todense()) if scipy.sparse.issparse(value) else value


def test_chumpy_is_not_here():
    with pytest.raises(ImportError):
        __import__("chumpy")


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_sparse_matrices_and_chumpy_objects_survive_every_protocol(tmp_path, protocol):
    content = {**CONTENT, "scalar": np.float64(2.5), "coo": scipy.sparse.coo_matrix(np.eye(3)), "set": {1, 2}}
    for data in (pickle.dumps(content, protocol), dumps_with_chumpy_installed(content, protocol)):
        found = read_bytes(tmp_path, data)
        assert set(found) == set(content) - {"set"}
        for name, value in found.items():
            np.testing.assert_array_equal(value, dense(content[name]), err_msg=name)


def test_pickles_of_python_2_with_chumpy_are_read(tmp_path):
    content = {**CONTENT, "chumpy": Chumpy(np.linspace(0, 1, 7))}
    found = read_bytes(tmp_path, Python2Pickler().dumps(content))
    for name, value in content.items():
        np.testing.assert_array_equal(found[name], value.value if isinstance(value, Chumpy) else dense(value))
    assert found["big_endian"].dtype == np.dtype("<f4" if sys.byteorder == "little" else ">f4")


class _Runs:
    """Pickles to a call."""

    def __init__(self, function, *args) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("attack", ["system", "eval", "getattr", "open", "numpy", "nested"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(tmp_path, protocol, attack):
    mark = tmp_path / "mark"
    attacks = {
        "system": _Runs(os.system, f"touch {mark}"),
        "eval": _Runs(eval, f"open({str(mark)!r}, 'w')"),
        "getattr": _Runs(getattr, "text", "join"),
        "open": _Runs(open, str(mark), "w"),
        "numpy": _Runs(np.save, str(mark), 1),
        "nested": {"v": [({"deep": _Runs(os.mkdir, str(mark))},)]},
    }
    data = pickle.dumps({"v_template": np.zeros(3), "x": attacks[attack]}, protocol)
    with pytest.raises(ModelError, match="asks for"):
        read_bytes(tmp_path, data)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.pkl"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        b"\x80\x02]q\x00.",  # a list
        b"\x80\x02}(U\x01ac__main__\nx\nub.",
        b"\x80\x02}U\x01acnumpy\nndarray\n}b" + b"s.",  # state set on a class
        b"\x80\x02}U\x01acchumpy.ch\nCh\n)\x81}bs.",  # chumpy without its array
        b"\x80\x02}U\x01acchumpy.ch\nCh\n)\x81q\x01}U\x01xh\x01sbs.",  # chumpy that holds itself
        b"\x80\x02}U\x01acnumpy.core.multiarray\n_reconstruct\n)R(K\x01K\x02tbs.",
        b"\x80\x02}U\x01aP1\ns.",  # persistent reference
        b"\x80\x02}U\x01a\x82\x01s.",  # extension registry
    ],
)
def test_damaged_pickles_end_in_one_sentence(tmp_path, data):
    with pytest.raises(ModelError):
        read_bytes(tmp_path, data)


@given(st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_random_damage_never_escapes_as_another_error(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(Python2Pickler().dumps({k: CONTENT[k] for k in ("plain", "csc", "style")}))
    for _ in range(int(rng.integers(1, 6))):
        data[int(rng.integers(len(data)))] = int(rng.integers(256))
    path = tmp_path_factory.mktemp("damaged") / "m.pkl"
    path.write_bytes(bytes(data[: int(rng.integers(1, len(data) + 1))]))
    try:
        read_array_pickle(path)
    except ModelError as error:
        assert path.name in str(error)  # noqa: PT017


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(ModelError, match="no file"):
        read_array_pickle(tmp_path / "none.pkl")


def test_flame_is_read_entry_for_entry(tmp_path):
    arrays = write_flame(tmp_path / "flame2023_Open.pkl")
    model = read_flame(tmp_path / "flame2023_Open.pkl")
    np.testing.assert_allclose(model.template, arrays["v_template"], atol=1e-8)
    np.testing.assert_array_equal(model.faces[:, :3], arrays["f"])
    assert (model.faces[:, 3] == -1).all()
    assert model.shape_basis.shape == (300, 5023, 3)
    assert model.expression_basis.shape == (100, 5023, 3)
    np.testing.assert_allclose(model.shape_basis[7], arrays["shapedirs"][..., 7], atol=1e-9)
    np.testing.assert_allclose(model.expression_basis[3], arrays["shapedirs"][..., 303], atol=1e-9)
    np.testing.assert_allclose(model.pose_basis[11], arrays["posedirs"][..., 11], atol=1e-9)
    np.testing.assert_allclose(model.joint_regressor, arrays["J_regressor"].todense(), atol=1e-7)
    np.testing.assert_allclose(model.skin_weights.sum(1), 1, atol=1e-6)
    assert model.title == "FLAME 2023 Open"


@pytest.mark.skipif(not FLAME_TEMPLATE.is_file(), reason="needs FLAME's topology")
def test_flames_eyeballs_are_found_on_their_sides(tmp_path):
    write_flame(tmp_path / "flame.pkl")
    model = read_flame(tmp_path / "flame.pkl")
    for name, sign in (("eye_left", 1), ("eye_right", -1)):
        vertices = np.unique(model.faces[model.face_part == PART_NAMES.index(name), :3])
        assert len(vertices) == 546
        assert (np.sign(model.template[vertices, 0]) == sign).all()


def test_the_same_arrays_as_npz_give_the_same_model(tmp_path):
    arrays = write_flame(tmp_path / "flame2020.pkl")
    np.savez(tmp_path / "flame2020.npz", **{k: np.asarray(dense(v)) for k, v in arrays.items()})
    a, b = read_flame(tmp_path / "flame2020.pkl"), read_flame(tmp_path / "flame2020.npz")
    np.testing.assert_array_equal(a.shape_basis, b.shape_basis)
    np.testing.assert_array_equal(a.skin_weights, b.skin_weights)
    assert a.licence == b.licence


@pytest.mark.parametrize(
    ("name", "title", "open_licence"),
    [
        ("flame2023_Open.pkl", "FLAME 2023 Open", True),
        ("flame2023.pkl", "FLAME 2023", False),
        ("FLAME2020/generic_model.pkl", "FLAME 2020", False),
        ("FLAME2019/generic_model.pkl", "FLAME 2019", False),
        ("generic_model.pkl", "FLAME (release unknown)", False),
    ],
)
def test_the_licence_follows_the_release_and_an_unknown_file_is_never_called_open(tmp_path, name, title, open_licence):
    release = release_of(tmp_path / name)
    assert release.title == title
    assert (release.licence == "CC-BY-4.0") is open_licence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"v_template": np.zeros((6890, 3))}, "instead of"),
        ({"shapedirs": None}, "no array 'shapedirs'"),
        ({"f": np.full((9976, 3), 9999)}, "do not exist"),
        ({"v_template": np.full((5023, 3), np.nan)}, "not numbers"),
        ({"kintree_table": np.array([[0, 0, 0, 0, 0]])}, "hang together"),
    ],
)
def test_another_model_or_a_damaged_one_is_refused(tmp_path, change, sentence):
    arrays = {k: v for k, v in {**flame_arrays(shapes=4), **change}.items() if v is not None}
    write_flame(tmp_path / "m.pkl", arrays)
    with pytest.raises(ModelError, match=sentence):
        read_flame(tmp_path / "m.pkl")
