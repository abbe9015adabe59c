"""The least points of quadratic energies: sparse and direct, by preconditioned conjugate gradients, or dense.

Source of the preconditioned solve: Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. 2003, chapter 9.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ..shapes import Float
from .quadratic_energy import QuadraticEnergy

_TOLERANCE: Final = 1e-6
"""Residual, relative to the right side, at which conjugate gradients end: 0.1 micrometres of a move of 10 cm."""
_MOST_STEPS: Final = 200
"""Steps of conjugate gradients; with the preconditioner some ten are needed."""


def solve_sparse(energy: QuadraticEnergy) -> Float[np.ndarray, "V C"]:
    """Where an energy of displacements is least, (V, C), by a factorisation of its symmetric matrix."""
    return _factor(sparse.csr_matrix(energy.matrix)).solve(energy.right)


def solve_coupled(energy: QuadraticEnergy, uncoupled: sparse.csr_matrix) -> Float[np.ndarray, "V 3"]:
    """Where an energy whose coordinates are coupled is least, (V, 3).

    Args:
        energy: of interleaved coordinates (3V,).
        uncoupled: (V, V) a matrix like the energy's for each coordinate alone, from which the search is preconditioned.
    """
    solution, _ = linalg.cg(
        energy.matrix, energy.right, rtol=_TOLERANCE, maxiter=_MOST_STEPS, M=_PerCoordinate(uncoupled)
    )
    return solution.reshape(-1, 3)


def solve_dense(energy: QuadraticEnergy) -> Float[np.ndarray, " K"]:
    """The parameters (K,) at which their energy is least."""
    return np.linalg.solve(np.asarray(energy.matrix), energy.right)


def _factor(matrix: sparse.csr_matrix) -> linalg.SuperLU:
    return linalg.splu(
        sparse.csc_matrix(matrix),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )


class _PerCoordinate(linalg.LinearOperator):
    """Solves a (V, V) system for each of three interleaved coordinates."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        size = 3 * int(matrix.get_shape()[0])
        super().__init__(np.float64, (size, size))
        self._solve = _factor(matrix).solve

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        return self._solve(x.reshape(-1, 3)).ravel()
