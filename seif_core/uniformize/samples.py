"""Places spread evenly over the skin, at which the surface is looked up, and how they hang on the vertices.

Where triangles are large (scalp, neck) the surface says more than one point per vertex can take: a vertex that meets a
strand of hair on its ridge would stand out, one in a groove would sink in. With several samples per triangle the mesh
takes the mean course of the surface instead.

Convention: `Samples.blend` holds barycentric weights, rows sum to 1. Worked number: a triangle with sides of 10 mm and
a spacing of 4 mm is cut into 3 x 3 = 9 triangles, with a sample at the centroid of each.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import sparse

from ..shapes import Float
from .skin import Skin

_MOST_CUTS: Final = 8


class Samples(NamedTuple):
    """N places on the skin's S vertices.

    Attributes:
        blend: (N, S) sparse, barycentric.
        area: (N,) square metres that each stands for.
    """

    blend: sparse.csr_matrix
    area: Float[np.ndarray, " N"]

    @staticmethod
    def at_vertices(mass: Float[np.ndarray, " S"]) -> Samples:
        """One sample at each vertex, with its lumped area."""
        return Samples(sparse.csr_matrix(sparse.identity(len(mass))), mass)


def spread_samples(skin: Skin, vertices: Float[np.ndarray, "S 3"], spacing: float) -> Samples:
    """Samples about `spacing` metres apart, at least one per triangle.

    Args:
        skin: the mesh.
        vertices: (S, 3) metres, the shape in which they are to be even.
        spacing: metres.
    """
    corners = vertices[skin.triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    cuts = np.clip(np.ceil(sides.mean(1) / spacing), 1, _MOST_CUTS).astype(int)
    rows, weights, areas = [], [], []
    for n in np.unique(cuts):
        members = np.flatnonzero(cuts == n)
        inside = _centroids(int(n))
        rows.append(np.repeat(skin.triangles[members], len(inside), axis=0))
        weights.append(np.tile(inside, (len(members), 1)))
        areas.append(np.repeat(area[members] / len(inside), len(inside)))
    ids, values = np.concatenate(rows), np.concatenate(weights)
    owner = np.repeat(np.arange(len(ids)), 3)
    blend = sparse.csr_matrix((values.ravel(), (owner, ids.ravel())), (len(ids), len(vertices)))
    return Samples(blend, np.concatenate(areas))


def _centroids(n: int) -> np.ndarray:
    """(n^2, 3) barycentric centroids of a triangle cut into n^2."""
    a, b = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    up = np.stack([a, b], -1)[a + b < n].reshape(-1, 2) + 1 / 3
    down = np.stack([a, b], -1)[a + b < n - 1].reshape(-1, 2) + 2 / 3
    two = np.concatenate([up, down]) / n
    return np.concatenate([two, 1 - two.sum(1, keepdims=True)], axis=1)
