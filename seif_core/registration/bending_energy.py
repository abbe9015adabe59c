"""Bending energy: what it costs a displacement not to be smooth.

The thin plate's is the integral of the squared Laplacian (Botsch and Kobbelt, An intuitive framework for real-time
freeform modeling, SIGGRAPH 2004), by cotangents, so that it does not depend on how the mesh is cut. The umbrella's
counts every vertex alike (Allen, Curless and Popovic, The space of human body shapes, SIGGRAPH 2003).

Convention: with areas a, cotangent matrix C and smoothing length l the plate's energy is ``l^4 sum stiffness
|C x|^2 / a``, in square metres as that of the data. Worked number: data that vary by sin(s / l) along s are followed by
half.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse

from ..geometry.laplacian import CotangentLaplacian
from ..shapes import Float, Int
from .quadratic_energy import QuadraticEnergy
from .solver import solve_sparse

_MEMBRANE: Final = 0.02
"""Share of the membrane energy ``l^2 x^T C x``, which keeps far extrapolation tame (by eye on rough heads)."""
_REGULAR: Final = 1e-7
"""Weight of 0 itself at every vertex, against a trust of 1, so that pieces without data have a solution."""


def thin_plate(laplacian: CotangentLaplacian, length: float, stiffness: Float[np.ndarray, " V"]) -> QuadraticEnergy:
    """The thin plate's energy of displacements (V, 3).

    Args:
        laplacian: of the mesh at rest.
        length: smoothing length, metres: bumps much shorter than 2 pi times this are left out.
        stiffness: (V,) of each vertex, 1 for the plain plate.
    """
    bend = sparse.diags(stiffness / laplacian.areas)
    matrix = length**4 * (laplacian.matrix.T @ bend @ laplacian.matrix) + _MEMBRANE * length**2 * laplacian.matrix
    return QuadraticEnergy(sparse.csr_matrix(matrix), np.zeros((len(stiffness), 3)))


def umbrella_bending(laplacian: sparse.csr_matrix, stiffness: float) -> sparse.csr_matrix:
    """(V, V) matrix of the energy ``stiffness |L x|^2`` with an umbrella Laplacian."""
    return sparse.csr_matrix(stiffness * (laplacian.T @ laplacian))


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
