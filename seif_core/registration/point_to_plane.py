"""Point-to-plane data term: points are drawn to the tangent planes of their matches, along which they may slide.

Source: Chen and Medioni, Object modelling by registration of multiple range images, Image and Vision Computing 1992.
Three forms: targets on the planes, where the coordinates are solved one by one; coupled displacements; parameters.

Convention: with gap g from a point to its match and unit normal n there, the point-to-plane distance is ``g . n``.
Worked number: g = (3, 4, 0) mm and n = (0, 1, 0) give 4 mm; the target without sliding is (3, 4, 0), with it (0, 4, 0).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse

from ..geometry.surface_samples import SurfaceSamples
from ..shapes import Float, Int
from .quadratic_energy import QuadraticEnergy, least_squares

_MEAN_SHARE: Final = 0.35
"""Of a plane's term on each coordinate alone, averaged over all directions: a third, and a little for tangents."""


def plane_targets(
    gaps: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], tangential: float | Float[np.ndarray, "N 1"]
) -> Float[np.ndarray, "N 3"]:
    """Moves (N, 3) that bring points onto the planes of their matches.

    Args:
        gaps: (N, 3) from points to matches, metres.
        normals: (N, 3) unit.
        tangential: share of the way along the plane that is gone too; 0 slides freely.
    """
    along = (gaps * normals).sum(1, keepdims=True) * normals
    return along + tangential * (gaps - along)


def sampled_term(
    samples: SurfaceSamples, weights: Float[np.ndarray, " N"], targets: Float[np.ndarray, "N 3"]
) -> QuadraticEnergy:
    """The energy ``sum area weight |B x - target|^2`` of displacements x (V, 3), over samples with their blends B.

    Args:
        samples: N places on the mesh.
        weights: (N,).
        targets: (N, 3) displacements, metres.
    """
    weighted = samples.blend.T @ sparse.diags(samples.area * weights)
    return QuadraticEnergy(sparse.csr_matrix(weighted @ samples.blend), np.asarray(weighted @ targets))


def coupled_term(
    ids: Int[np.ndarray, " M"],
    gaps: Float[np.ndarray, "M 3"],
    normals: Float[np.ndarray, "M 3"],
    weights: Float[np.ndarray, " M"],
    *,
    tangential: float,
    count: int,
) -> tuple[QuadraticEnergy, Float[np.ndarray, " V"]]:
    """The energy of interleaved displacements (3V,), and about how much of it falls on each coordinate (V,).

    Args:
        ids: (M,) the vertices that have a match.
        gaps: (M, 3) from where they are without displacement to their matches, metres.
        normals: (M, 3) unit.
        weights: (M,).
        tangential: weight of a way along the plane, against 1 across it.
        count: V.
    """
    blocks = (1 - tangential) * normals[:, :, None] * normals[:, None] + tangential * np.eye(3)
    blocks = blocks * weights[:, None, None]
    right = np.zeros((count, 3))
    right[ids] = np.einsum("mab,mb->ma", blocks, gaps)
    own = 3 * ids[:, None, None]
    rows, columns = np.broadcast_arrays(own + np.arange(3)[:, None], own + np.arange(3))
    matrix = sparse.csr_matrix((blocks.ravel(), (rows.ravel(), columns.ravel())), (3 * count, 3 * count))
    mean = np.zeros(count)
    mean[ids] = _MEAN_SHARE * weights
    return QuadraticEnergy(matrix, right.ravel()), mean


def parametric_term(
    gaps: Float[np.ndarray, "M 3"],
    normals: Float[np.ndarray, "M 3"],
    weights: Float[np.ndarray, " M"],
    columns: Float[np.ndarray, "M 3 K"],
) -> QuadraticEnergy:
    """The energy ``sum weight ((gap - columns x) . normal)^2`` of a change x (K,) of parameters.

    Args:
        gaps: (M, 3) from points to matches, metres.
        normals: (M, 3) unit.
        weights: (M,).
        columns: (M, 3, K) how the points change with each parameter.
    """
    return least_squares(np.matmul(normals[:, None], columns)[:, 0], (gaps * normals).sum(1), weights)
