"""Quadratic energies ``E(x) = x^T A x - 2 x^T b`` (up to a constant) that add up term by term.

Convention: `x` is either displacements (V, 3) whose coordinates do not mix (A is (V, V), b is (V, 3)), or one vector
(N,) of parameters or of interleaved coordinates x0 y0 z0 x1 ... (A is (N, N), b is (N,)). Worked number: the energy
``2 |x - 3|^2`` is A = 2, b = 6, and is least at A^-1 b = 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..shapes import Float


@dataclass(frozen=True, eq=False)
class QuadraticEnergy:
    """One energy, or a sum of some.

    Attributes:
        matrix: (N, N) symmetric, positive semi-definite: sparse, or dense for parameters.
        right: (N, C) or (N,).
    """

    matrix: sparse.csr_matrix | Float[np.ndarray, "N N"]
    right: Float[np.ndarray, "N *C"]

    def __add__(self, other: QuadraticEnergy) -> QuadraticEnergy:
        return QuadraticEnergy(self.matrix + other.matrix, self.right + other.right)

    def diagonal(self) -> Float[np.ndarray, " N"]:
        """(N,) the diagonal of the matrix."""
        return np.asarray(self.matrix.diagonal())


def least_squares(
    rows: Float[np.ndarray, "R K"], right: Float[np.ndarray, " R"], weights: Float[np.ndarray, " R"]
) -> QuadraticEnergy:
    """The energy ``sum weight (row . x - right)^2`` of parameters x (K,)."""
    root = np.sqrt(weights)
    rows, right = rows * root[:, None], right * root
    return QuadraticEnergy(rows.T @ rows, rows.T @ right)
