"""Both halves of the lips have one colour, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.appearance.atlas import Atlas, build_atlas
from seif_core.appearance.even_lips import even_lips, lip_share
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.headmodel.smoother import mesh_smoother


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return load_head_model("open")


@pytest.fixture(scope="module")
def atlas(model: HeadModel) -> Atlas:
    return build_atlas(model, 256)


def halves(model: HeadModel, atlas: Atlas, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean colours of the lips' halves, away from their border."""
    sides = atlas.spread(np.stack([lip_share(model), model.template[:, 0]], 1))
    lips = sides[:, 0] > 0.9
    return colours[lips & (sides[:, 1] > 0.004)].mean(0), colours[lips & (sides[:, 1] < -0.004)].mean(0)


def test_lips_that_are_pale_on_one_side_become_alike_on_both(model: HeadModel, atlas: Atlas) -> None:
    share = lip_share(model)[:, None] > 0
    vertices = np.where(share & (model.template[:, :1] > 0), [0.9, 0.3, 0.3], [0.8, 0.6, 0.5])
    colours = atlas.spread(vertices)
    before = halves(model, atlas, colours)
    even_lips(model, atlas, mesh_smoother(model), colours)
    after = halves(model, atlas, colours)
    assert np.abs(before[0] - before[1]).max() > 0.2
    assert np.abs(after[0] - after[1]).max() < 0.06


def test_evening_the_lips_leaves_all_other_skin_as_it_is(model: HeadModel, atlas: Atlas) -> None:
    random = np.random.default_rng(2)
    colours = random.random((len(atlas.texels), 3), np.float32)
    given = colours.copy()
    even_lips(model, atlas, mesh_smoother(model), colours)
    elsewhere = atlas.spread(lip_share(model)[:, None])[:, 0] == 0
    assert np.array_equal(colours[elsewhere], given[elsewhere])
    assert elsewhere.mean() > 0.9


def test_wrinkles_of_the_lips_stay_where_they_are(model: HeadModel, atlas: Atlas) -> None:
    colours = np.full((len(atlas.texels), 3), 0.5, np.float32)
    lines = atlas.texels % 3 == 0
    colours[lines] = 0.4
    even_lips(model, atlas, mesh_smoother(model), colours)
    lips = atlas.spread(lip_share(model)[:, None])[:, 0] > 0.9
    assert 0.09 < float(colours[lips & ~lines].mean() - colours[lips & lines].mean()) < 0.11


def test_gloss_on_the_lips_does_not_stay_as_a_white_spot(model: HeadModel, atlas: Atlas) -> None:
    place = atlas.spread(np.concatenate([lip_share(model)[:, None], model.template], 1))
    lips = place[:, 0] > 0.9
    spot = lips & (np.hypot(place[:, 1] - 0.006, place[:, 2] - place[lips, 2].min() - 0.006) < 0.003)
    colours = np.full((len(atlas.texels), 3), np.array([0.8, 0.45, 0.45]), np.float32)
    colours[spot] = 0.9
    even_lips(model, atlas, mesh_smoother(model), colours)
    assert spot.sum() > 5
    assert colours[spot][:, 1:].max() < 0.56
    assert colours[lips & ~spot][:, 1].min() > 0.40
