"""Triangles of a mesh that pass through each other.

Two triangles cross where an edge of one pierces the other (Moeller and Trumbore, 1997). Triangles that share a vertex
are no pair. Candidates come from a k-d tree of the centroids by classes of size; they are found with some slack and
kept until a vertex has moved by more than half of it.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..shapes import Float, Int

_SLACK: Final = 0.2
"""Slack of the candidates, in mean radii of the triangles."""


class CrossingFinder:
    """Finds crossing triangles of a mesh that moves step by step.

    Args:
        triangles: (T, 3) vertex indices.
    """

    def __init__(self, triangles: Int[np.ndarray, "T 3"]) -> None:
        self.triangles = triangles
        self._at = np.zeros((0, 3))
        self._slack = 0.0
        self._pairs = np.zeros((0, 2), np.int64)

    def pairs(self, vertices: Float[np.ndarray, "V 3"]) -> Int[np.ndarray, "P 2"]:
        """(P, 2) pairs of triangles that cross, lower index first."""
        vertices = np.asarray(vertices, np.float64)
        corners = vertices[self.triangles]
        if len(self._at) != len(vertices):
            self._at, radii = vertices.copy(), _radii(corners)
            self._slack = _SLACK * float(radii.mean())
            self._pairs = self._unshared(_candidates(corners, radii, self._slack, None))
        else:
            self._look_again(vertices, corners)
        low, high = corners.min(axis=1), corners.max(axis=1)
        first, second = self._pairs.T
        near = (low[first] <= high[second]).all(1) & (low[second] <= high[first]).all(1)
        pairs = self._pairs[near]
        return pairs[_cross(corners[pairs[:, 0]], corners[pairs[:, 1]])]

    def _look_again(self, vertices: np.ndarray, corners: np.ndarray) -> None:
        """New candidates for the triangles of vertices that have moved by more than half of the slack."""
        moved = ((vertices - self._at) ** 2).sum(1) > (self._slack / 2) ** 2
        if not moved.any():
            return
        those = moved[self.triangles].any(axis=1)
        self._at[moved] = vertices[moved]
        kept = self._pairs[~those[self._pairs].any(axis=1)]
        # other vertices of these triangles may already be half of the slack away from where they count from: twice
        found = self._unshared(_candidates(corners, _radii(corners), 2 * self._slack, np.flatnonzero(those)))
        self._pairs = np.concatenate([kept, found])

    def _unshared(self, pairs: np.ndarray) -> np.ndarray:
        """Without pairs of triangles that share a vertex."""
        shared = (self.triangles[pairs[:, 0]][:, :, None] == self.triangles[pairs[:, 1]][:, None, :]).any(axis=(1, 2))
        return pairs[~shared]


def crossing_pairs(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Int[np.ndarray, "P 2"]:
    """(P, 2) pairs of triangles that cross, lower index first."""
    return CrossingFinder(triangles).pairs(vertices)


def _radii(corners: np.ndarray) -> np.ndarray:
    return np.sqrt(((corners - corners.mean(axis=1, keepdims=True)) ** 2).sum(2).max(axis=1))


def _candidates(corners: np.ndarray, radii: np.ndarray, slack: float, those: np.ndarray | None) -> np.ndarray:
    """Pairs of triangles whose boxes come nearer than `slack`; with `those` only pairs that one of them belongs to."""
    centroids, radii = corners.mean(axis=1), radii + slack / 2
    low, high = corners.min(axis=1) - slack / 2, corners.max(axis=1) + slack / 2
    octave = np.floor(np.log2(np.maximum(radii, 1e-12))).astype(int)
    found = [np.zeros((0, 2), np.int64)]
    for value in np.unique(octave):
        members = np.flatnonzero(octave == value)
        others = np.flatnonzero(octave <= value) if those is None else those
        near = KDTree(centroids[members]).query_ball_point(
            centroids[others], radii[others] + radii[members].max(), return_sorted=False
        )
        count = np.fromiter(map(len, near), np.int64, len(near))
        a = np.repeat(others, count)
        b = members[np.fromiter(chain.from_iterable(near), np.int64, int(count.sum()))]
        wanted = (octave[a] < value) | (a < b) if those is None else a != b
        for axis in range(3):
            rows = np.flatnonzero(wanted)
            i, j = a[rows], b[rows]
            wanted[rows] = (low[i, axis] <= high[j, axis]) & (low[j, axis] <= high[i, axis])
        found.append(np.sort(np.stack([a[wanted], b[wanted]], axis=1), axis=1))
    pairs = np.concatenate(found)
    if those is None:
        return pairs
    once = np.unique(pairs[:, 0] * len(corners) + pairs[:, 1])
    return np.stack(np.divmod(once, len(corners)), axis=1)


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    hit = np.zeros(len(first), bool)
    for k in range(3):
        hit |= _pierces(first[:, k], first[:, (k + 1) % 3], second)
        hit |= _pierces(second[:, k], second[:, (k + 1) % 3], first)
    return hit


def _pierces(start: np.ndarray, end: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(P,) bool: whether segments pass through the inside of triangles (P, 3, 3)."""
    along = end - start
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    cross = np.cross(along, v)
    determinant = (u * cross).sum(1)
    flat = np.abs(determinant) < 1e-22
    inverse = 1 / np.where(flat, 1.0, determinant)
    offset = start - corners[:, 0]
    a = (offset * cross).sum(1) * inverse
    turned = np.cross(offset, u)
    b = (along * turned).sum(1) * inverse
    t = (v * turned).sum(1) * inverse
    return ~flat & (a > 0) & (b > 0) & (a + b < 1) & (t > 0) & (t < 1)
