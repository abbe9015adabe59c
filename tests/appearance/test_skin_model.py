from __future__ import annotations

import numpy as np
import pytest

from seif_core.appearance.pores import Pores, measured_pores, pore_noise
from seif_core.appearance.skin_model import skin_model
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of


@pytest.fixture(scope="module")
def model():
    return load_head_model()


def test_a_head_of_the_statistics_own_is_found_from_the_half_of_its_face_that_is_seen(model):
    statistics, anatomy = skin_model(model), anatomy_of(model)
    truth = statistics.mean + np.log([0.4, 0.25, 0.18]) + 1.5 * statistics.components[0] - statistics.components[1]
    seen = model.regions["face"] & anatomy.left & anatomy.skin_part
    found = statistics.fitted(np.where(seen[:, None], truth, 0.0), seen.astype(np.float64))
    assert np.abs(found - truth)[anatomy.outer_skin].mean() < 0.04


def test_dark_spots_do_not_darken_the_skin_that_is_found(model):
    statistics, anatomy = skin_model(model), anatomy_of(model)
    seen = np.flatnonzero(model.regions["face"] & anatomy.skin_part)
    truth = statistics.mean + np.log([0.4, 0.25, 0.18])
    spotted, weights = truth.copy(), np.zeros(len(truth))
    spotted[seen[::8]] -= 2.0
    weights[seen] = 1.0
    assert np.abs(statistics.fitted(spotted, weights) - truth)[anatomy.outer_skin].mean() < 0.06


def test_statistics_are_alike_on_both_sides(model):
    mean, mirror = skin_model(model).mean, anatomy_of(model).mirror
    assert np.abs(mean - mean[mirror]).max() < 0.03


@pytest.mark.parametrize("width", [0.8, 1.5])
def test_pores_are_as_strong_and_as_fine_as_those_that_were_measured(width):
    side, asked = 1024, Pores(0.01, width / 2)
    picture = pore_noise(side, asked)
    found = measured_pores(picture, np.ones((side, side), bool))
    assert found.strength == pytest.approx(asked.strength, rel=0.1)
    assert found.width == pytest.approx(asked.width, rel=0.2)
