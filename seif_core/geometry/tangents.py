"""Tangents: which way a mesh's texture coordinates grow on it, and normals told in that frame.

Convention: tangent space as OpenGL, glTF and Blender read normal maps: x along growing u, y = z cross x, z the mesh's
smooth normal. Worked number: on a square in the xy plane whose u grows along x and v along y the frame is the axes
themselves, and the tangent-space normal (0.6, 0, 0.8) is (0.6, 0, 0.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..shapes import Float, Int
from .normals import unit

_FLAT: Final = 1e-12
"""Area in texture coordinates below which a triangle tells no direction."""
_NO_LENGTH: Final = 1e-9
"""Length of a vector that has no direction."""
_SHORTEST: Final = 1e-4
"""Metres for the whole texture below which nothing is as fine."""


@dataclass(frozen=True, eq=False)
class TangentFrame:
    """Which way u and v grow on a mesh of V vertices.

    Attributes:
        along: (V, 3) unit, at right angles to the normal: the direction of growing u, the mean of a vertex' triangles.
        metres: (V, 2) metres of the mesh for the texture's whole width and height.
    """

    along: Float[np.ndarray, "V 3"]
    metres: Float[np.ndarray, "V 2"]


def tangent_frame(
    vertices: Float[np.ndarray, "V 3"],
    normals: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    uvs: Float[np.ndarray, "U 2"],
    uv_triangles: Int[np.ndarray, "T 3"],
) -> TangentFrame:
    """The tangents of a mesh.

    Args:
        vertices: (V, 3) metres.
        normals: (V, 3) unit.
        triangles: (T, 3) into vertices.
        uvs: (U, 2) texture coordinates, origin bottom left.
        uv_triangles: (T, 3) into uvs.
    """
    uv, points = uvs.astype(np.float64)[uv_triangles], vertices.astype(np.float64)[triangles]
    e1, e2 = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    (u1, v1), (u2, v2) = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
    area = u1 * v2 - u2 * v1
    weight = np.abs(area)[:, None]
    over = np.where(weight[:, 0] < _FLAT, _FLAT, area)[:, None]
    along, across = (e1 * v2[:, None] - e2 * v1[:, None]) / over, (e2 * u1[:, None] - e1 * u2[:, None]) / over
    lengths = np.stack([np.linalg.norm(along, axis=1), np.linalg.norm(across, axis=1)], axis=1)
    values = np.concatenate([along, lengths, np.ones_like(weight)], axis=1) * weight
    corner = triangles.ravel()
    sums = np.stack([np.bincount(corner, np.repeat(column, 3), len(vertices)) for column in values.T], axis=1)
    flat = sums[:, :3] - (sums[:, :3] * normals).sum(axis=1, keepdims=True) * normals
    return TangentFrame(unit(flat), np.maximum(sums[:, 3:5] / np.maximum(sums[:, 5:], _FLAT), _SHORTEST))


def to_tangent_space(
    vectors: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], along: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, "N 3"]:
    """Vectors in the mesh's own space, told in tangent space; the reverse of `from_tangent_space`.

    Args:
        vectors: (N, 3) in the mesh's space.
        normals: (N, 3) the mesh's, unit.
        along: (N, 3) the direction of growing u, about at right angles to them.
    """
    x = unit(along - (along * normals).sum(axis=1, keepdims=True) * normals)
    return np.stack([(vectors * axis).sum(axis=1) for axis in (x, np.cross(normals, x), normals)], axis=1)


def from_tangent_space(
    told: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], along: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, "N 3"]:
    """Unit normals that are told in tangent space, in the mesh's own space.

    Args:
        told: (N, 3) in tangent space.
        normals: (N, 3) the mesh's, unit.
        along: (N, 3) the direction of growing u, about at right angles to them.
    """
    (n1, n2, n3), (a1, a2, a3), (t1, t2, t3) = normals.T, along.T, told.T
    leaning = a1 * n1 + a2 * n2 + a3 * n3
    x1, x2, x3 = a1 - leaning * n1, a2 - leaning * n2, a3 - leaning * n3
    length = np.sqrt(x1 * x1 + x2 * x2 + x3 * x3).clip(min=_NO_LENGTH)
    t1 = t1 / length
    t2 = t2 / length  # y = normal cross x
    found = np.stack(
        [
            t3 * n1 + t1 * x1 + t2 * (n2 * x3 - n3 * x2),
            t3 * n2 + t1 * x2 + t2 * (n3 * x1 - n1 * x3),
            t3 * n3 + t1 * x3 + t2 * (n1 * x2 - n2 * x1),
        ]
    )
    return (found / np.sqrt(np.einsum("cn,cn->n", found, found)).clip(min=_NO_LENGTH)).T
