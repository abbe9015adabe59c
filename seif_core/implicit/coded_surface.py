"""A closed surface with semantic codes, asked at many points at once: code, distance, inside or outside."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.barycentric import barycentric
from ..geometry.signed_distance import signed_distances
from ..headmodel.semantics import FADE
from ..shapes import Float, Int


class Nearest(NamedTuple):
    """What `CodedSurface` says of N points.

    Attributes:
        codes: (N, 3) semantic codes after fading.
        signed: (N,) metres to the surface, negative inside.
        triangles: (N,) int64, index of the triangle that is near.
        weights: (N, 3) barycentric weights of its corners there.
    """

    codes: Float[np.ndarray, "N 3"]
    signed: Float[np.ndarray, " N"]
    triangles: Int[np.ndarray, " N"]
    weights: Float[np.ndarray, "N 3"]


class CodedSurface:
    """A posed surface with its codes.

    Args:
        vertices: (V, 3) in metres.
        triangles: (T, 3) closed, counter-clockwise from outside.
        codes: (V, 3) canonical codes.
        extent: metres, by which codes fade (`Anatomy.code_extent`).
    """

    def __init__(
        self,
        vertices: Float[np.ndarray, "V 3"],
        triangles: Int[np.ndarray, "T 3"],
        codes: Float[np.ndarray, "V 3"],
        extent: float,
    ) -> None:
        self._vertices, self._triangles = vertices.astype(np.float64), triangles
        self._codes, self._extent = codes.astype(np.float64)[triangles], extent

    def ask(self, points: Float[np.ndarray, "N 3"]) -> Nearest:
        """Ask about points (N, 3) in metres."""
        found = signed_distances(points, self._vertices, self._triangles)
        corners = self._vertices[self._triangles[found.triangles]]
        weights = barycentric(found.points, corners).clip(0)
        fade = np.exp(-((found.signed / self._extent / FADE) ** 2))
        codes = np.einsum("nc,ncx->nx", weights, self._codes[found.triangles]) * fade[:, None]
        return Nearest(codes, found.signed, found.triangles, weights)
