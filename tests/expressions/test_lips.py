"""Keys draw no lip of a person's head through itself, though they were made on another head."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from seif_core.expressions.lips import keep_lips_apart
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.headmodel import load_head_model
from seif_core.headmodel.model import triangulate

SIDES = ("Left", "Right")


@cache
def open_head():
    return load_head_model("open")


def person(seed: int) -> np.ndarray:
    """A drawn head."""
    model = open_head()
    draw = np.random.default_rng(seed).normal(size=len(model.shape_basis))
    return (model.template + np.tensordot(draw, model.shape_basis, 1)).astype(np.float32)


def lips() -> np.ndarray:
    model = open_head()
    triangles, origin = triangulate(model.faces)
    skin = triangles[model.face_part[origin] == 0]
    return skin[model.regions["lips"][skin].all(axis=1)].astype(np.int64)


def new_crossings(neutral: np.ndarray, offset: np.ndarray) -> int:
    before = set(map(tuple, crossing_pairs(neutral.astype(float), lips()).tolist()))
    return len(set(map(tuple, crossing_pairs((neutral + offset).astype(float), lips()).tolist())) - before)


@cache
def made_for(seed: int):
    model, neutral = open_head(), person(seed)
    return neutral, *keep_lips_apart(model, neutral, model.key_basis, model.combinations)


@pytest.mark.parametrize("seed", [4, 11])
def test_keys_that_drew_a_drawn_persons_lips_through_themselves_do_so_no_more(seed):
    neutral, keys, _ = made_for(seed)
    before = sum(new_crossings(neutral, key) for key in open_head().key_basis)
    after = sum(new_crossings(neutral, key) for key in keys)
    assert before > 3
    assert after <= before / 4


@pytest.mark.parametrize("seed", [2, 4])
def test_an_open_mouth_with_both_sides_of_a_key_keeps_its_lips_whole(seed):
    neutral, keys, pairs = made_for(seed)
    model = open_head()

    def crossing(keys: np.ndarray, pairs) -> int:
        total = 0
        for stem in ("mouthSmile", "mouthDimple", "mouthFrown", "mouthStretch"):
            pose = ["jawOpen", *(stem + side for side in SIDES)]
            offset = sum(keys[model.key_names.index(name)] for name in pose)
            total += new_crossings(neutral, offset + pairs.displacement(dict.fromkeys(pose, 1.0)))
        return total

    before = crossing(model.key_basis, model.combinations)
    assert before > 3
    assert crossing(keys, pairs) <= before / 4


def test_what_breaks_nothing_stays_to_the_bit_and_nothing_moves_far():
    neutral, keys, pairs = made_for(4)
    model = open_head()
    moved = np.linalg.norm(keys - model.key_basis, axis=2).max(axis=1)
    for name in ("eyeBlinkLeft", "browInnerUp", "cheekPuff"):
        assert moved[model.key_names.index(name)] == 0
    assert 0 < moved.max() < 0.003
    far = np.linalg.norm(neutral - neutral[model.regions["lips"]].mean(axis=0), axis=1) > 0.06
    assert not (keys - model.key_basis)[:, far].any()
    assert model.combinations is not None
    assert pairs is not None
    assert set(model.combinations.pairs) <= set(pairs.pairs)


def test_a_model_without_lips_keeps_its_keys():
    model = open_head()
    regions = {name: mask for name, mask in model.regions.items() if name != "lips"}
    bare = type(model)(**{**vars(model), "regions": regions})
    keys, pairs = keep_lips_apart(bare, bare.template, bare.key_basis, bare.combinations)
    assert keys is bare.key_basis
    assert pairs is bare.combinations
