"""Exact closest points on a triangle mesh, by libigl's tree of bounding boxes (https://libigl.github.io, MPL-2.0)."""

from __future__ import annotations

from typing import NamedTuple

import igl
import numpy as np

from ..shapes import Float, Int
from .barycentric import MeshPoints, barycentric
from .normals import area_vectors, unit


class ClosestPoints(NamedTuple):
    """Closest points of N queries.

    Attributes:
        points: (N, 3) float64, on the surface, in the mesh's units.
        distances: (N,) float64, in the mesh's units.
        triangles: (N,) int64, index of the triangle that each point lies on.
    """

    points: Float[np.ndarray, "N 3"]
    distances: Float[np.ndarray, " N"]
    triangles: Int[np.ndarray, " N"]


class SurfaceIndex:
    """A mesh prepared for closest-point queries.

    Args:
        vertices: (V, 3) positions, any unit.
        triangles: (T, 3) vertex indices; triangles without area are allowed.
    """

    def __init__(self, vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> None:
        self._vertices = np.ascontiguousarray(vertices, np.float64)
        self._triangles = np.ascontiguousarray(triangles, np.int64)
        self._tree = igl.AABB()
        self._tree.init(self._vertices, self._triangles)

    @property
    def normals(self) -> Float[np.ndarray, "T 3"]:
        """Unit normals (T, 3) of the triangles; zero where a triangle has no area."""
        return unit(area_vectors(self._vertices, self._triangles))

    def query(self, points: Float[np.ndarray, "N 3"]) -> ClosestPoints:
        """The closest point of the surface for each of `points` (N, 3), in the mesh's units."""
        points = np.ascontiguousarray(points, np.float64)
        if len(points) == 0:
            return ClosestPoints(points.reshape(0, 3), np.zeros(0), np.zeros(0, np.int64))
        squared, triangles, closest = self._tree.squared_distance(self._vertices, self._triangles, points)
        return ClosestPoints(np.reshape(closest, (-1, 3)), np.sqrt(squared), np.asarray(triangles, np.int64))

    def weights(self, found: ClosestPoints) -> MeshPoints:
        """Where closest points lie in their triangles; those on triangles without area get weights that add up too."""
        corners = self._vertices[self._triangles[found.triangles]]
        inside = np.clip(barycentric(found.points, corners), 0, 1)
        return MeshPoints(found.triangles, inside / inside.sum(1, keepdims=True))
