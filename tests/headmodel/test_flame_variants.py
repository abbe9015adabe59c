"""FLAME files that other programs saved again, and what a licence is told from."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from flame_pickle import flame_arrays, write_flame

from seif_core.errors import ModelError
from seif_core.headmodel.flame import read_flame
from seif_core.headmodel.flame_release import release_of


@pytest.fixture(scope="module")
def arrays():
    found = flame_arrays(shapes=150)
    return {**found, "J_regressor": np.asarray(found["J_regressor"].todense())}


def saved(tmp_path, arrays, name="flame.npz"):
    np.savez(tmp_path / name, **arrays)
    return tmp_path / name


def test_a_hundred_and_fifty_components_are_a_hundred_of_identity_and_fifty_of_expression(tmp_path, arrays):
    model = read_flame(saved(tmp_path, arrays))
    assert (len(model.shape_basis), len(model.expression_basis)) == (100, 50)
    np.testing.assert_allclose(model.expression_basis[0], arrays["shapedirs"][..., 100], atol=1e-9)


@pytest.mark.parametrize("name", ["expression_dirs", "exprdirs", "expression_basis"])
def test_identity_and_expression_in_fields_of_their_own_are_read(tmp_path, arrays, name):
    apart = {**arrays, "shapedirs": arrays["shapedirs"][..., :100], name: arrays["shapedirs"][..., 100:]}
    model = read_flame(saved(tmp_path, apart))
    assert (len(model.shape_basis), len(model.expression_basis)) == (100, 50)


def test_components_of_which_nothing_tells_the_kind_are_refused(tmp_path, arrays):
    with pytest.raises(ModelError, match="which of them are expressions"):
        read_flame(saved(tmp_path, {**arrays, "shapedirs": arrays["shapedirs"][..., :77]}))


def test_a_model_in_millimetres_is_scaled_and_it_is_told(tmp_path, arrays, caplog):
    scaled = {k: v * 1000 if k in {"v_template", "shapedirs", "posedirs"} else v for k, v in arrays.items()}
    with caplog.at_level(logging.WARNING):
        model = read_flame(saved(tmp_path, scaled))
    plain = read_flame(saved(tmp_path, arrays, "plain.npz"))
    for field in ("template", "shape_basis", "expression_basis", "pose_basis"):
        np.testing.assert_allclose(getattr(model, field), getattr(plain, field), rtol=1e-4, atol=1e-9)
    assert "millimetres" in caplog.text


def test_a_model_of_no_heads_size_is_refused(tmp_path, arrays):
    with pytest.raises(ModelError, match="no head in metres"):
        read_flame(saved(tmp_path, {**arrays, "v_template": arrays["v_template"] * 1e5}))


def test_a_vertex_without_weights_takes_those_of_its_neighbour_and_it_is_told(tmp_path, arrays, caplog):
    weights = arrays["weights"].copy()
    weights[4000] = 0  # on the left eyeball
    with caplog.at_level(logging.WARNING):
        model = read_flame(saved(tmp_path, {**arrays, "weights": weights}))
    np.testing.assert_array_equal(model.skin_weights[4000], [0, 0, 0, 1, 0])
    assert np.isfinite(model.skin_weights).all()
    assert "no skin weights" in caplog.text


@pytest.mark.parametrize(
    "tree", [np.array([-1, 0, 1, 1, 1]), np.array([4294967295, 0, 1, 1, 1], np.uint32), np.array([-1.0, 0, 1, 1, 1])]
)
def test_parents_as_a_plain_list_are_read(tmp_path, arrays, tree):
    read_flame(saved(tmp_path, {**arrays, "kintree_table": tree}))


@pytest.mark.parametrize(
    "change",
    [
        {"kintree_table": np.array(["a", "b", "c", "d", "e"])},
        {"kintree_table": np.zeros((0, 5))},
        {"kintree_table": np.array(3)},
        {"kintree_table": np.full((2, 5), np.nan)},
        {"weights": np.zeros((5023, 5))},
        {"weights": np.full((5023, 5), -1.0)},
        {"v_template": np.full((5023, 3), 1e300)},
        {"shapedirs": np.full((5023, 3, 150), 1e6, np.float32)},
        {"f": np.zeros((9976, 3), np.int32)},
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, arrays, change):
    with pytest.raises(ModelError, match=r"flame\.npz"):
        read_flame(saved(tmp_path, {**arrays, **change}))


@pytest.mark.parametrize(
    "path",
    [
        "2023-opensource-heads/generic_model.pkl",
        "flame2023_Open/generic_model.pkl",
        "openly-shared/flame2023.pkl",
        "2023 open/model.npz",
        "x/not-flame2023_Open.pkl",
    ],
)
def test_no_folder_and_no_likeness_of_a_name_makes_a_licence_open(tmp_path, path):
    assert release_of(tmp_path / path).licence != "CC-BY-4.0"


def test_the_contents_go_before_the_name(tmp_path, arrays):
    assert release_of(tmp_path / "m.npz", {"licence": np.array("CC BY 4.0")}).licence == "CC-BY-4.0"
    assert release_of(tmp_path / "flame2023_Open.pkl", {"license": "research only"}).licence != "CC-BY-4.0"
    assert read_flame(saved(tmp_path, {**arrays, "licence": "CC-BY-4.0"})).licence == "CC-BY-4.0"
    assert release_of(tmp_path / "flame2023_Open.pkl").licence == "CC-BY-4.0"


@pytest.mark.parametrize("words", ["not CC BY 4.0", "This isn't CC BY 4.0", "no CC-BY-4.0", "CC BY 4.0 unless sold"])
def test_words_that_deny_an_open_licence_make_none(tmp_path, words):
    assert release_of(tmp_path / "m.npz", {"license": np.array(words)}).licence != "CC-BY-4.0"


@pytest.mark.parametrize(
    "change", [lambda v: v[:, [0, 2, 1]] * [1, -1, 1], lambda v: v * [-1, 1, 1], lambda v: v * [1, 1, 0]],
    ids=["Z up", "mirrored", "flat"],
)  # fmt: skip
def test_a_head_in_other_axes_is_refused_and_told_so(tmp_path, arrays, change):
    template = arrays["v_template"].copy()
    joints = [[0, -0.1, -0.03], [0, -0.05, -0.03], [0, -0.01, 0.01], [0.031, 0.03, 0.05], [-0.031, 0.03, 0.05]]
    template[: len(joints)] = template.mean(0) + joints
    upright = {**arrays, "J_regressor": np.eye(len(joints), len(template))}
    read_flame(saved(tmp_path, {**upright, "v_template": template}))
    with pytest.raises(ModelError, match="turned, flat or mirrored"):
        read_flame(saved(tmp_path, {**upright, "v_template": change(template).astype(np.float32)}))


def test_faces_that_were_saved_as_fractions_are_read(tmp_path, arrays):
    read = read_flame(saved(tmp_path, {**arrays, "f": arrays["f"].astype(np.float64)}))
    np.testing.assert_array_equal(read.faces[:, :3], arrays["f"])


def test_a_pickle_with_a_folder_called_open_is_restricted_when_read(tmp_path):
    folder = tmp_path / "2023-opensource-heads"
    folder.mkdir()
    write_flame(folder / "generic_model.pkl")
    assert "non-commercial" in read_flame(folder / "generic_model.pkl").licence
