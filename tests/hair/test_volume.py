"""The space that hair fills."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from haired_head import haired_scene

from seif_core.geometry.normals import unit
from seif_core.hair.labels import Labels, label_surface
from seif_core.hair.space import HairSpace
from seif_core.hair.volume import _at_height, _most_at_edge, hair_volume

TRUE = 0.020
"""Metres of hair on the scene's head, the same all round."""


@pytest.fixture(scope="module")
def scene() -> tuple[HairSpace, Labels]:
    fit, surface, _, portrait = haired_scene()
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing, ("hair", "headwear"))
    return space, label_surface(space, surface)


def behind(space: HairSpace) -> np.ndarray:
    """The scalp that the camera does not see."""
    away = (space.normals * unit(space.viewer - space.skin)).sum(1)
    return np.flatnonzero((space.over_hairline > 0.5) & (away < -0.6))


def thickness(space: HairSpace, labels: Labels) -> float:
    """How thick hair is behind the head, metres."""
    volume, ids = hair_volume(space, labels), behind(space)
    heights = np.arange(0.0, 0.08, 0.002)
    inside = [volume.at(space.skin[ids] + height * space.normals[ids]) < 0 for height in heights]
    return float(np.median(heights[len(heights) - 1 - np.argmax(np.stack(inside)[::-1], axis=0)]))


def swollen(space: HairSpace, labels: Labels) -> Labels:
    """The same surface, but twice as far from the skin where the photo does not show it."""
    away = -(labels.normals * unit(space.viewer - labels.points)).sum(1)
    grown = labels.points + np.clip(4 * away, 0, 1)[:, None] * TRUE * labels.normals
    return replace(labels, points=grown)


def test_short_hair_is_no_thicker_behind_the_head_than_its_outline_shows(scene):
    space, labels = scene
    assert thickness(space, swollen(space, labels)) < 1.3 * TRUE


def test_long_hair_is_as_thick_behind_the_head_as_the_surface_says(scene):
    space, labels = scene
    low = labels.hanging.usual - 0.1
    long = replace(labels, hanging=labels.hanging._replace(left=low, right=low))
    assert thickness(space, swollen(space, long)) > 1.7 * TRUE


def test_hair_of_one_length_keeps_it_behind_the_head(scene):
    assert thickness(*scene) == pytest.approx(TRUE, abs=0.005)


def test_short_hair_is_at_each_height_as_thick_as_the_outline_shows_and_runs_out_at_the_nape():
    seen = np.repeat([0.096, 0.060, 0.036], 10)
    told = np.repeat([0.020, 0.010, 0.004], 10)
    found = _at_height(seen, told, -0.03, np.array([0.15, 0.096, 0.060, 0.036, 0.003, -0.03, -0.1]))
    np.testing.assert_allclose(found, [0.020, 0.020, 0.010, 0.004, 0.0035, 0.003, 0.003], atol=0.0008)


def test_an_outline_that_shows_hair_here_and_there_alone_tells_one_thickness():
    seen = np.linspace(0, 0.5, 20)
    np.testing.assert_allclose(_at_height(seen, np.full(20, 0.012), -0.03, np.array([0.0, 0.2])), 0.012)


def test_short_hair_begins_thin_at_its_edge_and_is_free_in_the_middle(scene):
    labels = scene[1]
    bare = labels.points[labels.label < 0.5]
    middle = labels.points[labels.label > 0.9]
    most = _most_at_edge(labels, np.concatenate([bare, middle]))
    assert most[: len(bare)].max() < 0.004
    assert np.isinf(most[len(bare) :]).any()


def test_hair_all_over_has_no_edge(scene):
    labels = replace(scene[1], label=np.ones(len(scene[1].label)))
    assert np.isinf(_most_at_edge(labels, labels.points)).all()


def test_surface_that_lies_under_the_skin_leaves_no_hair_at_the_border_of_the_grid(scene):
    """A surface within the skull puts the grid's border near the skin; the room before it was closed as a hole."""
    space, labels = scene
    sunk = replace(labels, points=labels.points - (TRUE + 0.012) * labels.normals)
    values = hair_volume(space, sunk).values
    for axis in range(3):
        assert np.take(values, [0, -1], axis=axis).min() > 0
