"""Triangles of a mesh that pass through each other.

Two triangles cross where an edge of one pierces the other (Moeller and Trumbore, 1997). Triangles that share a vertex
are no pair. Candidates come from a k-d tree of the centroids by classes of size.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from ..shapes import Float, Int


def crossing_pairs(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Int[np.ndarray, "P 2"]:
    """(P, 2) pairs of triangles that cross, lower index first."""
    corners = np.asarray(vertices, np.float64)[triangles]
    pairs = _candidates(corners)
    shared = (triangles[pairs[:, 0]][:, :, None] == triangles[pairs[:, 1]][:, None, :]).any(axis=(1, 2))
    pairs = pairs[~shared]
    first, second = corners[pairs[:, 0]], corners[pairs[:, 1]]
    apart = (first.min(1) > second.max(1)).any(1) | (second.min(1) > first.max(1)).any(1)
    pairs, first, second = pairs[~apart], first[~apart], second[~apart]
    hit = np.zeros(len(pairs), bool)
    for k in range(3):
        hit |= _pierces(first[:, k], first[:, (k + 1) % 3], second)
        hit |= _pierces(second[:, k], second[:, (k + 1) % 3], first)
    return pairs[hit]


def _candidates(corners: np.ndarray) -> np.ndarray:
    centroids = corners.mean(axis=1)
    radii = np.linalg.norm(corners - centroids[:, None], axis=2).max(axis=1)
    octave = np.floor(np.log2(np.maximum(radii, 1e-12))).astype(int)
    found = []
    for value in np.unique(octave):
        members = np.flatnonzero(octave == value)
        others = np.flatnonzero(octave <= value)
        near = KDTree(centroids[members]).query_ball_point(centroids[others], radii[others] + radii[members].max())
        count = np.array([len(n) for n in near])
        a = np.repeat(others, count)
        b = members[np.concatenate([np.asarray(n, np.int64) for n in near])] if count.sum() else a
        wanted = (octave[a] < value) | (a < b)
        found.append(np.sort(np.stack([a[wanted], b[wanted]], axis=1), axis=1))
    return np.concatenate(found) if found else np.zeros((0, 2), np.int64)


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
