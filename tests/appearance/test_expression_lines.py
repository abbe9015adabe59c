"""Folds that the photo's expression makes are taken out of the head at rest, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from rendered_head import make_fit, make_model

from seif_core.appearance.atlas import build_atlas
from seif_core.appearance.expression_lines import even_expression_lines, expression_share
from seif_core.appearance.settings import ExpressionLineSettings
from seif_core.geometry.screened_poisson import ScreenedPoisson

SETTINGS = ExpressionLineSettings()


@lru_cache(maxsize=1)
def squeezed():
    """A fit whose skin between y = -0.06 and -0.02 is pressed to 0.8 of its height, all below it moved after."""
    fit = make_fit(make_model(), yaw=0.0)
    y = fit.neutral[:, 1]
    expressed = fit.neutral.copy()
    expressed[:, 1] += 0.2 * np.clip(-0.02 - y, 0, 0.04)
    return replace(fit, expressed=expressed), build_atlas(fit.model, 256)


def share_of(fit, kept=0.0):
    count = len(fit.neutral)
    smoother = ScreenedPoisson(fit.model.faces, count)
    return expression_share(fit, smoother, np.full(count, kept), SETTINGS)


def lined(fit, atlas, height):
    """Skin with a dark line 2 mm wide across it at a height."""
    y = atlas.spread(fit.neutral)[:, 1]
    return np.where(np.abs(y - height)[:, None] < 0.001, 0.35, 0.6).astype(np.float32).repeat(3, 1), y


def test_a_dark_line_where_the_expression_presses_the_skin_is_lightened():
    fit, atlas = squeezed()
    colours, y = lined(fit, atlas, -0.04)
    made = colours.copy()
    even_expression_lines(fit, atlas, made, share_of(fit), SETTINGS)
    front = (np.abs(y + 0.04) < 0.001) & (atlas.part == 0)
    assert np.median(made[front]) > 0.35 + 0.6 * (0.6 - 0.35)


@pytest.mark.parametrize("height", [0.05, 0.02])
def test_a_dark_line_elsewhere_stays_as_it_is(height):
    fit, atlas = squeezed()
    colours, _ = lined(fit, atlas, height)
    made = colours.copy()
    even_expression_lines(fit, atlas, made, share_of(fit), SETTINGS)
    y = atlas.spread(fit.neutral)[:, 1]
    np.testing.assert_array_equal(made[y > 0.02], colours[y > 0.02])


def test_brows_beard_lids_and_lips_keep_their_lines():
    fit, atlas = squeezed()
    colours, _ = lined(fit, atlas, -0.04)
    made = colours.copy()
    even_expression_lines(fit, atlas, made, share_of(fit, kept=1.0), SETTINGS)
    np.testing.assert_array_equal(made, colours)


def test_a_face_at_rest_keeps_every_line():
    fit, atlas = squeezed()
    fit = replace(fit, expressed=fit.neutral)
    colours, _ = lined(fit, atlas, -0.04)
    made = colours.copy()
    even_expression_lines(fit, atlas, made, share_of(fit), SETTINGS)
    np.testing.assert_array_equal(made, colours)


def test_pressing_that_no_texel_of_the_skin_has_changes_nothing():
    fit, atlas = squeezed()
    colours, _ = lined(fit, atlas, -0.04)
    bare, made = replace(atlas, part=np.ones_like(atlas.part)), colours.copy()
    even_expression_lines(fit, bare, made, share_of(fit), SETTINGS)
    np.testing.assert_array_equal(made, colours)


def test_only_what_the_blurs_reach_is_looked_at_and_the_rest_of_the_skin_counts_for_nothing():
    fit, atlas = squeezed()
    atlas = build_atlas(fit.model, 1024)
    colours, y = lined(fit, atlas, -0.04)
    share = np.where(np.abs(fit.neutral[:, 1] + 0.04) < 0.01, share_of(fit), 0).astype(np.float32)
    made, other = colours.copy(), colours.copy()
    far = y > 0.04  # 70 mm off, where four standard deviations are 40 mm
    other[far] = 0.9
    even_expression_lines(fit, atlas, made, share, SETTINGS)
    even_expression_lines(fit, atlas, other, share, SETTINGS)
    assert np.abs(made - colours).max() > 0.05
    np.testing.assert_array_equal(made[~far], other[~far])


def test_a_light_ridge_beside_a_fold_leaves_no_pale_streak_and_pores_stay():
    fit, atlas = squeezed()
    y = atlas.spread(fit.neutral)[:, 1]
    noise = np.random.default_rng(3).normal(0, 0.004, (len(y), 1))
    line = np.abs(y + 0.04) < 0.001
    colours = (np.where(line[:, None], 0.75, 0.6) + noise).astype(np.float32).repeat(3, 1)
    made = colours.copy()
    even_expression_lines(fit, atlas, made, share_of(fit), SETTINGS)
    assert np.median(made[line & (atlas.part == 0)]) < 0.75 - 0.6 * (0.75 - 0.6)
    plain = np.abs(y + 0.04) > 0.02
    assert np.std(made[plain]) > 0.8 * np.std(colours[plain])


def test_freckles_that_go_every_way_stay_where_the_expression_presses_the_skin():
    fit, atlas = squeezed()
    place = atlas.spread(fit.neutral)
    grid = (np.sin(place[:, 0] * 1200) * np.sin(place[:, 1] * 1200))[:, None]
    colours = np.where(grid > 0.5, 0.5, 0.6).astype(np.float32).repeat(3, 1)
    made = colours.copy()
    even_expression_lines(fit, atlas, made, share_of(fit), SETTINGS)
    front = (np.abs(place[:, 1] + 0.04) < 0.01) & (atlas.part == 0)
    assert np.std(made[front]) > 0.7 * np.std(colours[front])
