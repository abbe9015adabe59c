"""Triangles of a mesh that pass through each other.

Two triangles cross where an edge of one pierces the other (Moeller and Trumbore, 1997); triangles that share a vertex
are no pair, and neither are those that only touch. Candidates come from libigl, by a tree of boxes and exact
predicates. Where a part of the mesh has moved since the last search, only what is near to it is searched again.
"""

from __future__ import annotations

import math
from typing import Final

import igl.predicates
import numpy as np

from ..shapes import Bool, Float, Int

_MOST_MOVED: Final = 0.3
"""Share of the triangles; if more have moved than that, a search of the whole mesh is quicker than one of the parts."""
_CELLS: Final = 64
"""Cells along the mesh's longest side by which the surroundings of what has moved are found."""
_CORNERS: Final = np.array(list(np.ndindex(2, 2, 2)))


class CrossingFinder:
    """Finds crossing triangles of a mesh that moves step by step.

    Args:
        triangles: (T, 3) vertex indices.
    """

    def __init__(self, triangles: Int[np.ndarray, "T 3"]) -> None:
        self.triangles = np.ascontiguousarray(triangles, np.int64)
        self._at = np.zeros((0, 3))
        self._pairs = np.zeros((0, 2), np.int64)

    def pairs(self, vertices: Float[np.ndarray, "V 3"]) -> Int[np.ndarray, "P 2"]:
        """(P, 2) pairs of triangles that cross, lower index first, in ascending order."""
        vertices = np.ascontiguousarray(vertices, np.float64)
        moved = np.ones(len(self.triangles), bool)
        if len(self._at) == len(vertices):
            moved = _any((vertices != self._at).T)[self.triangles].any(axis=1)
        if np.count_nonzero(moved) > _MOST_MOVED * len(moved):
            self._pairs = _search(vertices, self.triangles)
        elif moved.any():
            near = np.flatnonzero(_surroundings(vertices[self.triangles], moved))
            found = near[_search(vertices, self.triangles[near])]
            kept = self._pairs[~moved[self._pairs].any(axis=1)]
            self._pairs = np.unique(np.concatenate([kept, found[moved[found].any(axis=1)]]), axis=0)
        self._at = vertices.copy()
        return self._pairs


def crossing_pairs(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Int[np.ndarray, "P 2"]:
    """(P, 2) pairs of triangles that cross, lower index first, in ascending order."""
    return CrossingFinder(triangles).pairs(vertices)


def _search(vertices: np.ndarray, triangles: np.ndarray) -> Int[np.ndarray, "P 2"]:
    """All crossing pairs of a mesh; vertices that no triangle uses do no harm."""
    if len(triangles) < 2:
        return np.zeros((0, 2), np.int64)
    pairs = np.asarray(igl.predicates.find_self_intersections(vertices, triangles)[1], np.int64).reshape(-1, 2)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    shared = (triangles[pairs[:, 0]][:, :, None] == triangles[pairs[:, 1]][:, None, :]).any(axis=(1, 2))
    pairs = pairs[~shared]
    return pairs[_cross(vertices[triangles[pairs[:, 0]]], vertices[triangles[pairs[:, 1]]])]


def _surroundings(corners: Float[np.ndarray, "T 3 3"], moved: Bool[np.ndarray, " T"]) -> Bool[np.ndarray, " T"]:
    """The triangles that are in the same cells of a grid as those that have moved."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    origin = low.min(axis=0)
    # no box is longer than a cell, so its corners lie in all cells that it touches
    cell = max(float((high - low).max()), float((high.max(axis=0) - origin).max()) / _CELLS, 1e-12)
    first, last = ((low - origin) / cell).astype(np.int64), ((high - origin) / cell).astype(np.int64)
    count = tuple(int(last[:, axis].max()) + 1 for axis in range(3))
    places = [np.asarray(np.ravel_multi_index(tuple(np.where(c, last, first).T), count)) for c in _CORNERS]
    marked = np.zeros(math.prod(count), bool)
    for place in places:
        marked[place[moved]] = True
    return _any(np.stack([marked[place] for place in places]))


def _any(layers: np.ndarray) -> Bool[np.ndarray, " N"]:
    return np.asarray(np.logical_or.reduce(layers, axis=0))


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(P,) bool: whether any of the six edges of two triangles (P, 3, 3) pierces the other, in one go."""
    after = [1, 2, 0]
    starts = np.concatenate([first, second], axis=1)
    ends = np.concatenate([first[:, after], second[:, after]], axis=1)
    pierced = np.stack([second] * 3 + [first] * 3, axis=1)
    return _pierces(starts.reshape(-1, 3), ends.reshape(-1, 3), pierced.reshape(-1, 3, 3)).reshape(-1, 6).any(axis=1)


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
