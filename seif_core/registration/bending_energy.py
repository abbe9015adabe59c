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
from ..shapes import Float
from .quadratic_energy import QuadraticEnergy

_MEMBRANE: Final = 0.02
"""Share of the membrane energy ``l^2 x^T C x``, which keeps far extrapolation tame (by eye on rough heads)."""


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
