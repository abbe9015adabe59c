"""Places spread evenly over a mesh, and how they hang on its vertices.

Convention: `SurfaceSamples.blend` holds barycentric weights, rows sum to 1. Worked number: a triangle with sides of
10 mm and a spacing of 4 mm is cut into 3 x 3 = 9 triangles, with a sample at the centroid of each.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import sparse

from ..shapes import Float, Int
from .normals import triangle_areas

_MOST_CUTS: Final = 8
"""A triangle's side is cut into at most so many pieces, so that one huge triangle does not fill the memory."""


class SurfaceSamples(NamedTuple):
    """N places on a mesh of V vertices.

    Attributes:
        blend: (N, V) sparse, barycentric.
        area: (N,) that each stands for, in squared units of the mesh.
    """

    blend: sparse.csr_matrix
    area: Float[np.ndarray, " N"]

    @staticmethod
    def at_vertices(areas: Float[np.ndarray, " V"]) -> SurfaceSamples:
        """One sample at each vertex, with the area that the vertex stands for."""
        return SurfaceSamples(sparse.csr_matrix(sparse.identity(len(areas))), areas)


def spread_samples(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"], spacing: float
) -> SurfaceSamples:
    """Samples about `spacing` apart, at least one per triangle.

    Args:
        vertices: (V, 3) the shape in which they are to be even.
        triangles: (T, 3).
        spacing: in the unit of the vertices.
    """
    corners = vertices[triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    area = triangle_areas(vertices, triangles)
    cuts = np.clip(np.ceil(sides.mean(1) / spacing), 1, _MOST_CUTS).astype(int)
    rows, weights, areas = [], [], []
    for n in np.unique(cuts):
        members = np.flatnonzero(cuts == n)
        inside = _centroids(int(n))
        rows.append(np.repeat(triangles[members], len(inside), axis=0))
        weights.append(np.tile(inside, (len(members), 1)))
        areas.append(np.repeat(area[members] / len(inside), len(inside)))
    ids, values = np.concatenate(rows), np.concatenate(weights)
    owner = np.repeat(np.arange(len(ids)), 3)
    blend = sparse.csr_matrix((values.ravel(), (owner, ids.ravel())), (len(ids), len(vertices)))
    return SurfaceSamples(blend, np.concatenate(areas))


def _centroids(n: int) -> Float[np.ndarray, "N 3"]:
    """(n^2, 3) barycentric centroids of a triangle cut into n^2."""
    a, b = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    up = np.stack([a, b], -1)[a + b < n].reshape(-1, 2) + 1 / 3
    down = np.stack([a, b], -1)[a + b < n - 1].reshape(-1, 2) + 2 / 3
    two = np.concatenate([up, down]) / n
    return np.concatenate([two, 1 - two.sum(1, keepdims=True)], axis=1)
