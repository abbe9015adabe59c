"""Catmull and Clark's subdivision of triangles and quads, as a matrix that refines whatever hangs on vertices.

Source: Catmull and Clark, Recursively generated B-spline surfaces on arbitrary topological meshes, 1978; open borders
are refined as cubic curves.

Convention: refined vertices are numbered: old vertices, then one per edge, then one per face. All faces are quads, in
the order: for each corner k = 0..3 the k-th child of every face (third children of triangles, no fourth). Worked
number: a cube (8 vertices, 12 edges, 6 faces) becomes 26 vertices and 24 faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from scipy import sparse

from ..shapes import Bool, Int, Int32

_ALONG: Final = 1 / 8
"""Weight of each neighbour along a border; the point itself has three quarters: a uniform cubic B-spline's mask."""


@dataclass(frozen=True, eq=False)
class Refinement:
    """One step of subdivision; V vertices become W.

    Attributes:
        matrix: (W, V) sparse, rows sum to 1.
        faces: (G, 4) int32 quads.
        parents: (G,) the face each comes from.
    """

    matrix: sparse.csr_matrix
    faces: Int32[np.ndarray, "G 4"]
    parents: Int[np.ndarray, " G"]

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Refine per-vertex values (V, ...), to (W, ...) of the same type."""
        flat = self.matrix @ values.reshape(len(values), -1)
        return np.asarray(flat).reshape(-1, *values.shape[1:]).astype(values.dtype)

    def apply_basis(self, basis: np.ndarray) -> np.ndarray:
        """Refine components (K, V, 3), to (K, W, 3)."""
        return (
            np.stack([self.apply(b) for b in basis])
            if len(basis)
            else np.zeros((0, _shape(self.matrix)[0], 3), basis.dtype)
        )

    def apply_mask(self, mask: Bool[np.ndarray, " V"]) -> Bool[np.ndarray, " W"]:
        """Refine a vertex mask: inside where at least half of the weight is."""
        return np.asarray(self.matrix @ mask.astype(np.float64)) > 0.5 - 1e-9


def refine(faces: Int[np.ndarray, "F 4"], count: int, *, smooth: bool) -> Refinement:
    """The refinement of faces (F, 4), -1 in the last column of triangles, over `count` vertices.

    Args:
        faces: counter-clockwise corners.
        count: number of vertices.
        smooth: Catmull and Clark's masks; otherwise midpoints and centroids, and old vertices stay.
    """
    sides = np.where(faces[:, 3] >= 0, 4, 3)
    corners = [(k, np.flatnonzero(sides > k)) for k in range(4)]
    owner = np.concatenate([rows for _, rows in corners])
    here = np.concatenate([faces[rows, k] for k, rows in corners])
    following = np.concatenate([faces[rows, (k + 1) % sides[rows]] for k, rows in corners])
    before = np.concatenate([faces[rows, (k - 1) % sides[rows]] for k, rows in corners])
    keys, edge, uses = np.unique(
        np.sort(np.stack([here, following], 1), axis=1), axis=0, return_inverse=True, return_counts=True
    )
    edge = edge.reshape(-1)
    edge_count, face_count = len(keys), len(faces)
    centroid = sparse.csr_matrix((1 / sides[owner], (owner, here)), (face_count, count))
    ends = sparse.csr_matrix(
        (np.full(2 * edge_count, 0.5), (np.tile(np.arange(edge_count), 2), keys.T.ravel())), (edge_count, count)
    )
    old, middle = sparse.identity(count, format="csr"), ends
    if smooth:
        old, middle = _smooth_masks(
            keys, edge=edge, inner=uses == 2, owner=owner, here=here, centroid=centroid, ends=ends
        )
    lookup = sparse.csr_matrix((np.arange(1, edge_count + 1), (keys[:, 0], keys[:, 1])), (count, count))
    last = np.asarray(lookup[np.minimum(before, here), np.maximum(before, here)]).ravel() - 1
    quads = np.stack([here, count + edge, count + edge_count + owner, count + last], axis=1)
    return Refinement(sparse.csr_matrix(sparse.vstack([old, middle, centroid])), quads.astype(np.int32), owner)


def _smooth_masks(
    keys: np.ndarray,
    *,
    edge: np.ndarray,
    inner: np.ndarray,
    owner: np.ndarray,
    here: np.ndarray,
    centroid: sparse.csr_matrix,
    ends: sparse.csr_matrix,
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Catmull and Clark's masks of old vertices (V, V) and edges (E, V)."""
    face_count, count = _shape(centroid)
    edge_count = len(keys)
    both = sparse.csr_matrix((np.full(len(edge), 0.25), (edge, owner)), (edge_count, face_count)) @ centroid
    inside, outside = sparse.diags(inner.astype(float)), sparse.diags((~inner).astype(float))
    middle = inside @ (0.5 * ends + both) + outside @ ends

    border = np.bincount(keys[~inner].ravel(), minlength=count)
    valence = np.bincount(keys.ravel(), minlength=count)
    faces = np.bincount(here, minlength=count)
    n = np.maximum(valence, 1).astype(float)
    incident = sparse.csr_matrix((np.ones(len(here)), (here, owner)), (count, face_count)) @ centroid
    ring = sparse.csr_matrix((np.ones(2 * edge_count), (keys.T.ravel(), np.tile(np.arange(edge_count), 2))))
    ring.resize((count, edge_count))
    smooth = (
        sparse.diags(1 / (n * np.maximum(faces, 1))) @ incident
        + sparse.diags(2 / n**2) @ ring @ ends
        + sparse.diags((n - 3) / n)
    )
    rows, columns = keys[~inner].T
    along = sparse.csr_matrix(
        (np.full(2 * len(rows), _ALONG), (np.r_[rows, columns], np.r_[columns, rows])), (count,) * 2
    )
    curve = along + 0.75 * sparse.identity(count)
    kinds = [(border == 0) & (faces > 0), (border == 2) & (faces > 0)]
    stays = ~(kinds[0] | kinds[1])
    old = sum(
        (sparse.diags(kind.astype(float)) @ m for kind, m in zip(kinds, (smooth, curve), strict=True)),
        start=sparse.diags(stays.astype(float)),
    )
    return sparse.csr_matrix(old), sparse.csr_matrix(middle)


def _shape(matrix: sparse.csr_matrix) -> tuple[int, int]:
    return cast("tuple[int, int]", matrix.shape)  # scipy's stubs allow None
