"""Discrete Laplacians of triangle meshes.

Source: Pinkall and Polthier, Computing discrete minimal surfaces and their conjugates, 1993 (cotangent weights);
Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995 (the umbrella).

Convention: both matrices have rows that sum to 0, so constant values are carried to zero. Worked number: on a vertex
with six neighbours of value 0 and value 1 itself the umbrella gives 1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import sparse

from ..shapes import Float, Int
from .connectivity import adjacency
from .edges import unique_edges
from .normals import triangle_areas

_COTANGENTS: Final = (0.02, 5.0)
"""Limits of a cotangent: sliver triangles neither push their neighbours apart nor weld them together. Chosen,
not measured; on the Open head 19 % of the cotangents lie below and 3 % above."""
_SMALLEST_SHARE: Final = 0.05
"""A vertex counts at least so much of the median vertex's area, so that divisions by it stay tame.
Chosen, not measured; 11 % of the Open head's vertices have less."""


class CotangentLaplacian(NamedTuple):
    """The Laplace-Beltrami operator of a mesh.

    Attributes:
        matrix: (V, V) symmetric, positive semi-definite, without unit: integrated over the vertices' areas.
        areas: (V,) area that each vertex stands for, in squared units of the mesh.
    """

    matrix: sparse.csr_matrix
    areas: Float[np.ndarray, " V"]


def cotangent_laplacian(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> CotangentLaplacian:
    """The cotangent Laplacian of a mesh, with a third of each triangle's area for each of its corners."""
    n = len(vertices)
    corners = vertices[triangles]
    area = triangle_areas(vertices, triangles)
    rows, columns, values = [], [], []
    for k in range(3):
        u = corners[:, (k + 1) % 3] - corners[:, k]
        v = corners[:, (k + 2) % 3] - corners[:, k]
        rows.append(triangles[:, (k + 1) % 3])
        columns.append(triangles[:, (k + 2) % 3])
        values.append(np.clip((u * v).sum(1) / np.maximum(2 * area, 1e-14), *_COTANGENTS) / 2)
    i, j, w = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    areas = np.bincount(triangles.ravel(), np.repeat(area / 3, 3), n)
    return CotangentLaplacian(
        graph_laplacian(np.stack([i, j], axis=1), w, n), np.maximum(areas, _SMALLEST_SHARE * np.median(areas))
    )


def graph_laplacian(pairs: Int[np.ndarray, "P 2"], weights: Float[np.ndarray, " P"], count: int) -> sparse.csr_matrix:
    """(V, V) matrix L with ``x^T L x = sum weight (x_i - x_j)^2`` over weighted pairs; a pair may come often."""
    i, j = pairs.T
    graph = sparse.csr_matrix((np.r_[weights, weights], (np.r_[i, j], np.r_[j, i])), (count, count))
    return sparse.csr_matrix(sparse.diags(np.asarray(graph.sum(1)).ravel()) - graph)


def umbrella_laplacian(triangles: Int[np.ndarray, "T 3"], count: int) -> sparse.csr_matrix:
    """(V, V) matrix that subtracts from each vertex value the mean of its neighbours; `count` is V."""
    graph = adjacency(unique_edges(triangles), count)
    degree = np.maximum(np.asarray(graph.sum(1)).ravel(), 1)
    return sparse.csr_matrix(sparse.identity(count) - sparse.diags(1 / degree) @ graph)
