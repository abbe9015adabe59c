"""Marching cubes over a list of cells: nothing is looked at but the cells that the surface crosses.

The table of cases is made here, not copied: on each face of a cell the crossed edges are joined so that every run of
inside corners is cut off for itself, which both cells of the face see alike, so the mesh is closed and no edge has more
than two triangles. The loops that arise are cut into triangles whose diagonals never lie in a face. Every crossed edge
of the grid has one vertex, shared by all its cells: there are no seams to sew.

Source of the method: Lorensen and Cline, Marching Cubes, SIGGRAPH 1987.

Convention: corner c of a cell lies at ``(c >> 2 & 1, c >> 1 & 1, c & 1)`` (x, y, z) from its lowest node; triangles are
counter-clockwise seen from outside, inside being above the level.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from ..shapes import Float, Int

CORNERS: Final = np.array([(c >> 2 & 1, c >> 1 & 1, c & 1) for c in range(8)], np.int32)
"""(8, 3) offsets of a cell's corners."""
EDGES: Final = tuple((a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b) in {1, 2, 4})
"""The twelve pairs of corners that share an edge, lower first."""
_AXIS: Final = {4: 0, 2: 1, 1: 2}
_EDGE_START: Final = CORNERS[[a for a, _ in EDGES]]
_EDGE_AXIS: Final = np.array([_AXIS[a ^ b] for a, b in EDGES])


def march(
    cells: Int[np.ndarray, "M 3"], values: Float[np.ndarray, "M 8"], level: float, resolution: int
) -> tuple[Float[np.ndarray, "V 3"], Int[np.ndarray, "T 3"]]:
    """The level set inside some cells of a grid.

    Args:
        cells: lowest node of each cell, grid units, each cell once.
        values: at its corners, in the order of `CORNERS`; cells that share a node must agree on it.
        level: value at the surface; above it is inside.
        resolution: cells per axis of the grid.

    Returns:
        Vertices (V, 3) float64 in grid units, and triangles (T, 3) int64 of them.
    """
    case = (values > level) @ (1 << np.arange(8))
    table, count = _table()
    rows, slots = np.nonzero(np.arange(table.shape[1]) < count[case][:, None])
    edges = table[case[rows], slots]
    nodes = cells[rows][:, None] + _EDGE_START[edges]
    size = resolution + 1
    flat = (nodes[..., 0].astype(np.int64) * size + nodes[..., 1]) * size + nodes[..., 2]
    _, first, triangles = np.unique(flat * 3 + _EDGE_AXIS[edges], return_index=True, return_inverse=True)
    row, edge = np.repeat(rows, 3)[first], edges.reshape(-1)[first]
    ends = np.array(EDGES)[edge]
    low, high = values[row, ends[:, 0]].astype(np.float64), values[row, ends[:, 1]].astype(np.float64)
    vertices = nodes.reshape(-1, 3)[first].astype(np.float64)
    vertices[np.arange(len(first)), _EDGE_AXIS[edge]] += (level - low) / (high - low)
    return vertices, triangles.reshape(-1, 3)


@lru_cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Triangles of the 256 cases as triples of edges (256, K, 3), and how many each case has (256,)."""
    faces, found = _faces(), []
    for case in range(256):
        triangles: list[tuple[int, int, int]] = []
        for loop in _loops(case, faces):
            triangles += next(t for t in _triangulations(loop) if _sound(t, loop, faces))
        found.append(triangles)
    count = np.array([len(t) for t in found])
    table = np.zeros((256, count.max(), 3), np.int64)
    for case, triangles in enumerate(found):
        table[case, : len(triangles)] = np.reshape(triangles, (-1, 3))
    return table, count


def _faces() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The six faces: corners counter-clockwise from outside, and the edge from each corner to the next."""
    found = []
    for axis, side in itertools.product(range(3), (0, 1)):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ring = [(0, 0), (1, 0), (1, 1), (0, 1)] if side else [(0, 0), (0, 1), (1, 1), (1, 0)]
        corners = tuple(side * (4 >> axis) + a * (4 >> u) + b * (4 >> v) for a, b in ring)
        pairs = zip(corners, corners[1:] + corners[:1], strict=True)
        found.append((corners, tuple(EDGES.index((min(p), max(p))) for p in pairs)))
    return found


def _loops(case: int, faces: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> Iterator[list[int]]:
    """Closed runs of crossed edges, counter-clockwise seen from outside of the surface."""
    follows = {}
    for corners, edges in faces:
        inside = [bool(case >> c & 1) for c in corners]
        for i in range(4):
            if inside[i] and not inside[(i + 1) % 4]:  # a run of inside corners ends at edge i; find where it began
                back = next(k for k in range(1, 5) if not inside[i - k])
                follows[edges[i - back]] = edges[i]
    while follows:
        start, edge = follows.popitem()
        loop = [start]
        while edge != start:
            loop.append(edge)
            edge = follows.pop(edge)
        yield loop


def _triangulations(loop: list[int]) -> Iterator[list[tuple[int, int, int]]]:
    """Every way to cut a polygon into triangles."""
    if len(loop) < 3:
        yield []
        return
    for k in range(1, len(loop) - 1):
        for left in _triangulations(loop[: k + 1]):
            for right in _triangulations(loop[k:]):
                yield [*left, (loop[0], loop[k], loop[-1]), *right]


def _sound(
    triangles: list[tuple[int, int, int]], loop: list[int], faces: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> bool:
    """Whether no diagonal joins two edges of one face, where the cell beyond could draw the same one."""
    sides = {frozenset(p) for p in zip(loop, loop[1:] + loop[:1], strict=True)}
    drawn = {frozenset(p) for t in triangles for p in itertools.combinations(t, 2)} - sides
    return not any(pair <= set(edges) for pair in drawn for _, edges in faces)
