"""Which point of a target belongs to a point: the closest one, believed where distance and normals agree.

Source: Besl and McKay, A method for registration of 3-D shapes, TPAMI 1992; rejection by normals as in Rusinkiewicz and
Levoy, Efficient variants of the ICP algorithm, 3DIM 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from ..geometry.barycentric import MeshPoints
from ..geometry.closest_point import SurfaceIndex
from ..geometry.normals import unit, vertex_normals
from ..geometry.visibility import sphere
from ..shapes import Bool, Float, Int

_DISAGREEMENT: Final = 0.01
"""Metres that a match with a perpendicular normal costs, against the distance: more than lips or lids are thick."""
_AGREES: Final = 0.9
"""Cosine between normals from which nothing is paid."""
_DIRECTIONS: Final = 26
"""Directions by which triangles are sorted; normals within one differ by some 25 degrees at most."""


class Correspondences(NamedTuple):
    """Closest points of N points on a target.

    Attributes:
        at: the triangles and barycentric weights of the closest points.
        points: (N, 3) the closest points, metres.
        normals: (N, 3) unit, the target's smooth normals there.
        distances: (N,) metres.
    """

    at: MeshPoints
    points: Float[np.ndarray, "N 3"]
    normals: Float[np.ndarray, "N 3"]
    distances: Float[np.ndarray, " N"]

    def agreeing(self, normals: Float[np.ndarray, "N 3"], reach: float, cosine: float) -> Bool[np.ndarray, " N"]:
        """(N,) whether each is nearer than `reach`, metres, with normals whose cosine is above `cosine`."""
        return (self.distances < reach) & ((self.normals * normals).sum(1) > cosine)


@dataclass(frozen=True, eq=False)
class TargetMesh:
    """A triangle mesh that points are drawn to.

    Attributes:
        vertices: (V, 3) float64, metres.
        triangles: (T, 3), counter-clockwise from outside.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]

    @cached_property
    def normals(self) -> Float[np.ndarray, "V 3"]:
        """Area-weighted unit vertex normals (V, 3)."""
        return vertex_normals(self.vertices, self.triangles)

    @cached_property
    def index(self) -> SurfaceIndex:
        """The mesh prepared for closest-point queries."""
        return SurfaceIndex(self.vertices, self.triangles)

    def closest(self, points: Float[np.ndarray, "N 3"]) -> Correspondences:
        """The closest points of `points` (N, 3), metres."""
        found = self.index.query(points)
        at = self.index.weights(found)
        return Correspondences(at, found.points, unit(at.interpolate(self.triangles, self.normals)), found.distances)


class AgreeingPoints:
    """Finds the closest point of a mesh whose normal agrees, so that touching lips are not confused.

    Least is the distance plus what a normal that disagrees costs. Triangles are sorted by the directions that they
    face; of each direction the closest point is a candidate.

    Args:
        vertices: (V, 3) metres.
        triangles: (T, 3), counter-clockwise from outside.
    """

    def __init__(self, vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> None:
        self._whole = SurfaceIndex(vertices, triangles)
        self._normals = self._whole.normals
        facing = (self._normals @ sphere(_DIRECTIONS).T).argmax(axis=1)
        self._groups = [
            (rows, SurfaceIndex(vertices, triangles[rows]))
            for k in np.unique(facing)
            for rows in [(facing == k).nonzero()[0]]
        ]

    def match(self, points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"]) -> MeshPoints:
        """The best point for each of `points` (N, 3) with unit `normals` (N, 3), zero where any normal will do."""
        points = points.astype(np.float64)
        found = self._whole.query(points)
        triangles, weights = (values.copy() for values in self._whole.weights(found))
        least = self._cost(found.distances, triangles, normals)
        rows = np.flatnonzero(least > found.distances)
        for members, index in self._groups if len(rows) else []:
            near = index.query(points[rows])
            cost = self._cost(near.distances, members[near.triangles], normals[rows])
            better = cost < least[rows]
            chosen = rows[better]
            least[chosen] = cost[better]
            triangles[chosen] = members[near.triangles[better]]
            weights[chosen] = index.weights(near).weights[better]
        return MeshPoints(triangles, weights)

    def _cost(self, distances: np.ndarray, triangles: np.ndarray, normals: np.ndarray) -> np.ndarray:
        agreement = (self._normals[triangles] * normals).sum(1)
        return distances + _DISAGREEMENT * np.clip(_AGREES - agreement, 0, None)
