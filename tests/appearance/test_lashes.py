"""Lashes are dark at the lid and take more of the skin's colour towards the tip; no iris is violet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seif_core.appearance.atlas import build_atlas
from seif_core.appearance.eyes import _without_violet
from seif_core.appearance.lashes import PART, lash_share, paint_lashes
from seif_core.headmodel import load_head_model

SKIN = np.array([0.8, 0.6, 0.5], np.float32)


def lash_vertices(model):
    faces = model.faces[model.face_part == PART]
    return np.unique(faces[faces >= 0])


def test_skin_shows_through_lower_lashes_more_than_through_upper_ones():
    model = load_head_model("open")
    share, ids = lash_share(model), lash_vertices(model)
    off = np.ones(len(share), bool)
    off[ids] = False
    assert not share[off].any()
    values, counts = np.unique(share[ids].round(6), return_counts=True)
    assert set(values[counts >= 20].tolist()) >= {np.float32(0.05).round(6), np.float32(0.35).round(6)}  # the roots
    assert share[ids].max() <= 0.81


@pytest.mark.parametrize("hair", [None, np.array([0.75, 0.6, 0.4], np.float32)])
def test_only_lashes_are_painted_and_they_lie_between_hair_and_skin(hair):
    model = load_head_model("open")
    atlas = build_atlas(model, 512)
    colours = np.tile(SKIN, (len(atlas.texels), 1))
    paint_lashes(model, atlas, hair, colours)
    mine = atlas.part == PART
    assert np.array_equal(colours[~mine], np.tile(SKIN, ((~mine).sum(), 1)))
    assert (colours[mine] < SKIN).all()
    assert colours[mine].min() > 0.05


def test_lashes_of_the_fair_are_fairer_than_those_of_whom_no_hair_is_seen():
    model = load_head_model("open")
    atlas = build_atlas(model, 512)
    painted = []
    for hair in (None, np.array([0.75, 0.6, 0.4], np.float32)):
        colours = np.tile(SKIN, (len(atlas.texels), 1))
        paint_lashes(model, atlas, hair, colours)
        painted.append(colours[atlas.part == PART].mean())
    assert painted[1] > painted[0] + 0.03


@given(st.tuples(*[st.floats(0.05, 0.9)] * 3))
def test_no_iris_is_violet_and_all_other_colours_stay(colour):
    found = _without_violet(np.array(colour))
    assert found[1] >= min(found[0], found[2]) - 1e-9
    if colour[1] >= min(colour[0], colour[2]):
        assert np.array_equal(found, colour)
