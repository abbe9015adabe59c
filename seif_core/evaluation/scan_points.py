"""Points that stand for a scan's outer surface: spread evenly by area, and what is hidden inside left out.

A scan's vertices are dense where its maker wanted detail, and many head scans hold surfaces that nobody sees: the bag
of
the mouth, the backs of the eyeballs, an inner wall. Both would weigh in a mean over vertices.

Visibility is ambient occlusion: the share of rays from a point into its outer half space that meet the scan again, by
libigl. A point is hidden when hardly any ray leaves.

Convention: metres. Worked number: of a closed box within a closed box every point of the inner one is hidden.
"""

from __future__ import annotations

from typing import Final

import igl
import numpy as np

from ..geometry.normals import area_vectors, triangle_areas, unit
from ..geometry.visibility import sphere
from ..shapes import Bool, Float, Int

POINTS: Final = 10_000
"""Points drawn within the neighbourhood of the face: on its 600 cm2 about one for every 2 mm square (median and mean
change by less than 0.01 mm from one draw to another)."""
_AROUND: Final = 0.35
"""Metres from the nose tip within which the scan's triangles can hide a point: a head, with hair."""
_RAYS: Final = 48
_FIRST_RAYS: Final = 12
"""Rays of a point: a few settle those that are plainly open, the others are looked at closely."""
_OPEN: Final = 0.6
"""Occlusion by the first rays below which a point is plainly open."""
_HIDDEN: Final = 0.93
"""Occlusion from which a point is hidden. Folds of ears, nostrils' rims and the parting of lips lie below 0.9, a mouth
bag behind closed lips at 0.98 and more; measured on the Open head."""
_LIFT: Final = 2e-5
"""Metres that a ray starts above its surface, so as not to meet the triangle that it starts from."""
_TELLING: Final = 300
"""Points that tell which side of the triangles is the outer one."""
_UNDECIDED: Final = 0.1
"""Difference of the two sides' occlusion below which the triangles are taken to be ordered at random."""
_CELL: Final = 0.001
"""Metres: of a point cloud, one point of each cell of this size counts."""


def outer_points(
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    centre: Float[np.ndarray, "3"],
    radius: float,
    count: int = POINTS,
) -> Float[np.ndarray, "N 3"]:
    """Points (N, 3) of the outer surface within `radius` of `centre`, evenly by area.

    Args:
        vertices: metres.
        triangles: none for a point cloud, of which evenly spaced points are kept, hidden or not.
        centre: the nose tip.
        radius: metres.
        count: points that are drawn before the hidden ones are left out.
    """
    if len(triangles) == 0:
        near = vertices[np.linalg.norm(vertices - centre, axis=1) <= radius]
        return near[np.sort(np.unique(np.floor(near / _CELL).astype(np.int64), axis=0, return_index=True)[1])]
    away = np.linalg.norm(vertices - centre, axis=1)
    far = away[triangles].min(axis=1)
    points, owners = drawn(vertices, triangles[far <= radius], count)
    inside = np.linalg.norm(points - centre, axis=1) <= radius
    points, owners = points[inside], owners[inside]
    if len(points) == 0:
        return points
    normals = unit(area_vectors(vertices, triangles[far <= radius][owners]))
    return points[~hidden(points, normals, vertices, triangles[far <= _AROUND])]


def drawn(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"], count: int
) -> tuple[Float[np.ndarray, "N 3"], Int[np.ndarray, " N"]]:
    """Points (N, 3) spread evenly by area, always the same ones, and the triangle of each; none without area."""
    a, b, c = vertices[triangles].transpose(1, 0, 2)
    areas = triangle_areas(vertices, triangles)
    total = np.cumsum(areas)
    if len(total) == 0 or not total[-1] > 0:
        return np.zeros((0, 3)), np.zeros(0, np.int64)
    generator = np.random.default_rng(0)
    steps = (np.arange(count) + generator.random(count)) / count * total[-1]
    owners = np.minimum(np.searchsorted(total, steps), len(total) - 1)
    root, across = np.sqrt(generator.random(count))[:, None], generator.random(count)[:, None]
    points = (1 - root) * a[owners] + root * (1 - across) * b[owners] + root * across * c[owners]
    return points, owners


def hidden(
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
) -> Bool[np.ndarray, " N"]:
    """Which points on a mesh are not seen from outside.

    Which side of the triangles is the outer one is told by which is the more open; where neither is, as in meshes whose
    triangles are ordered at random, the more open side of each point counts.

    Args:
        points: on the mesh, metres.
        normals: unit, of the triangles that they lie on.
        vertices: metres.
        triangles: of the mesh.
    """
    rays = _Rays(vertices, triangles)
    some = np.linspace(0, len(points) - 1, min(len(points), _TELLING)).astype(np.int64)
    ahead, behind = (float(rays.met(points[some], s * normals[some], _FIRST_RAYS).mean()) for s in (1, -1))
    side = 1.0 if ahead <= behind else -1.0
    found = rays.closed(points, side * normals)
    if abs(ahead - behind) < _UNDECIDED:
        found[found] = rays.closed(points[found], -side * normals[found])
    return found


class _Rays:
    """A mesh that rays are shot at.

    Args:
        vertices: (V, 3) metres.
        triangles: (T, 3).
    """

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        self._vertices = np.ascontiguousarray(vertices, np.float64)
        self._triangles = np.ascontiguousarray(triangles, np.int64)
        self._tree = igl.AABB()
        self._tree.init(self._vertices, self._triangles)

    def closed(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Which points (N, 3) are hidden on the side of their normals (N, 3)."""
        found = self.met(points, normals, _FIRST_RAYS) > _OPEN
        found[found] = self.met(points[found], normals[found], _RAYS) > _HIDDEN
        return found

    def met(self, points: np.ndarray, normals: np.ndarray, count: int) -> np.ndarray:
        """Share (N,) of `count` rays into the half spaces of normals (N, 3) that meet the mesh."""
        hits = np.zeros(len(points))
        for direction in sphere(count) if len(points) else ():
            ways = np.where((normals @ direction >= 0)[:, None], direction, -direction)
            starts = points + _LIFT * (normals + ways)
            found = self._tree.intersect_ray_first(self._vertices, self._triangles, starts, ways)[0]
            hits += np.reshape(found, -1) >= 0
        return hits / count
