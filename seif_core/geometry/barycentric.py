"""Barycentric coordinates of points in triangles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..shapes import Float, Int


class MeshPoints(NamedTuple):
    """Points that hang on a mesh.

    Attributes:
        triangles: (N,) index of the triangle that carries each.
        weights: (N, 3) barycentric weights in it.
    """

    triangles: Int[np.ndarray, " N"]
    weights: Float[np.ndarray, "N 3"]

    def interpolate(self, mesh: Int[np.ndarray, "T 3"], values: np.ndarray) -> np.ndarray:
        """Per-vertex `values` (V, ...) of the mesh's triangles (T, 3) at the points, (N, ...)."""
        return np.einsum("nk,nk...->n...", self.weights, values[mesh[self.triangles]])


def barycentric(points: Float[np.ndarray, "N 3"], corners: Float[np.ndarray, "N 3 3"]) -> Float[np.ndarray, "N 3"]:
    """Barycentric weights (N, 3) of points that lie in the planes of their triangles (N, 3 corners, 3).

    Source: Ericson, Real-Time Collision Detection, 2005, section 3.4.
    """
    a, b, c = corners.transpose(1, 0, 2)
    ab, ac, ap = b - a, c - a, points - a
    aa, bb, cross = (ab * ab).sum(1), (ac * ac).sum(1), (ab * ac).sum(1)
    pa, pb = (ap * ab).sum(1), (ap * ac).sum(1)
    area = np.maximum(aa * bb - cross * cross, 1e-300)
    v, w = (bb * pa - cross * pb) / area, (aa * pb - cross * pa) / area
    return np.stack([1 - v - w, v, w], axis=1)
