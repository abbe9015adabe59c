"""Skin that an open eye folds away takes the colour of the skin around the lids, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from seif_core.appearance.atlas import build_atlas
from seif_core.appearance.lid_folds import cover_folded_lids, folded_lids
from seif_core.appearance.texture_regions import texture_regions
from seif_core.geometry.screened_poisson import ScreenedPoisson
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of


@lru_cache(maxsize=1)
def world():
    model = load_head_model("open")
    return model, build_atlas(model, 512), folded_lids(model)


def covered(colours):
    model, atlas, folded = world()
    made = colours.copy()
    smoother = ScreenedPoisson(model.faces, len(model.template))
    cover_folded_lids(atlas, texture_regions(model), smoother, folded, made)
    return made


def test_what_is_folded_away_lies_on_the_upper_lids_alike_on_both_sides():
    model, _, folded = world()
    much = np.flatnonzero(folded > 0.5)
    assert len(much) > 40
    np.testing.assert_allclose(folded[anatomy_of(model).mirror], folded, atol=0.05)
    height = anatomy_of(model).from_the_eyes(model.template)[much, 1]
    assert (np.abs(height) < 0.5).all()


def test_the_rims_that_carry_the_lashes_keep_their_colour():
    model, _, folded = world()
    ring = model.embeddings["mediapipe478"].vertex_ids[[159, 145, 386, 374]]
    assert folded[ring].max() < 0.5


def test_smears_on_the_folded_skin_become_the_colour_around_the_lids():
    _, atlas, folded = world()
    share = atlas.spread(folded[:, None])[:, 0]
    colours = np.full((len(share), 3), 0.6, np.float32)
    colours[share > 0.3] = 0.05
    made = covered(colours)
    left = (1 - share) * (0.6 - 0.05)
    assert (share > 0.7).sum() > 100
    assert np.abs(made[:, 0] - (0.6 - left))[share > 0.7].max() < 0.06


def test_skin_elsewhere_is_untouched():
    _, atlas, folded = world()
    colours = np.random.default_rng(0).uniform(0.2, 0.8, (len(atlas.texels), 3)).astype(np.float32)
    still = atlas.spread(folded[:, None])[:, 0] == 0
    np.testing.assert_array_equal(covered(colours)[still], colours[still])


def test_a_model_without_blinks_folds_nothing_away():
    model, _, _ = world()
    bare = replace(model, key_names=(), key_basis=model.key_basis[:0], combinations=None)
    assert not folded_lids(bare).any()
