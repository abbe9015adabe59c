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

_SLACK: Final = 0.1
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
        if len(self._at) != len(vertices) or np.linalg.norm(vertices - self._at, axis=1).max() > self._slack / 2:
            self._look(vertices, corners)
        low, high = corners.min(axis=1), corners.max(axis=1)
        first, second = self._pairs.T
        near = (low[first] <= high[second]).all(1) & (low[second] <= high[first]).all(1)
        pairs = self._pairs[near]
        return pairs[_cross(corners[pairs[:, 0]], corners[pairs[:, 1]])]

    def _look(self, vertices: np.ndarray, corners: np.ndarray) -> None:
        centroids = corners.mean(axis=1)
        radii = np.linalg.norm(corners - centroids[:, None], axis=2).max(axis=1)
        self._at, self._slack = vertices.copy(), _SLACK * float(radii.mean())
        pairs = _candidates(centroids, radii + self._slack / 2)
        low, high = corners.min(axis=1) - self._slack / 2, corners.max(axis=1) + self._slack / 2
        near = np.ones(len(pairs), bool)
        for axis in range(3):
            a, b = pairs[near].T
            near[near] = (low[a, axis] <= high[b, axis]) & (low[b, axis] <= high[a, axis])
        pairs = pairs[near]
        shared = (self.triangles[pairs[:, 0]][:, :, None] == self.triangles[pairs[:, 1]][:, None, :]).any(axis=(1, 2))
        self._pairs = pairs[~shared]


def crossing_pairs(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Int[np.ndarray, "P 2"]:
    """(P, 2) pairs of triangles that cross, lower index first."""
    return CrossingFinder(triangles).pairs(vertices)


def _candidates(centroids: np.ndarray, radii: np.ndarray) -> np.ndarray:
    octave = np.floor(np.log2(np.maximum(radii, 1e-12))).astype(int)
    found = [np.zeros((0, 2), np.int64)]
    for value in np.unique(octave):
        members = np.flatnonzero(octave == value)
        others = np.flatnonzero(octave <= value)
        near = KDTree(centroids[members]).query_ball_point(
            centroids[others], radii[others] + radii[members].max(), return_sorted=False
        )
        count = np.fromiter(map(len, near), np.int64, len(near))
        a = np.repeat(others, count)
        b = members[np.fromiter(chain.from_iterable(near), np.int64, int(count.sum()))]
        wanted = (octave[a] < value) | (a < b)
        a, b = a[wanted], b[wanted]
        touching = ((centroids[a] - centroids[b]) ** 2).sum(1) < (radii[a] + radii[b]) ** 2
        found.append(np.sort(np.stack([a[touching], b[touching]], axis=1), axis=1))
    return np.concatenate(found)


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
