"""What hangs together in a triangle mesh: neighbours, rings, open borders, pieces, and means over neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ..shapes import Bool, Float, Int
from .edges import unique_edges


@dataclass(frozen=True, eq=False)
class Connectivity:
    """The triangles of a mesh, without the places of its vertices.

    Attributes:
        triangles: (T, 3) vertex indices.
        vertex_count: V; vertices that no triangle uses are allowed.
    """

    triangles: Int[np.ndarray, "T 3"]
    vertex_count: int

    @cached_property
    def edges(self) -> Int[np.ndarray, "E 2"]:
        """Each edge once, lower vertex first."""
        return unique_edges(self.triangles)

    @cached_property
    def adjacency(self) -> sparse.csr_matrix:
        """(V, V), 1 where two vertices share an edge."""
        return adjacency(self.edges, self.vertex_count)

    @cached_property
    def neighbour_mean(self) -> sparse.csr_matrix:
        """(V, V) the mean of each vertex and its neighbours."""
        graph = self.adjacency + sparse.identity(self.vertex_count)
        return sparse.csr_matrix(sparse.diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph)

    @cached_property
    def triangle_pairs(self) -> Int[np.ndarray, "P 2"]:
        """Pairs of triangles that share an edge."""
        t = self.triangles
        edges = np.sort(np.concatenate([t[:, :2], t[:, 1:], t[:, [2, 0]]]), axis=1)
        order = np.lexsort(edges.T)
        same = (edges[order[1:]] == edges[order[:-1]]).all(axis=1)
        return np.stack([order[:-1][same] % len(t), order[1:][same] % len(t)], axis=1)

    @cached_property
    def incidence(self) -> sparse.csr_matrix:
        """(V, E), 1 where an edge ends in a vertex."""
        ones, column = np.ones(2 * len(self.edges)), np.repeat(np.arange(len(self.edges)), 2)
        return sparse.csr_matrix((ones, (self.edges.ravel(), column)), (self.vertex_count, len(self.edges)))

    @cached_property
    def border(self) -> Bool[np.ndarray, " V"]:
        """Whether each vertex lies on an edge that one triangle alone has."""
        return border_vertices(self.triangles, self.vertex_count)

    def grown(self, mask: Bool[np.ndarray, " V"], rings: int) -> Bool[np.ndarray, " V"]:
        """A vertex mask grown by some rings of neighbours."""
        for _ in range(rings):
            mask = (self.neighbour_mean @ mask.astype(np.float64)) > 0
        return mask

    def faded(self, values: np.ndarray, rings: int) -> Float[np.ndarray, " V"]:
        """Values (V,) that stay where they are high and fade over some rings around."""
        result = values.astype(np.float64)
        for _ in range(rings):
            result = np.maximum(result, self.neighbour_mean @ result)
        return result


def adjacency(edges: Int[np.ndarray, "E 2"], count: int) -> sparse.csr_matrix:
    """(V, V) symmetric, 1 for each of the edges, which are given once each; `count` is V."""
    a, b = edges.T
    return sparse.csr_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), (count, count))


def border_vertices(triangles: Int[np.ndarray, "T 3"], count: int) -> Bool[np.ndarray, " V"]:
    """(V,) whether each of `count` vertices lies on an edge that one triangle alone has."""
    ends = np.concatenate([triangles[:, :2], triangles[:, 1:], triangles[:, [2, 0]]]).astype(np.int64)
    ends.sort(axis=1)
    keys, uses = np.unique(ends[:, 0] * count + ends[:, 1], return_counts=True)
    found = np.zeros(count, bool)
    found[np.concatenate(np.divmod(keys[uses == 1], count))] = True
    return found


def connected_pieces(edges: Int[np.ndarray, "E 2"], count: int) -> Int[np.ndarray, " V"]:
    """(V,) number of the connected piece that each of `count` vertices belongs to, from 0; loose ones are pieces too.

    Args:
        edges: (E, 2) pairs that hang together, in any order, any number of times.
        count: V.
    """
    graph = sparse.coo_matrix((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), (count, count))
    return csgraph.connected_components(graph, directed=False)[1]


def triangle_pieces(triangles: Int[np.ndarray, "T 3"], count: int) -> Int[np.ndarray, " V"]:
    """`connected_pieces` of a mesh's vertices."""
    return connected_pieces(np.concatenate([triangles[:, :2], triangles[:, 1:]]), count)
