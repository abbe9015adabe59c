"""Closed forms against LAPACK."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.geometry.small_inverses import determinant_3, inverse_2, inverse_3


@pytest.mark.parametrize(("inverse", "side"), [(inverse_2, 2), (inverse_3, 3)])
def test_inverses_are_those_of_lapack(inverse, side):
    matrices = np.random.default_rng(3).normal(size=(200, side, side)) + 2 * np.eye(side)
    np.testing.assert_allclose(inverse(matrices) @ matrices, np.broadcast_to(np.eye(side), matrices.shape), atol=1e-9)
    np.testing.assert_allclose(inverse(matrices[0]), np.linalg.inv(matrices[0]), atol=1e-9)


def test_determinants_are_those_of_lapack():
    matrices = np.random.default_rng(4).normal(size=(50, 3, 3))
    np.testing.assert_allclose(determinant_3(matrices), np.linalg.det(matrices), atol=1e-12)
