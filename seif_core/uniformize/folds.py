"""Triangles that a deformation has turned over, folded onto a neighbour or squashed.

A triangle is compared with the reference's, turned along by the best rotation of its surroundings: a normal that then
points the other way is a flip. Two neighbours that were nearly flat and now lie back to back are a fold.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Bool, Float
from .skin import Skin

_FLAT: Final = 0.3
"""Cosine between neighbouring normals from which they were open in the reference."""
_FOLDED: Final = -0.6
"""Cosine below which they now lie back to back."""
_THIN: Final = 0.01
"""Least ratio of areas, over the surroundings' own: below, a triangle has collapsed."""


def folded_triangles(
    skin: Skin, reference: Float[np.ndarray, "S 3"], deformed: Float[np.ndarray, "S 3"]
) -> Bool[np.ndarray, " T"]:
    """(T,) bool: triangles flipped, folded or collapsed against the reference."""
    before, after = _area_normals(skin, reference), _area_normals(skin, deformed)
    rotations = _local_rotations(skin, reference, deformed)
    length = np.linalg.norm(before, axis=1)
    sound = length > 1e-12
    turned = np.einsum("tab,tb->ta", rotations, before)
    along = (turned * after).sum(1) / np.maximum(length, 1e-20) ** 2
    bad = sound & (along <= _THIN)
    first, second = skin.neighbours.T
    unit_before, unit_after = _unit(before), _unit(after)
    opened = (unit_before[first] * unit_before[second]).sum(1) > _FLAT
    closed = (unit_after[first] * unit_after[second]).sum(1) < _FOLDED
    pairs = opened & closed & sound[first] & sound[second]
    bad[first[pairs]] = True
    bad[second[pairs]] = True
    return bad


def _area_normals(skin: Skin, vertices: np.ndarray) -> np.ndarray:
    a, b, c = vertices[skin.triangles].transpose(1, 0, 2)
    return np.cross(b - a, c - a)


def _local_rotations(skin: Skin, reference: np.ndarray, deformed: np.ndarray) -> np.ndarray:
    """(T, 3, 3) best rotation of each triangle with all the triangles about it."""
    edges = skin.edges
    before, after = reference[edges[:, 1]] - reference[edges[:, 0]], deformed[edges[:, 1]] - deformed[edges[:, 0]]
    outer = np.einsum("ea,eb->eab", after, before) / np.maximum((before * before).sum(1), 1e-20)[:, None, None]
    of_vertex = (skin.incidence @ outer.reshape(-1, 9)).reshape(-1, 3, 3)
    normals = np.einsum("va,vb->vab", skin.normals(deformed), skin.normals(reference))
    around = (of_vertex + 2 * normals)[skin.triangles].sum(axis=1)
    u, _, vt = np.linalg.svd(around)
    u[:, :, 2] *= np.linalg.det(u @ vt)[:, None]
    return u @ vt


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-20)
