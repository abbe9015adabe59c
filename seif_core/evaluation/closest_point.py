"""Exact closest points on a triangle mesh, with SciPy's k-d tree alone.

Triangles are sorted into classes of size (octaves of the radius about their centroid). In a class of radius r, no
triangle can come closer to a point than its centroid's distance minus r; so the nearest centroids are visited in
growing numbers until the next one could not win. The answer is exact, whatever the mix of triangle sizes.

Point-to-triangle distance: Ericson, Real-Time Collision Detection, 2005, section 5.1.5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..shapes import Float, Int

_FIRST_NEIGHBOURS: Final = 6
_CHUNK: Final = 1 << 18


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
        self._corners = np.asarray(vertices, dtype=np.float64)[triangles]
        centroids = self._corners.mean(axis=1)
        radii = np.linalg.norm(self._corners - centroids[:, None], axis=2).max(axis=1)
        size_class = np.floor(np.log2(np.maximum(radii, 1e-12 * max(float(radii.max()), 1e-300)))).astype(int)
        self._classes = []
        for value in np.unique(size_class):
            members = np.flatnonzero(size_class == value)
            self._classes.append((members, radii[members], KDTree(centroids[members])))
        self._classes.sort(key=lambda c: -len(c[0]))  # the most common size first: it gives the best early bound

    @property
    def normals(self) -> Float[np.ndarray, "T 3"]:
        """Unit normals (T, 3) of the triangles; zero where a triangle has no area."""
        a, b, c = self._corners.transpose(1, 0, 2)
        normals = np.cross(b - a, c - a)
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)

    def query(self, points: Float[np.ndarray, "N 3"], guess: Int[np.ndarray, " N"] | None = None) -> ClosestPoints:
        """The closest point of the surface for each of `points` (N, 3).

        Args:
            points: (N, 3) in the mesh's units.
            guess: (N,) a triangle thought to be near each point, such as an earlier answer; speeds the search up and
                does not change its distances.
        """
        points = np.asarray(points, dtype=np.float64)
        best = ClosestPoints(np.zeros_like(points), np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64))
        if guess is not None:
            self._offer(points, best, np.arange(len(points)), guess)
        for members, radii, tree in self._classes:
            self._search_class(points, best, members, radii, tree)
        return best

    def _search_class(
        self, points: np.ndarray, best: ClosestPoints, members: np.ndarray, radii: np.ndarray, tree: KDTree
    ) -> None:
        pending = np.arange(len(points))
        largest = float(radii.max())
        done, wanted = 0, min(_FIRST_NEIGHBOURS, len(members))
        while len(pending):
            open_points = []
            for part in np.array_split(pending, max(1, len(pending) * wanted // _CHUNK)):
                found = tree.query(points[part], k=wanted)
                distances, neighbours = (np.asarray(f).reshape(len(part), wanted)[:, done:] for f in found)
                if done == 0:
                    self._offer(points, best, part, members[neighbours[:, 0]])
                rows, columns = np.nonzero(distances - radii[neighbours] < best.distances[part, None])
                self._offer(points, best, part[rows], members[neighbours[rows, columns]])
                open_points.append(part[distances[:, -1] - largest < best.distances[part]])
            pending = np.concatenate(open_points)
            if wanted == len(members):
                return
            done, wanted = wanted, min(wanted * 4, len(members))

    def _offer(self, points: np.ndarray, best: ClosestPoints, owners: np.ndarray, triangles: np.ndarray) -> None:
        """Offer candidate (point, triangle) pairs, and keep the nearest of each point; `owners` ascends."""
        if len(owners) == 0:
            return
        closest = closest_on_triangles(points[owners], self._corners[triangles])
        distances = np.linalg.norm(closest - points[owners], axis=1)
        order = np.lexsort((triangles, distances, owners))  # ties go to the lower triangle: deterministic
        first = order[np.unique(owners[order], return_index=True)[1]]
        first = first[distances[first] < best.distances[owners[first]]]
        best.points[owners[first]] = closest[first]
        best.distances[owners[first]] = distances[first]
        best.triangles[owners[first]] = triangles[first]


def closest_on_triangles(
    points: Float[np.ndarray, "N 3"], corners: Float[np.ndarray, "N 3 3"]
) -> Float[np.ndarray, "N 3"]:
    """The point of each triangle (N, 3 corners, 3) that is closest to each point (N, 3)."""
    a, b, c = corners.transpose(1, 0, 2)
    ab, ac, ap = b - a, c - a, points - a
    d1, d2 = _dot(ab, ap), _dot(ac, ap)
    d3, d4 = d1 - _dot(ab, ab), d2 - _dot(ab, ac)
    d5, d6 = d1 - _dot(ab, ac), d2 - _dot(ac, ac)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = va + vb + vc
    inside = total > 0
    v = np.divide(vb, total, out=np.zeros_like(vb), where=inside)
    w = np.divide(vc, total, out=np.zeros_like(vc), where=inside)
    # outside the prism of the triangle one of the three edges holds the closest point
    outside = ~inside | (va < 0) | (vb < 0) | (vc < 0)
    result = a + v[:, None] * ab + w[:, None] * ac
    rows = np.flatnonzero(outside)
    if len(rows):
        edges = [_closest_on_segments(points[rows], start[rows], end[rows]) for start, end in ((a, b), (b, c), (c, a))]
        squared = np.stack([_dot(e - points[rows], e - points[rows]) for e in edges])
        result[rows] = np.stack(edges)[squared.argmin(axis=0), np.arange(len(rows))]
    return result


def _closest_on_segments(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    along = end - start
    t = _dot(points - start, along) / np.maximum(_dot(along, along), 1e-300)
    return start + np.clip(t, 0.0, 1.0)[:, None] * along


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("nc,nc->n", a, b)
