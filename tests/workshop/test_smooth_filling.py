"""Values known at some vertices, spread over a flat sheet."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay

from seif_core.geometry.laplacian import umbrella_laplacian
from seif_core.workshop.openhead.smooth_filling import fill_smoothly


def test_smooth_filling_goes_through_what_is_known_and_rises_between():
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9)))
    laplacian = umbrella_laplacian(Delaunay(np.stack([x, y], axis=1)).simplices, len(x))
    ends = np.flatnonzero((x == 0) | (x == 1))
    filled = fill_smoothly(laplacian, ends, np.full(len(ends), 1e3), x[ends, None], 1e-3)[:, 0]
    np.testing.assert_allclose(filled[ends], x[ends], atol=1e-3)
    middle = np.flatnonzero(y == 0.5)  # in the order of x
    assert (np.diff(filled[middle]) > 0).all()
