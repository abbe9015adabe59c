"""How far a mesh is pressed and stretched."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seif_core.geometry.principal_stretches import principal_stretches


@given(short=st.floats(0.5, 1.0), turn=st.floats(-3, 3))
def test_skin_pressed_in_one_direction_is_told_whichever_way_it_is_turned(short, turn):
    rest = np.array([[0, 0, 0], [0.01, 0, 0], [0.01, 0.01, 0], [0, 0.01, 0]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    c, s = np.cos(turn), np.sin(turn)
    turned = (rest * [1, short, 1]) @ np.array([[c, 0, s], [s, 0, -c], [0, 1, 0]])
    np.testing.assert_allclose(principal_stretches(rest, turned, triangles).pressed, 1 - short, atol=1e-3)


def test_skin_that_is_stretched_or_only_moved_is_not_pressed():
    rest = np.array([[0, 0, 0], [0.01, 0, 0], [0.01, 0.01, 0], [0, 0.01, 0]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    np.testing.assert_allclose(principal_stretches(rest, rest * [1.3, 1, 1] + 0.02, triangles).pressed, 0, atol=1e-3)
    np.testing.assert_allclose(principal_stretches(rest, rest * [1.3, 1, 1], triangles).stretched, 0.3, atol=1e-3)
