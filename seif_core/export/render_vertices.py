"""Splitting a mesh into what graphics hardware draws: triangles whose corners share one position and one UV."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.normals import vertex_normals
from ..head import Head
from ..headmodel.model import triangulate
from ..shapes import Float, Float32, Int, Int32


class RenderVertices(NamedTuple):
    """A part of a head as hardware draws it; N render vertices.

    Attributes:
        vertices: (N,) int64, the head's vertex of each; several where UVs have a seam.
        uvs: (N,) int64, the head's UV of each.
        triangles: (T, 3) int64 into the render vertices.
    """

    vertices: Int[np.ndarray, " N"]
    uvs: Int[np.ndarray, " N"]
    triangles: Int[np.ndarray, "T 3"]


def split_at_seams(head: Head, parts: tuple[int, ...]) -> RenderVertices:
    """Render vertices of the faces that belong to `parts` (indices into `PART_NAMES`), in the head's vertex order."""
    chosen = np.isin(head.face_part, parts)
    corners = triangulate(head.faces[chosen])[0].reshape(-1).astype(np.int64)
    uv_corners = triangulate(head.uv_faces[chosen])[0].reshape(-1).astype(np.int64)
    pairs, inverse = np.unique(corners * len(head.uvs) + uv_corners, return_inverse=True)
    return RenderVertices(pairs // len(head.uvs), pairs % len(head.uvs), inverse.reshape(-1, 3))


def smooth_normals(
    vertices: Float[np.ndarray, "V 3"], triangles: Int32[np.ndarray, "T 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Area-weighted unit normals (V, 3), outward for counter-clockwise triangles; +Z where no triangle tells."""
    normals = vertex_normals(vertices.astype(np.float64), triangles)
    return np.where(normals.any(axis=1, keepdims=True), normals, [0.0, 0.0, 1.0]).astype(np.float32)
