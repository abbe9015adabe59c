"""Splitting a mesh into what graphics hardware draws: triangles whose corners share one position and one UV."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..geometry.normals import area_vectors, at_corners, unit, vertex_normals
from ..geometry.tangents import tangent_frame
from ..head import Head
from ..headmodel.model import triangulate
from ..shapes import Float, Float32, Int, Int32

_UNIT: Final = 0.99
"""Length below which a unit vector is none: at a pole directions cancel."""
_STEEP: Final = 0.9
"""Cosine to an axis from which another one is taken to stand at right angles."""


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


def smooth_tangents(
    head: Head, triangles: Int32[np.ndarray, "T 3"], normals: Float32[np.ndarray, "V 3"]
) -> Float32[np.ndarray, "V 4"]:
    """GlTF's tangents of a head: unit, along growing u, with the sign 1 (``bitangent = normal x tangent``).

    They are those in which its normal map is told (`geometry.tangents`), in which no chart is mirrored.

    Args:
        head: gives vertices and texture coordinates.
        triangles: (T, 3) of its faces.
        normals: (V, 3) unit.
    """
    frame = tangent_frame(head.vertices, normals, triangles, head.uvs, triangulate(head.uv_faces)[0])
    along = frame.along
    lost = np.linalg.norm(along, axis=1) < _UNIT  # no texture, or one that does not grow: any direction does
    other = np.cross(normals[lost], np.where(np.abs(normals[lost, :1]) < _STEEP, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    along[lost] = unit(other)
    return np.concatenate([along, np.ones((len(along), 1))], axis=1).astype(np.float32)


def smooth_normals(
    vertices: Float[np.ndarray, "V 3"], triangles: Int32[np.ndarray, "T 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Area-weighted unit normals (V, 3), outward for counter-clockwise triangles; +Z where no triangle tells."""
    return _told(vertex_normals(vertices.astype(np.float64), triangles))


def normals_of_targets(
    vertices: Float32[np.ndarray, "V 3"],
    displacements: Float32[np.ndarray, "M V 3"],
    triangles: Int32[np.ndarray, "T 3"],
) -> Float32[np.ndarray, "M V 3"]:
    """`smooth_normals` of a mesh under each of some displacements; only triangles that one moves are looked at.

    Args:
        vertices: (V, 3) of the mesh at rest.
        displacements: (M, V, 3) what is added to them.
        triangles: (T, 3) of the mesh.
    """
    rest = area_vectors(vertices.astype(np.float64), triangles)
    sums = at_corners(rest, triangles, len(vertices))
    out = np.repeat(_told(unit(sums))[None], len(displacements), axis=0)
    for target, displacement in zip(out, displacements, strict=True):
        moved = np.flatnonzero(displacement.any(axis=1)[triangles].any(axis=1))
        corners = triangles[moved]
        touched = np.flatnonzero(np.bincount(corners.ravel(), minlength=len(vertices)))
        change = area_vectors((vertices + displacement).astype(np.float64), corners) - rest[moved]
        place = np.zeros(len(vertices), np.int64)
        place[touched] = np.arange(len(touched))
        target[touched] = _told(unit(sums[touched] + at_corners(change, place[corners], len(touched))))
    return out


def _told(normals: Float[np.ndarray, "V 3"]) -> Float32[np.ndarray, "V 3"]:
    return np.where(normals.any(axis=1, keepdims=True), normals, [0.0, 0.0, 1.0]).astype(np.float32)
