"""A closed surface with semantic codes, asked at many points at once: code, distance, inside or outside.

The triangle of a point is the nearest of those that own the nearest few of dense samples: exact but for rare points far
away, and much faster than `headmodel.semantics.SemanticField`. Inside and outside are told by the angle-weighted
pseudonormal of the face, edge or corner that is nearest, which is right for every closed surface that does not pass
through itself. Source: Baerentzen and Aanaes, Signed distance computation using the angle weighted pseudonormal, IEEE
TVCG 2005, DOI 10.1109/TVCG.2005.49.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..evaluation.closest_point import closest_on_triangles
from ..headmodel.semantics import FADE, barycentric
from ..shapes import Float, Int

_SPACING: Final = 0.05
"""Head heights that a triangle's samples are apart at most, about."""
_FINEST: Final = 2
"""Parts that the sides of the smallest triangles are cut into for their samples."""
_CANDIDATES: Final = 4
"""Nearest samples whose triangles are tried."""
_ON_EDGE: Final = 1e-6
"""Barycentric weight below which a nearest point lies on the opposite edge."""


class Nearest(NamedTuple):
    """What `CodedSurface` says of N points.

    Attributes:
        codes: (N, 3) semantic codes after fading, 0 beyond the reach.
        signed: (N,) metres to the surface, negative inside; beyond the reach infinite.
        triangles: (N,) int64, index of the triangle that is near; 0 beyond the reach.
        weights: (N, 3) barycentric weights of its corners there; 0 beyond the reach.
    """

    codes: Float[np.ndarray, "N 3"]
    signed: Float[np.ndarray, " N"]
    triangles: Int[np.ndarray, " N"]
    weights: Float[np.ndarray, "N 3"]


class CodedSurface:
    """A posed surface with its codes.

    Args:
        vertices: (V, 3) in metres.
        triangles: (T, 3) closed, counter-clockwise from outside.
        codes: (V, 3) canonical codes.
        head_height: metres, by which codes fade.
    """

    def __init__(
        self,
        vertices: Float[np.ndarray, "V 3"],
        triangles: Int[np.ndarray, "T 3"],
        codes: Float[np.ndarray, "V 3"],
        head_height: float,
    ) -> None:
        self._corners = vertices.astype(np.float64)[triangles]
        self._codes = codes.astype(np.float64)[triangles]
        self._normals = _pseudonormals(self._corners, triangles, len(vertices))
        samples, self._owners = _samples(self._corners, head_height * _SPACING)
        self._tree = KDTree(samples)
        self._height = head_height

    def ask(self, points: Float[np.ndarray, "N 3"], reach: float = np.inf) -> Nearest:
        """Ask about points (N, 3) in metres; those farther than `reach` metres are told apart no more."""
        found = self._tree.query(points, k=_CANDIDATES, distance_upper_bound=reach)
        distance, samples = np.asarray(found[0]), np.asarray(found[1])
        rows = np.flatnonzero(np.isfinite(distance[:, 0]))
        near, triangle, closest = points[rows], *self._closest(points[rows], samples[rows])
        weights, off = barycentric(closest, self._corners[triangle]).clip(0), near - closest
        distance = np.linalg.norm(off, axis=1)
        side = (off * self._normals[triangle, _feature(weights)]).sum(axis=1)
        fade = np.exp(-((distance / self._height / FADE) ** 2))
        answer = Nearest(
            np.zeros((len(points), 3)),
            np.full(len(points), np.inf),
            np.zeros(len(points), np.int64),
            np.zeros((len(points), 3)),
        )
        answer.codes[rows] = np.einsum("nc,ncx->nx", weights, self._codes[triangle]) * fade[:, None]
        answer.signed[rows] = np.where(side < 0, -distance, distance)
        answer.triangles[rows] = triangle
        answer.weights[rows] = weights
        return answer

    def _closest(self, points: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Triangle (N,) and the nearest point (N, 3) on it, of the triangles of (N, K) samples."""
        owners = self._owners[np.minimum(samples, len(self._owners) - 1)]  # beyond the reach: any
        best, closest = owners[:, 0].copy(), np.zeros_like(points)
        least = np.full(len(points), np.inf)
        for triangle in owners.T:
            rows = np.flatnonzero((triangle != best) | ~np.isfinite(least))
            offered = closest_on_triangles(points[rows], self._corners[triangle[rows]])
            squared = ((points[rows] - offered) ** 2).sum(axis=1)
            nearer = squared < least[rows]
            kept = rows[nearer]
            least[kept], best[kept], closest[kept] = squared[nearer], triangle[kept], offered[nearer]
        return best, closest


def _samples(
    corners: Float[np.ndarray, "T 3 3"], spacing: float
) -> tuple[Float[np.ndarray, "S 3"], Int[np.ndarray, " S"]]:
    """Points spread over triangles, and the triangle of each: the middles of the parts that they are cut into."""
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    cuts = np.maximum(np.ceil(longest / spacing * _FINEST).astype(int), _FINEST)
    samples, owners = [], []
    for count in np.unique(cuts):
        rows = np.flatnonzero(cuts == count)
        upright = [(i, j) for i in range(count) for j in range(count - i)]
        turned = [(i + 1 / 3, j + 1 / 3) for i in range(count - 1) for j in range(count - 1 - i)]
        first, second = (np.array(upright + turned).T + 1 / 3) / count
        places = np.einsum("kc,tcx->tkx", np.stack([1 - first - second, first, second], axis=1), corners[rows])
        samples.append(places.reshape(-1, 3))
        owners.append(np.repeat(rows, places.shape[1]))
    return np.concatenate(samples), np.concatenate(owners)


def _feature(weights: Float[np.ndarray, "N 3"]) -> Int[np.ndarray, " N"]:
    """Where on its triangle a point lies (N,): 0-2 at that corner, 3-5 on the edge opposite to corner 0-2, 6 inside."""
    zero = weights < _ON_EDGE
    count = zero.sum(axis=1)
    return np.where(count == 0, 6, np.where(count == 1, 3 + zero.argmax(axis=1), weights.argmax(axis=1)))


def _pseudonormals(
    corners: Float[np.ndarray, "T 3 3"], triangles: Int[np.ndarray, "T 3"], count: int
) -> Float[np.ndarray, "T 7 3"]:
    """Pseudonormals (T, 7, 3) of each triangle's corners, edges and face, in the order of `_feature`; any length."""
    a, b, c = corners.transpose(1, 0, 2)
    face = np.cross(b - a, c - a)
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-20)
    at_vertices = np.zeros((count, 3))
    across = np.zeros((len(triangles), 3, 3))
    edges = np.sort(np.stack([triangles[:, [1, 2]], triangles[:, [2, 0]], triangles[:, [0, 1]]], axis=1), axis=2)
    edge = np.unique(edges[..., 0].astype(np.int64) * count + edges[..., 1], return_inverse=True)[1].reshape(-1, 3)
    sums = np.stack([np.bincount(edge.ravel(), np.repeat(face[:, k], 3)) for k in range(3)], axis=1)
    across[:] = sums[edge]
    for k in range(3):
        one, two = corners[:, (k + 1) % 3] - corners[:, k], corners[:, (k + 2) % 3] - corners[:, k]
        sine = np.linalg.norm(np.cross(one, two), axis=1)
        angle = np.arctan2(sine, (one * two).sum(axis=1))
        np.add.at(at_vertices, triangles[:, k], face * angle[:, None])
    return np.concatenate([at_vertices[triangles], across, face[:, None]], axis=1)
