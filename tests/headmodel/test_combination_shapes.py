"""Pairs of keys: stored with head and model, acting with the product of the weights, right on the Open head."""

from __future__ import annotations

from dataclasses import replace

import igl
import numpy as np
import pytest
from sample_head import sample_head

from seif_core.combination_shapes import LESS, CombinationShapes
from seif_core.errors import HeadFormatError
from seif_core.expression_choice import parse_choice
from seif_core.expressions.arkit import ARKIT_52, mirrored_name
from seif_core.expressions.combination import combine
from seif_core.expressions.named_keys import named_keys
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.head import Head
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import part_triangles
from seif_core.headmodel.model import triangulate

PAIRS = (("mouthSmileLeft", "jawOpen"), ("eyeBlinkLeft", "eyeSquintLeft"))


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def paired_head():
    head = sample_head()
    deltas = np.random.default_rng(0).normal(size=(2, *head.vertices.shape)).astype(np.float32)
    return replace(head, combinations=CombinationShapes(PAIRS, deltas))


def test_a_pair_acts_with_the_product_of_its_weights_and_not_beyond_one():
    shapes = paired_head().combinations
    found = shapes.displacement({"mouthSmileLeft": 0.5, "jawOpen": 0.6, "eyeBlinkLeft": 1.0})
    np.testing.assert_allclose(found, np.float32(0.3) * shapes.deltas[0], rtol=1e-6)
    beyond = shapes.displacement({"eyeBlinkLeft": 3.0, "eyeSquintLeft": 1.0, "jawOpen": -1.0, "mouthSmileLeft": 1.0})
    np.testing.assert_array_equal(beyond, shapes.deltas[1])


def test_a_pair_of_what_exceeds_another_key_acts_with_the_difference():
    head = paired_head()
    shapes = CombinationShapes((("mouthClose", f"{LESS}jawOpen"),), head.combinations.deltas[:1])
    for close, jaw, amount in ((0.9, 0.5, 0.4), (0.5, 0.5, 0.0), (0.2, 0.8, 0.0), (2.0, -1.0, 1.0)):
        found = shapes.displacement({"mouthClose": close, "jawOpen": jaw})
        np.testing.assert_allclose(found, np.float32(amount) * shapes.deltas[0], rtol=1e-5, atol=1e-9)
    names = [key.name for key in named_keys(replace(head, combinations=shapes), parse_choice("combinations", "short"))]
    assert names == ["mouthClose_over_jawOpen"]


def test_pairs_come_back_from_a_file_and_files_without_them_are_read(tmp_path):
    head = paired_head()
    head.save(tmp_path / "head.npz")
    found = Head.load(tmp_path / "head.npz")
    assert found.combinations.pairs == PAIRS
    np.testing.assert_array_equal(found.combinations.deltas, head.combinations.deltas)
    sample_head().save(tmp_path / "plain.npz")
    assert Head.load(tmp_path / "plain.npz").combinations is None


@pytest.mark.parametrize(
    "pairs", [(("mouthSmileLeft", "nothing"), PAIRS[1]), (PAIRS[0], PAIRS[0]), (PAIRS[0], PAIRS[1], PAIRS[0])]
)
def test_pairs_that_do_not_fit_the_head_are_refused(tmp_path, pairs):
    head = paired_head()
    replace(head, combinations=CombinationShapes(pairs, head.combinations.deltas)).save(tmp_path / "head.npz")
    with pytest.raises(HeadFormatError):
        Head.load(tmp_path / "head.npz")


def test_named_expressions_have_their_pairs_baked_in_and_engines_get_them_by_choice():
    head = paired_head()
    weights = {"mouthSmileLeft": 0.5, "jawOpen": 0.4}
    plain = combine(weights, head.key_names, head.key_deltas)
    baked = combine(weights, head.key_names, head.key_deltas, head.combinations)
    np.testing.assert_allclose(baked - plain, 0.2 * head.combinations.deltas[0], atol=1e-6)
    names = [key.name for key in named_keys(head, parse_choice("arkit,combinations", "short"))]
    assert names[52:] == ["mouthSmile_L_x_jawOpen", "eyeBlink_L_x_eyeSquint_L"]


def test_scaled_keys_scale_their_pairs():
    shapes = paired_head().combinations.scaled({"eyeBlinkLeft": 0.5})
    np.testing.assert_allclose(shapes.deltas[1], 0.5 * paired_head().combinations.deltas[1])
    np.testing.assert_allclose(shapes.deltas[0], paired_head().combinations.deltas[0])


def test_the_open_head_has_pairs_for_both_sides(model):
    pairs = [pair for pair in model.combinations.pairs if not pair[1].startswith(LESS)]
    assert len(pairs) >= 20
    assert {name for pair in pairs for name in pair} <= set(ARKIT_52)
    sets = {frozenset(pair) for pair in pairs}
    assert len(sets) == len(pairs)
    assert {frozenset(map(mirrored_name, pair)) for pair in pairs} == sets


