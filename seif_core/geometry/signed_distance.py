"""Signed distance to a closed triangle mesh, by libigl (https://libigl.github.io, MPL-2.0).

Inside and outside are told by the angle-weighted pseudonormal of the face, edge or corner that is nearest, which is
right for every closed surface that does not pass through itself. Source: Baerentzen and Aanaes, Signed distance
computation using the angle weighted pseudonormal, IEEE TVCG 2005, DOI 10.1109/TVCG.2005.49.

Convention: negative inside. Worked number: in a ball of radius 0.1 m the middle has the distance -0.1.
"""

from __future__ import annotations

from typing import NamedTuple

import igl
import numpy as np

from ..shapes import Float, Int


class SignedDistances(NamedTuple):
    """What a closed mesh says of N points.

    Attributes:
        signed: (N,) float64, in the mesh's units, negative inside.
        points: (N, 3) float64, the closest points of the surface.
        triangles: (N,) int64, the triangle that each of these lies on.
    """

    signed: Float[np.ndarray, " N"]
    points: Float[np.ndarray, "N 3"]
    triangles: Int[np.ndarray, " N"]


def signed_distances(
    points: Float[np.ndarray, "N 3"], vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
) -> SignedDistances:
    """Signed distances of points (N, 3) to a mesh.

    Args:
        points: (N, 3) in the mesh's units.
        vertices: (V, 3).
        triangles: (T, 3) closed, counter-clockwise from outside.
    """
    if len(points) == 0:
        return SignedDistances(np.zeros(0), np.zeros((0, 3)), np.zeros(0, np.int64))
    signed, nearest, closest, _ = igl.signed_distance(
        np.ascontiguousarray(points, np.float64),
        np.ascontiguousarray(vertices, np.float64),
        np.ascontiguousarray(triangles, np.int64),
        sign_type=igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL,
    )
    return SignedDistances(np.ravel(signed), np.reshape(closest, (-1, 3)), np.asarray(nearest, np.int64).ravel())
