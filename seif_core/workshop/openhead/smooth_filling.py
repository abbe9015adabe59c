"""Values that are known at some vertices, spread smoothly over the mesh."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse

from ...registration.bending_energy import umbrella_bending
from ...registration.quadratic_energy import QuadraticEnergy
from ...registration.solver import solve_sparse
from ...shapes import Float, Int

_REGULAR: Final = 1e-7
"""Weight of 0 itself at every vertex, against a trust of 1, so that pieces without data have a solution."""


def fill_smoothly(
    laplacian: sparse.csr_matrix,
    known: Int[np.ndarray, " M"],
    trust: Float[np.ndarray, " M"],
    values: Float[np.ndarray, "M C"],
    stiffness: float,
) -> Float[np.ndarray, "V C"]:
    """Spread values (M, C) given at vertices `known` (M,) with weights `trust` (M,) smoothly over all vertices (V, C).

    Least is ``sum trust |x - value|^2 + stiffness |L x|^2``: biharmonic where nothing is known.

    Args:
        laplacian: (V, V) umbrella Laplacian.
        known: vertices.
        trust: their weights.
        values: in any unit.
        stiffness: against a trust of 1.
    """
    count = len(laplacian.indptr) - 1
    weight = np.zeros(count)
    weight[known] = trust
    right = np.zeros((count, values.shape[1]))
    right[known] = trust[:, None] * values
    matrix = sparse.csr_matrix(sparse.diags(weight + _REGULAR) + umbrella_bending(laplacian, stiffness))
    return solve_sparse(QuadraticEnergy(matrix, right))