@pytest.mark.parametrize("other", ["eyeSquintLeft", "eyeWideLeft", "cheekSquintLeft", "eyeLookDownLeft"])
def test_a_blink_stays_closed_and_no_more_than_closed_whatever_else_moves_the_lids(model, other):
    marks = model.embeddings["ibug68"]

    def gap(offset):
        points = marks.points(model.template + offset)
        return (points[[43, 44], 1] - points[[47, 46], 1]).mean()

    blink = model.key_basis[ARKIT_52.index("eyeBlinkLeft")]
    both = blink + model.key_basis[ARKIT_52.index(other)]
    corrected = both + model.combinations.displacement({"eyeBlinkLeft": 1.0, other: 1.0})
    assert abs(gap(corrected) - gap(blink)) < 0.001
    assert abs(gap(corrected) - gap(blink)) < abs(gap(both) - gap(blink))


def test_closing_a_shut_mouth_presses_the_lips_and_drives_none_through_the_other(model):
    offset = model.key_basis[ARKIT_52.index("mouthClose")] + model.combinations.displacement({"mouthClose": 1.0})
    assert 0.0005 < np.linalg.norm(offset[model.regions["lips"]], axis=1).max() < 0.004
    skin = part_triangles(model, "skin")
    lips = skin[model.regions["lips"][skin].all(axis=1)].astype(np.int64)
    assert len(crossing_pairs((model.template + offset).astype(np.float64), lips)) == 0


def test_the_lower_lip_keeps_its_height_when_it_closes_over_an_open_jaw(model):
    both = model.template + sum(model.key_basis[ARKIT_52.index(name)] for name in ("jawOpen", "mouthClose"))
    rest, shut = (model.embeddings["ibug68"].points(points) for points in (model.template, both))
    edge, border = [67, 66, 65], [58, 57, 56]
    before, after = (np.linalg.norm(points[edge] - points[border], axis=1) for points in (rest, shut))
    assert (after / before).max() < 1.3


def test_lips_close_over_an_open_jaw(model):
    marks = model.embeddings["ibug68"].points
    both = sum(model.key_basis[ARKIT_52.index(name)] for name in ("jawOpen", "mouthClose"))
    closed, still = marks(model.template + both), marks(model.template)
    upper, lower = [61, 62, 63], [67, 66, 65]
    change = np.linalg.norm((closed[upper] - closed[lower]) - (still[upper] - still[lower]), axis=1)
    assert change.max() < 0.0015
    assert marks(model.template + model.key_basis[ARKIT_52.index("jawOpen")])[66, 1] < still[66, 1] - 0.02


@pytest.mark.parametrize(
    "names",
    [
        ("jawOpen", "mouthSmileLeft", "mouthSmileRight"),
        ("jawOpen", "mouthStretchLeft", "mouthStretchRight"),
        ("jawOpen", "mouthFrownLeft", "mouthFrownRight"),
        ("jawOpen", "noseSneerLeft"),
        ("mouthSmileLeft", "mouthClose"),
        ("mouthRollLower",),
    ],
)
def test_the_mouths_lining_stays_under_the_skin(model, names):
    offset = sum(model.key_basis[ARKIT_52.index(name)] for name in names)
    offset = offset + model.combinations.displacement(dict.fromkeys(names, 1.0))
    assert lining_outside(model, offset) < 1.0


def lining_outside(model, offset):
    """Square millimetres of the mouth's lining about which the closed skin winds backwards: it has come out."""
    triangles, origin = triangulate(model.faces)
    skin = triangles[model.face_part[origin] == 0].astype(np.int64)
    directed = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    known = set(map(tuple, directed.tolist()))
    rim = np.array([edge[::-1] for edge in known if edge[::-1] not in known])
    head = (model.template + offset).astype(np.float64)
    points = np.concatenate([head, head[rim].mean(axis=(0, 1))[None]])
    closed = np.concatenate([skin, np.column_stack([rim, np.full(len(rim), len(head))])])
    lining = head[skin[model.regions["mouth_interior"][skin].any(axis=1)]]
    across = np.cross(lining[:, 1] - lining[:, 0], lining[:, 2] - lining[:, 0])
    area = np.linalg.norm(across, axis=1)
    before = lining.mean(axis=1) + 1.5e-4 * across / np.maximum(area, 1e-15)[:, None]
    winding = np.asarray(igl.fast_winding_number(points, closed, before), np.float64)
    return 1e6 * area[winding < -0.5].sum() / 2


def test_lower_teeth_go_with_the_jaw_as_one_piece(model):
    teeth = np.unique(model.faces[model.face_part == 4])
    teeth = teeth[teeth >= 0]
    rest = model.template[teeth].astype(np.float64)
    for name in ("jawOpen", "jawForward", "jawLeft"):
        moved = rest + model.key_basis[ARKIT_52.index(name)][teeth]
        a, b = rest - rest.mean(axis=0), moved - moved.mean(axis=0)
        u, _, vt = np.linalg.svd(b.T @ a)
        assert np.linalg.norm(a @ (u @ vt).T - b, axis=1).max() < 5e-5
    front = teeth[np.argmax(model.template[teeth, 2])]
    assert model.key_basis[ARKIT_52.index("jawOpen")][front, 2] < -0.015
