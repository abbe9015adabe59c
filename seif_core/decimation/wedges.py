"""A triangle mesh by its wedges: a vertex with one of its texture coordinates. Edges between charts and borders.

Source of the term: Hoppe, Progressive meshes, SIGGRAPH 1996, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ..shapes import Bool, Int

INNER, BORDER, SEAM, BROKEN = 0, 1, 2, 3
"""Kinds of edges: inside a chart; with one triangle; between charts of the texture; with more than two triangles."""

_NEXT: Final = (1, 2, 0)
"""The corner of a triangle that follows each."""


@dataclass(frozen=True, eq=False)
class WedgeMesh:
    """Triangles as they stand after some collapses; T triangles, W wedges, V vertices.

    Attributes:
        triangles: (T, 3) wedges of each corner.
        vertex: (W,) vertex of each wedge.
        sources: (T,) the triangle of the first mesh that each one was.
        vertex_count: V.
    """

    triangles: Int[np.ndarray, "T 3"]
    vertex: Int[np.ndarray, " W"]
    sources: Int[np.ndarray, " T"]
    vertex_count: int

    @cached_property
    def corners(self) -> Int[np.ndarray, "T 3"]:
        """Vertices of the corners."""
        return self.vertex[self.triangles]

    @cached_property
    def edges(self) -> EdgeTable:
        """Every edge once, with its kind."""
        return _edge_table(self)

    @cached_property
    def star(self) -> tuple[Int[np.ndarray, " S"], Int[np.ndarray, " C"]]:
        """Triangles around each vertex: those of vertex v are ``found[starts[v] : starts[v + 1]]``."""
        flat = self.corners.ravel()
        order = np.argsort(flat, kind="stable")
        return np.searchsorted(flat[order], np.arange(self.vertex_count + 1)), order // 3

    @cached_property
    def wedge_counts(self) -> Int[np.ndarray, " V"]:
        """How many wedges of each vertex are in use."""
        return np.bincount(self.vertex[np.unique(self.triangles)], minlength=self.vertex_count)

    def collapsed(self, targets: Int[np.ndarray, " W"]) -> WedgeMesh:
        """The mesh after each wedge has become its target; what has lost its area in that is gone."""
        moved = targets[self.triangles]
        corners = self.vertex[moved]
        kept = (corners != corners[:, _NEXT]).all(axis=1)
        return WedgeMesh(moved[kept], self.vertex, self.sources[kept], self.vertex_count)


@dataclass(frozen=True, eq=False)
class EdgeTable:
    """Edges of a mesh; E of them.

    Attributes:
        ends: (E, 2) vertices, the lower first, sorted.
        kinds: (E,) `INNER`, `BORDER`, `SEAM` or `BROKEN`.
        pairs: (E, 2) triangles beside each; twice the same at a border.
    """

    ends: Int[np.ndarray, "E 2"]
    kinds: Int[np.ndarray, " E"]
    pairs: Int[np.ndarray, "E 2"]

    def neighbours(self, vertex_count: int) -> tuple[Int[np.ndarray, " S"], Int[np.ndarray, " N"]]:
        """Neighbours of each vertex, ascending: those of v are ``found[starts[v] : starts[v + 1]]``."""
        both = np.concatenate([self.ends, self.ends[:, ::-1]])
        both = both[np.lexsort((both[:, 1], both[:, 0]))]
        return np.searchsorted(both[:, 0], np.arange(vertex_count + 1)), both[:, 1]

    def sharp(self, vertex_count: int) -> tuple[Int[np.ndarray, " V"], Bool[np.ndarray, " V"]]:
        """How many edges at each vertex are not inner, and whether those are of one kind that may be followed."""
        bent = self.kinds != INNER
        ends, kinds = self.ends[bent].ravel(), np.repeat(self.kinds[bent], 2)
        count = np.bincount(ends, minlength=vertex_count)
        borders = np.bincount(ends, kinds == BORDER, vertex_count)
        seams = np.bincount(ends, kinds == SEAM, vertex_count)
        return count, (borders == count) | (seams == count)


def wedge_mesh(
    triangles: Int[np.ndarray, "T 3"], uv_triangles: Int[np.ndarray, "T 3"], vertex_count: int
) -> tuple[WedgeMesh, Int[np.ndarray, " W"]]:
    """The mesh by its wedges, and the texture coordinate of each."""
    corners, coordinates = triangles.astype(np.int64), uv_triangles.astype(np.int64)
    count = int(coordinates.max(initial=0)) + 1
    pairs, inverse = np.unique(corners.ravel() * count + coordinates.ravel(), return_inverse=True)
    mesh = WedgeMesh(inverse.reshape(-1, 3), pairs // count, np.arange(len(corners)), vertex_count)
    return mesh, pairs % count


def _edge_table(mesh: WedgeMesh) -> EdgeTable:
    wedges = np.concatenate([mesh.triangles[:, [k, _NEXT[k]]] for k in range(3)])
    owner = np.tile(np.arange(len(mesh.triangles)), 3)
    ends = mesh.vertex[wedges]
    turned = ends[:, 0] > ends[:, 1]
    ends[turned], wedges[turned] = ends[turned][:, ::-1], wedges[turned][:, ::-1]
    key = ends[:, 0] * mesh.vertex_count + ends[:, 1]
    order = np.argsort(key, kind="stable")
    _, first, uses = np.unique(key[order], return_index=True, return_counts=True)
    one, other = order[first], order[first + np.minimum(uses, 2) - 1]
    seam = (wedges[one] != wedges[other]).any(axis=1)
    kinds = np.select([uses == 1, uses > 2, seam], [BORDER, BROKEN, SEAM], INNER)
    return EdgeTable(ends[one], kinds, np.stack([owner[one], owner[other]], axis=1))
