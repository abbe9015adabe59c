"""The mesh that is registered, and what of it may be matched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ..geometry.laplacian import umbrella_laplacian
from ..geometry.normals import vertex_normals
from ..shapes import Bool, Float, Int
from .correspondences import TargetMesh


class Matches(NamedTuple):
    """M vertices that have a believable match.

    Attributes:
        ids: (M,) vertices.
        points: (M, 3) on the target, metres.
        normals: (M, 3) the target's there, unit.
        weights: (M,) trust in each.
    """

    ids: Int[np.ndarray, " M"]
    points: Float[np.ndarray, "M 3"]
    normals: Float[np.ndarray, "M 3"]
    weights: Float[np.ndarray, " M"]


@dataclass(frozen=True, eq=False)
class TemplateMesh:
    """The mesh that is registered.

    Attributes:
        vertices: (V, 3) float64 metres, its start shape.
        triangles: (T, 3).
        data: (V,) bool, vertices that may be drawn to the target (the outer skin).
        weight: (V,) trust in a match of this vertex, 0..1.
        landmarks: (L,) vertex ids.
        landmark_weight: (L,) relative weight of each landmark.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    data: Bool[np.ndarray, " V"]
    weight: Float[np.ndarray, " V"]
    landmarks: Int[np.ndarray, " L"]
    landmark_weight: Float[np.ndarray, " L"]

    @cached_property
    def laplacian(self) -> sparse.csr_matrix:
        """(V, V) umbrella Laplacian."""
        return umbrella_laplacian(self.triangles, len(self.vertices))

    def matches(self, vertices: Float[np.ndarray, "V 3"], target: TargetMesh, reach: float, cosine: float) -> Matches:
        """The believable matches of the mesh in a shape (V, 3), see `Correspondences.agreeing`."""
        ids = np.flatnonzero(self.data)
        found = target.closest(vertices[ids])
        good = found.agreeing(vertex_normals(vertices, self.triangles)[ids], reach, cosine)
        ids = ids[good]
        return Matches(ids, found.points[good], found.normals[good], self.weight[ids])
