"""Inverses and determinants of many small matrices, in closed form.

`numpy.linalg.inv` hands each matrix of a stack to LAPACK by itself, whose threads are woken for each: where other work
keeps the cores busy, the 16,380 triangles of a head took 80 s of waiting and a hundredth of that of work.

Convention: Cramer's rule. Worked number: the inverse of [[2, 0], [0, 4]] is [[0.5, 0], [0, 0.25]].
"""

from __future__ import annotations

import numpy as np

from ..shapes import Float


def inverse_2(matrices: Float[np.ndarray, "*N 2 2"]) -> Float[np.ndarray, "*N 2 2"]:
    """Inverses (..., 2, 2) of regular matrices (..., 2, 2)."""
    (a, b), (c, d) = np.moveaxis(matrices, (-2, -1), (0, 1))
    turned = np.stack([np.stack([d, -b], -1), np.stack([-c, a], -1)], -2)
    return turned / (a * d - b * c)[..., None, None]


def determinant_3(matrices: Float[np.ndarray, "*N 3 3"]) -> Float[np.ndarray, "*N"]:
    """Determinants (...) of matrices (..., 3, 3)."""
    a, b, c = np.moveaxis(matrices, -2, 0)
    return np.asarray((np.cross(a, b) * c).sum(-1))


def inverse_3(matrices: Float[np.ndarray, "*N 3 3"]) -> Float[np.ndarray, "*N 3 3"]:
    """Inverses (..., 3, 3) of regular matrices (..., 3, 3)."""
    a, b, c = np.moveaxis(matrices, -2, 0)
    columns = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], -1)
    return columns / determinant_3(matrices)[..., None, None]
