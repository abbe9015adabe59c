"""Smooth values on a mesh that follow known ones: the screened Poisson equation on a graph Laplacian.

Minimises ``sum_v w_v |x_v - a_v|^2 + k sum_edges |x_u - x_v|^2`` (Bhat et al., Fourier analysis of the 2D screened
Poisson equation for gradient domain problems, ECCV 2008, eq. 2, here with a gradient of zero and the Laplacian of the
mesh's edges, each of weight 1). The mesh's vertices are shared across the seams of its texture, so the result has none.

Convention: k is in the unit of the weights w. Worked number: of two vertices joined by an edge, one known to be 1 with
w = 1 and one with w = 0, both become 1, whatever k is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from ..shapes import Float, Float32, Int32
from .edges import polygon_edges
from .laplacian import graph_laplacian

_LEAST_WEIGHT: Final = 1e-6
"""Added to every weight, so that a piece of the mesh where nothing is known has a solution (its own values' mean)."""


class ScreenedPoisson:
    """Solves for smooth values on the vertices of one mesh.

    Args:
        faces: (F, 4) int32, -1 in the last column of a triangle.
        vertices: number of vertices.
    """

    def __init__(self, faces: Int32[np.ndarray, "F 4"], vertices: int) -> None:
        edges = polygon_edges(faces)
        laplacian = graph_laplacian(edges, np.ones(len(edges)), vertices)
        system = sparse.csc_matrix(laplacian + sparse.identity(vertices))
        self._place = _factor(system, "MMD_AT_PLUS_A").perm_c  # found once: it depends on the edges alone
        self._order = np.argsort(self._place)
        self._laplacian = sparse.csc_matrix(system[self._order][:, self._order])
        column = np.repeat(np.arange(vertices), np.diff(self._laplacian.indptr))
        self._diagonal = np.flatnonzero(self._laplacian.indices == column)
        self._laplacian.data[self._diagonal] -= 1

    def solve(
        self, values: Float[np.ndarray, "V C"], weights: Float[np.ndarray, " V"], *, stiffness: float
    ) -> Float32[np.ndarray, "V C"]:
        """Smooth values (V, C) that follow `values` where `weights` are large against `stiffness`."""
        weights = weights.astype(np.float64) + _LEAST_WEIGHT
        system = self._laplacian * stiffness
        system.data[self._diagonal] += weights[self._order]
        known = weights[:, None] * values.astype(np.float64)
        return _factor(system, "NATURAL").solve(known[self._order])[self._place].astype(np.float32)


def _factor(system: sparse.csc_matrix, order: str) -> SuperLU:
    """The factors of a symmetric positive definite matrix, for which no pivots need be looked for.

    Args:
        system: the matrix.
        order: of its columns: SuperLU's minimum degree, or as they stand.
    """
    return splu(system, permc_spec=order, diag_pivot_thresh=0.0, options={"SymmetricMode": True})
