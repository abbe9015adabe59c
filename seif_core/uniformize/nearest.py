"""Closest points on a finely meshed surface, fast: nearest vertices first, then the triangles about them.

On surfaces whose triangles are small against their distance from each other, as marching cubes makes them, the
triangles about the three nearest vertices hold the closest point. Where they do not, the answer is a point of the
surface a little farther away, never one that does not lie on it.

Point-to-triangle distance: Ericson, Real-Time Collision Detection, 2005, section 5.1.5.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..evaluation.closest_point import ClosestPoints, closest_on_triangles
from ..shapes import Float, Int

_NEAREST: Final = 3
_MOST: Final = 12
"""Triangles looked at about a vertex; marching cubes gives six or so."""


class NearbyTriangles:
    """A mesh prepared for closest-point queries.

    Args:
        vertices: (V, 3) positions, any unit.
        triangles: (T, 3) vertex indices.
    """

    def __init__(self, vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> None:
        self._vertices, self._triangles = np.asarray(vertices, np.float64), triangles
        order = np.argsort(triangles.ravel(), kind="stable")
        count = np.bincount(triangles.ravel(), minlength=len(vertices))
        self._around, self._count = order // 3, np.minimum(count, _MOST)
        self._first = np.cumsum(count) - count
        self._used = np.flatnonzero(count)
        self._tree = KDTree(self._vertices[self._used])

    def query(self, points: Float[np.ndarray, "N 3"]) -> ClosestPoints:
        """The closest point of the surface for each of `points` (N, 3)."""
        points = np.asarray(points, np.float64)
        near = np.asarray(self._tree.query(points, k=min(_NEAREST, len(self._used)))[1]).reshape(len(points), -1)
        vertex = self._used[near].ravel()
        count = self._count[vertex]
        owner = np.repeat(np.repeat(np.arange(len(points)), near.shape[1]), count)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        triangle = self._around[np.repeat(self._first[vertex], count) + offset]
        pairs = np.unique(owner * len(self._triangles) + triangle)  # neighbours share triangles
        owner, triangle = np.divmod(pairs, len(self._triangles))
        closest = closest_on_triangles(points[owner], self._vertices[self._triangles[triangle]])
        distance = np.linalg.norm(closest - points[owner], axis=1)
        best = np.lexsort((triangle, distance, owner))
        best = best[np.unique(owner[best], return_index=True)[1]]
        return ClosestPoints(closest[best], distance[best], triangle[best])
