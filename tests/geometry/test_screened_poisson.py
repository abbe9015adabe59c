from __future__ import annotations

from functools import lru_cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_head import make_model

from seif_core.geometry.edges import polygon_edges
from seif_core.geometry.sampling import sample, smoothstep
from seif_core.geometry.screened_poisson import ScreenedPoisson


@lru_cache(maxsize=1)
def model():
    return make_model()


def test_sampling_hits_pixel_centres_and_gives_nothing_outside():
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    x, y = np.array([0, 3, 1.5, 50], np.float32), np.array([0, 2, 1, 0], np.float32)
    np.testing.assert_allclose(sample(picture, x, y), [0, 11, 5.5, 0])


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_screened_poisson_stays_between_the_values_it_is_given(seed):
    rng = np.random.default_rng(seed)
    count = len(model().template)
    values, weights = rng.random((count, 2)), (rng.random(count) < 0.1) * rng.random(count)
    weights[0] = 1.0
    solved = ScreenedPoisson(model().faces, count).solve(values, weights, stiffness=0.5)
    assert solved.min() > values.min() - 1e-3
    assert solved.max() < values.max() + 1e-3


def test_screened_poisson_carries_one_known_value_everywhere_on_its_piece():
    count = len(model().template)
    weights = np.zeros(count)
    piece = model().faces[model().face_part == 0]
    ids = np.unique(piece[piece >= 0])
    weights[ids[0]] = 1.0
    solved = ScreenedPoisson(model().faces, count).solve(np.full((count, 1), 0.7), weights, stiffness=1.0)
    np.testing.assert_allclose(solved[ids], 0.7, atol=1e-3)


def test_edges_of_a_quad_and_a_triangle_are_counted_once():
    assert len(polygon_edges(np.array([[0, 1, 2, 3], [3, 2, 4, -1]], np.int32))) == 6


def test_smoothstep_rises_from_zero_to_one():
    np.testing.assert_allclose(smoothstep(np.array([0.0, 1.0, 1.5, 2.0, 3.0]), 1, 2), [0, 0, 0.5, 1, 1])
