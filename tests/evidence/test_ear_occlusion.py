"""The photo's colours tell whether hair covers the ears."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rendered_head import make_fit, photograph

from seif_core.evidence import EarOcclusion, look_at_photo
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.portrait.crop import Crop
from seif_core.portrait.head_parsing import CLASSES, HeadParsing

SKIN, HAIR, BLUE = np.array([[0.45, 0.25, 0.18], [0.05, 0.03, 0.02], [0.05, 0.10, 0.60]])


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def cover(model, left, right, *, scalp=HAIR, yaw=0.0):
    """How ears of these colours are seen."""
    albedo = np.tile(SKIN, (len(model.template), 1))
    albedo[anatomy_of(model).over_hairline > 0.1] = scalp
    side = model.template[:, 0] > 0
    albedo[model.regions["ears"] & side] = left
    albedo[model.regions["ears"] & ~side] = right
    fit = make_fit(model, yaw=yaw)
    found = look_at_photo(photograph(fit, albedo), fit)
    assert found is not None
    return found.ear_occlusion


def test_an_ear_with_the_hairs_colour_is_covered_and_one_with_the_skins_is_not(model):
    found = cover(model, HAIR, SKIN)
    assert found.left > 0.7
    assert found.right < 0.3


def test_an_ear_that_is_turned_away_is_taken_to_be_like_the_other(model):
    found = cover(model, HAIR, SKIN, yaw=1.2)
    assert found.left == found.right


def test_what_has_neither_colour_is_no_hair(model):
    assert max(cover(model, BLUE, BLUE)) < 0.3


def test_a_bald_head_has_no_hair_over_its_ears(model):
    assert cover(model, HAIR, HAIR, scalp=SKIN) == EarOcclusion(0.0, 0.0)


@pytest.mark.parametrize("covering", ["hair", "headwear"])
def test_an_ear_that_the_parsing_sees_under_hair_or_a_hat_is_covered_whatever_its_colour(model, covering):
    fit = make_fit(model, yaw=0.0)
    portrait = photograph(fit, np.tile(SKIN, (len(model.template), 1)))
    left = (model.regions["ears"] & (model.template[:, 0] > 0))[:, None] * np.ones((1, 3))
    where = photograph(fit, left, background=(0, 0, 0)).pixels.max(2) > 0
    height, width = where.shape
    side = max(height, width)
    shares = np.zeros((len(CLASSES), side, side), np.float32)
    shares[CLASSES.index(covering), :height, :width] = where
    shares[CLASSES.index("skin")] = 1 - shares.sum(0)
    parsed = replace(portrait, parsing=HeadParsing(Crop(side / 2, side / 2, side), shares))
    found = look_at_photo(parsed, fit)
    assert found is not None
    assert found.ear_occlusion.left > 0.7
    assert found.ear_occlusion.right < 0.3
