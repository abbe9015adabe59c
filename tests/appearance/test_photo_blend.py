"""Textures of several photos: each place from the photo that shows it, in the first photo's colours."""

from __future__ import annotations

import numpy as np
import pytest
from rendered_head import make_fit, make_model, photograph

from seif_core.appearance import TextureSettings, bake_texture
from seif_core.appearance.photo_blend import OtherPhoto
from seif_core.evidence import look_at_photo

SIZE = 128
MODEL = make_model()
SKIN = np.array([0.45, 0.28, 0.20])


def photo(yaw, albedo, light=None):
    fit = make_fit(MODEL, yaw=yaw)
    more = {} if light is None else {"light": light}
    portrait = photograph(fit, albedo, **more)
    return OtherPhoto(portrait, fit, look_at_photo(portrait, fit))


def bake(first, *others):
    return bake_texture(*first, settings=TextureSettings(size=SIZE), others=others)


def seen(baked):
    return baked.confidence[:, 0]


@pytest.fixture(scope="module")
def albedo():
    colours = np.tile(SKIN, (len(MODEL.template), 1))
    mole = np.linalg.norm(MODEL.template - [0.078, 0.02, 0.02], axis=1) < 0.02
    colours[mole] = SKIN * 0.35
    return colours, mole


def test_a_second_photo_shows_what_the_first_does_not(albedo):
    colours, mole = albedo
    front, side = photo(0.0, colours), photo(-0.9, colours)
    alone, both = bake(front), bake(front, side)
    assert seen(alone)[mole].mean() < 0.3
    assert seen(both)[mole].mean() > seen(alone)[mole].mean() + 0.3
    assert (seen(both) >= seen(alone) - 1e-6).all()
    assert both.confidence[:, 2].sum() < alone.confidence[:, 2].sum() * 0.9


def test_the_shares_sum_to_one_and_eyeballs_are_made_after_a_model(albedo):
    shares = bake(photo(0.2, albedo[0])).confidence
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    assert (shares >= 0).all()
    assert (shares[MODEL.regions["eyeballs"], 2] == 1).all()


def test_a_darker_second_photo_leaves_no_edge(albedo):
    plain = np.tile(SKIN, (len(MODEL.template), 1))
    front = photo(0.0, plain)
    side = photo(-0.9, plain * 0.45)
    same, darker = (bake(front, other).colour.astype(float) for other in (photo(-0.9, plain), side))
    assert np.abs(same - darker).mean() < 4


def test_what_the_first_photo_shows_well_is_not_mixed_with_the_second(albedo):
    plain = np.tile(SKIN, (len(MODEL.template), 1))
    front = photo(0.0, plain)
    nose = (MODEL.template[:, 2] > 0.095) & (np.abs(MODEL.template[:, 0]) < 0.012)
    spotted = plain.copy()
    spotted[nose] *= 0.4
    alone, both = bake(front).colour.astype(float), bake(front, photo(-0.5, spotted)).colour.astype(float)
    middle = slice(SIZE // 2 - 8, SIZE // 2 + 8)
    assert np.abs(alone - both)[middle, middle].max() < 12


def test_one_photo_gives_the_same_bytes_with_no_others(albedo):
    first = photo(0.2, albedo[0])
    np.testing.assert_array_equal(bake(first).colour, bake_texture(*first, settings=TextureSettings(size=SIZE)).colour)
