"""The skin of a head model as a mesh of its own, and its differential operators.

Source: Pinkall and Polthier, Computing discrete minimal surfaces and their conjugates, 1993 (cotangent weights);
Botsch and Kobbelt, An intuitive framework for real-time freeform modeling, 2004 (thin-plate energy of a displacement).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ..geometry.edges import unique_edges
from ..geometry.normals import vertex_normals
from ..headmodel import HeadModel
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Int

_COTANGENTS = (0.02, 5.0)
"""Limits of a cotangent weight: sliver triangles neither push their neighbours apart nor tie them together."""


@dataclass(frozen=True, eq=False)
class Skin:
    """The skin's vertices and triangles; S vertices, T triangles.

    Attributes:
        ids: (S,) its vertices in the model.
        triangles: (T, 3) into those.
        count: vertices of the model.
    """

    ids: Int[np.ndarray, " S"]
    triangles: Int[np.ndarray, "T 3"]
    count: int

    @staticmethod
    def of(model: HeadModel) -> Skin:
        """The skin of a model."""
        triangles = triangulate(model.faces[model.face_part == PART_NAMES.index("skin")])[0]
        ids, local = np.unique(triangles, return_inverse=True)
        return Skin(ids.astype(np.int64), local.reshape(-1, 3).astype(np.int64), len(model.template))

    @cached_property
    def edges(self) -> Int[np.ndarray, "E 2"]:
        """Each edge once, lower vertex first."""
        return unique_edges(self.triangles)

    @cached_property
    def neighbours(self) -> Int[np.ndarray, "P 2"]:
        """Pairs of triangles that share an edge."""
        t = self.triangles
        edges = np.sort(np.concatenate([t[:, :2], t[:, 1:], t[:, [2, 0]]]), axis=1)
        order = np.lexsort(edges.T)
        same = (edges[order[1:]] == edges[order[:-1]]).all(axis=1)
        return np.stack([order[:-1][same], order[1:][same]], axis=1) % len(t)

    @cached_property
    def incidence(self) -> sparse.csr_matrix:
        """(S, E) 1 where an edge ends in a vertex."""
        ends = self.edges
        ones, column = np.ones(2 * len(ends)), np.repeat(np.arange(len(ends)), 2)
        return sparse.csr_matrix((ones, (ends.ravel(), column)), (len(self.ids), len(ends)))

    @cached_property
    def smoothing(self) -> sparse.csr_matrix:
        """(S, S) the mean of each vertex and its neighbours."""
        n = len(self.ids)
        a, b = self.edges.T
        graph = sparse.csr_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), (n, n)) + sparse.identity(n)
        return sparse.csr_matrix(sparse.diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph)

    def spread(self, mask: np.ndarray, rings: int) -> np.ndarray:
        """A vertex mask (S,) grown by some rings of neighbours."""
        for _ in range(rings):
            mask = (self.smoothing @ mask.astype(np.float64)) > 0
        return mask

    def normals(self, vertices: Float[np.ndarray, "S 3"]) -> Float[np.ndarray, "S 3"]:
        """Area-weighted unit normals (S, 3) of the skin's vertices."""
        return vertex_normals(vertices, self.triangles)

    def operators(self, vertices: Float[np.ndarray, "S 3"]) -> tuple[sparse.csr_matrix, Float[np.ndarray, " S"]]:
        """Cotangent matrix (S, S), positive semi-definite, and lumped areas (S,) in square metres."""
        n = len(self.ids)
        rows, columns, values = [], [], []
        corners = vertices[self.triangles]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        for k in range(3):
            u = corners[:, (k + 1) % 3] - corners[:, k]
            v = corners[:, (k + 2) % 3] - corners[:, k]
            cot = np.clip((u * v).sum(1) / np.maximum(2 * area, 1e-14), *_COTANGENTS) / 2
            rows.append(self.triangles[:, (k + 1) % 3])
            columns.append(self.triangles[:, (k + 2) % 3])
            values.append(cot)
        i, j, w = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
        graph = sparse.csr_matrix((np.r_[w, w], (np.r_[i, j], np.r_[j, i])), (n, n))
        matrix = sparse.csr_matrix(sparse.diags(np.asarray(graph.sum(1)).ravel()) - graph)
        mass = np.bincount(self.triangles.ravel(), np.repeat(area / 3, 3), n)
        return matrix, np.maximum(mass, 0.05 * np.median(mass))
