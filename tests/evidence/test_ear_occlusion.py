"""The parsing tells whether hair covers the ears."""

from __future__ import annotations

import numpy as np
import pytest
from parsed_photo import parsed
from rendered_head import make_fit, photograph

from seif_core.evidence import EarOcclusion, look_at_photo
from seif_core.headmodel import load_head_model

SKIN = np.array([0.45, 0.25, 0.18])


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def cover(model, *sides, covering="hair", yaw=0.0):
    """How ears are seen of which those on these sides, 1 for the left and -1 for the right, are covered."""
    fit = make_fit(model, yaw=yaw)
    portrait = photograph(fit, np.tile(SKIN, (len(model.template), 1)))
    ears = model.regions["ears"] & np.isin(np.sign(model.template[:, 0]), sides)
    drawn = photograph(fit, ears[:, None] * np.ones((1, 3)), background=(0, 0, 0))
    found = look_at_photo(parsed(portrait, **{covering: drawn.pixels.max(axis=2) > 0}), fit)
    assert found is not None
    return found.ear_occlusion


@pytest.mark.parametrize("covering", ["hair", "headwear"])
def test_an_ear_that_the_parsing_sees_under_hair_or_a_hat_is_covered_and_the_other_is_not(model, covering):
    found = cover(model, 1, covering=covering)
    assert found.left > 0.7
    assert found.right < 0.3


def test_an_ear_that_is_turned_away_is_taken_to_be_like_the_other(model):
    found = cover(model, 1, -1, yaw=1.2)
    assert found.left == found.right > 0.7


def test_glasses_before_an_ear_are_no_hair_over_it(model):
    assert max(cover(model, 1, -1, covering="glasses")) < 0.3


def test_a_head_without_hair_has_none_over_its_ears(model):
    assert cover(model) == EarOcclusion(0.0, 0.0)
