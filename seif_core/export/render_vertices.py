"""Splitting a mesh into what graphics hardware draws: triangles whose corners share one position and one UV."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.normals import vertex_normals
from ..headmodel.model import triangulate
from ..shapes import Float, Float32, Int, Int32


class RenderVertices(NamedTuple):
    """A mesh, or a part of it, as hardware draws it; N render vertices.

    Attributes:
        vertices: (N,) int64, the mesh's vertex of each; several where UVs have a seam.
        uvs: (N,) int64, the mesh's UV of each.
        triangles: (T, 3) int64 into the render vertices.
    """

    vertices: Int[np.ndarray, " N"]
    uvs: Int[np.ndarray, " N"]
    triangles: Int[np.ndarray, "T 3"]


def split_at_seams(faces: Int32[np.ndarray, "F 4"], uv_faces: Int32[np.ndarray, "F 4"]) -> RenderVertices:
    """Render vertices of the faces (-1 in the last column of a triangle), in the order of the mesh's vertices."""
    corners = triangulate(faces)[0].reshape(-1).astype(np.int64)
    uv_corners = triangulate(uv_faces)[0].reshape(-1).astype(np.int64)
    uvs = int(uv_corners.max(initial=0)) + 1
    pairs, inverse = np.unique(corners * uvs + uv_corners, return_inverse=True)
    return RenderVertices(pairs // uvs, pairs % uvs, inverse.reshape(-1, 3))


def smooth_normals(
    vertices: Float[np.ndarray, "V 3"], triangles: Int32[np.ndarray, "T 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Area-weighted unit normals (V, 3), outward for counter-clockwise triangles; +Z where no triangle tells."""
    normals = vertex_normals(vertices.astype(np.float64), triangles)
    return np.where(normals.any(axis=1, keepdims=True), normals, [0.0, 0.0, 1.0]).astype(np.float32)
