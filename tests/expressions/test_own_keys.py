"""Keys come in the size of the head that they move, and its lower teeth turn as one piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seif_core.expressions.own_keys import jaw_size, key_factors, own_keys
from seif_core.headmodel import load_head_model
from seif_core.headmodel.topology import PART_NAMES


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def joints_of(model, neutral):
    return model.joint_regressor.astype(np.float64) @ neutral


def part(model, name):
    ids = np.unique(model.faces[model.face_part == PART_NAMES.index(name)])
    return ids[ids >= 0]


def distances(points):
    return np.linalg.norm(points[:, None] - points[None], axis=2)


@pytest.mark.parametrize("size", [0.85, 1.1])
def test_a_small_mouth_opens_less_wide_than_a_large_one(model, size):
    neutral = (model.template * size).astype(np.float32)
    keys, pairs = own_keys(model, neutral, joints_of(model, neutral))
    names, lips = list(model.key_names), model.regions["lips"]
    for name in ("jawOpen", "mouthClose", "mouthSmileLeft"):
        wanted = size * model.key_basis[names.index(name), lips]
        np.testing.assert_allclose(keys[names.index(name), lips], wanted, atol=1e-6)
    brow = names.index("browInnerUp")
    np.testing.assert_array_equal(keys[brow], model.key_basis[brow])
    row = pairs.pairs.index(("mouthSmileLeft", "jawOpen"))
    before = model.combinations.deltas[model.combinations.pairs.index(("mouthSmileLeft", "jawOpen"))]
    np.testing.assert_allclose(pairs.deltas[row], size * before, atol=1e-7)


@pytest.mark.parametrize("key", ["jawOpen", "jawForward", "jawLeft"])
def test_lower_teeth_of_any_head_keep_their_shape_under_a_key_of_the_jaw(model, key):
    draw = np.random.default_rng(3).normal(size=len(model.shape_basis))
    neutral = (model.template * 0.9 + np.tensordot(draw, model.shape_basis, 1)).astype(np.float32)
    keys, _ = own_keys(model, neutral, joints_of(model, neutral))
    teeth = part(model, "teeth_lower")[::7]
    moved = neutral[teeth] + keys[list(model.key_names).index(key), teeth]
    assert np.abs(moved - neutral[teeth]).max() > 0.001
    np.testing.assert_allclose(distances(moved), distances(neutral[teeth]), atol=2e-5)


def test_on_the_models_own_head_keys_of_the_mouth_stay_as_they_are(model):
    joints = joints_of(model, model.template)
    assert jaw_size(model, model.template, joints) == pytest.approx(1, abs=1e-5)
    mouth = [n.startswith(("jaw", "mouth")) for n in model.key_names]
    np.testing.assert_allclose(key_factors(model, model.template, joints)[mouth], 1, atol=1e-5)


def test_a_model_without_lips_keeps_its_keys(model):
    bare = replace(model, regions={**model.regions, "lips": np.zeros(len(model.template), bool)})
    assert jaw_size(bare, model.template * 0.5, joints_of(model, model.template)) == 1.0
