"""Values stretched over a mesh like a membrane: fixed where they are known, smooth where they are not.

Minimises ``sum_v w_v |x_v - a_v|^2 + k sum_edges |x_u - x_v|^2``, the discrete form of the screened Poisson equation
(Bhat et al., Fourier analysis of the 2D screened Poisson equation, ECCV 2008). The mesh's vertices are shared across
the seams of its texture, so the result has no seams.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ..shapes import Float, Float32, Int, Int32


class MeshMembrane:
    """Solves for smooth values on the vertices of one mesh.

    Args:
        faces: (F, 4) int32, -1 in the last column of a triangle.
        vertices: number of vertices.
    """

    def __init__(self, faces: Int32[np.ndarray, "F 4"], vertices: int) -> None:
        edges = mesh_edges(faces)
        ones = np.ones(len(edges))
        joined = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(vertices, vertices))
        joined = (joined + joined.T).tocsr()
        self._laplacian = (sparse.diags(np.asarray(joined.sum(1)).ravel()) - joined).tocsc()

    def solve(
        self, values: Float[np.ndarray, "V C"], weights: Float[np.ndarray, " V"], *, stiffness: float
    ) -> Float32[np.ndarray, "V C"]:
        """Smooth values (V, C) that follow `values` where `weights` are large against `stiffness`."""
        weights = weights.astype(np.float64) + 1e-6
        system = (self._laplacian * stiffness + sparse.diags(weights)).tocsc()
        return splu(system).solve(weights[:, None] * values.astype(np.float64)).astype(np.float32)


def mesh_edges(faces: Int32[np.ndarray, "F 4"]) -> Int[np.ndarray, "E 2"]:
    """Undirected edges (E, 2) of a mesh, each once."""
    quads, triangles = faces[faces[:, 3] >= 0], faces[faces[:, 3] < 0][:, :3]
    pairs = [mesh[:, [k, (k + 1) % mesh.shape[1]]] for mesh in (quads, triangles) for k in range(mesh.shape[1])]
    return np.unique(np.sort(np.concatenate(pairs).astype(np.int64), axis=1), axis=0)
