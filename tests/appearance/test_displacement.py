"""The displacement map: heights from slopes."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.appearance.displacement import heights_of_slopes

SIDE, TEXEL = 128, 0.0005


def bump(wide, high):
    """Heights (M, M) of a round bump and their slopes (M, M, 2) as a normal map would tell them."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    x, up = (columns - SIDE / 2) * TEXEL, -(rows - SIDE / 2) * TEXEL
    heights = high * np.exp(-(x**2 + up**2) / (2 * wide**2))
    slopes = np.stack([x, up], 2) * (heights / wide**2)[..., None]
    return heights.astype(np.float32), slopes.astype(np.float32)


def added_up(slopes, skin=None, length=0.02, metres=(TEXEL, TEXEL)):
    skin = np.ones((SIDE, SIDE), bool) if skin is None else skin
    return heights_of_slopes(slopes, np.full((SIDE, SIDE, 2), metres, np.float32), skin, length=length)


@pytest.mark.parametrize("high", [0.0006, -0.0004])
def test_the_slopes_of_a_bump_add_up_to_the_bump_right_way_round(high):
    heights, slopes = bump(0.002, high)
    found = added_up(slopes)
    assert np.abs((found - found.min() if high > 0 else found - found.max()) - heights).max() < 0.06 * abs(high)


def test_texels_may_be_wider_than_high():
    heights, slopes = bump(0.002, 0.0006)
    slopes[..., 0] /= 2  # the same heights, twice as wide
    found = added_up(slopes, metres=(2 * TEXEL, TEXEL))
    assert np.abs(found - found.min() - heights).max() < 0.06 * 0.0006


def test_what_is_longer_than_the_screen_is_left_to_the_mesh():
    heights, slopes = bump(0.012, 0.0006)
    assert np.ptp(added_up(slopes, length=0.001)) < 0.15 * np.ptp(heights)
    assert np.ptp(added_up(bump(0.0008, 0.0006)[1], length=0.0024)) > 0.7 * 0.0006


def test_nothing_leans_nothing_rises_and_off_the_skin_there_is_nothing():
    skin = np.zeros((SIDE, SIDE), bool)
    skin[20:90, 30:100] = True
    found = added_up(bump(0.004, 0.0006)[1], skin)
    assert (found[~skin] == 0).all()
    assert np.ptp(found) > 0
    assert np.array_equal(added_up(np.zeros((SIDE, SIDE, 2), np.float32), skin), np.zeros((SIDE, SIDE)))
    assert np.isfinite(added_up(np.zeros((SIDE, SIDE, 2), np.float32), np.zeros((SIDE, SIDE), bool))).all()
