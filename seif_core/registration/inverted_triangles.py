"""Inverted triangles: those that a deformation has turned over, folded onto a neighbour, or squashed.

A triangle is compared with the reference's, turned along by the best rotation of its surroundings (Kabsch, A solution
for the best rotation to relate two sets of vectors, 1976): a normal that then points the other way is inverted. So are
two neighbours that were nearly flat and now lie back to back.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.alignment import nearest_rotation
from ..geometry.connectivity import Connectivity
from ..geometry.normals import area_vectors, unit, vertex_normals
from ..shapes import Bool, Float

_FLAT: Final = 0.3
"""Cosine between neighbouring normals from which they were open in the reference (by eye on rough heads)."""
_BACK_TO_BACK: Final = -0.6
"""Cosine below which they now lie back to back (by eye on rough heads)."""
_THIN: Final = 0.01
"""Least ratio of areas, over the surroundings' own: below, a triangle has collapsed."""
_NO_AREA: Final = 1e-12
"""Square metres: triangles of the reference below say nothing."""
_NORMAL_WEIGHT: Final = 2.0
"""Weight of a vertex's normal against one edge in the rotation, which a flat ring of edges leaves open to a flip."""


def inverted_triangles(
    mesh: Connectivity, reference: Float[np.ndarray, "V 3"], deformed: Float[np.ndarray, "V 3"]
) -> Bool[np.ndarray, " T"]:
    """(T,) bool: triangles of the deformed mesh that are inverted, folded or collapsed against the reference."""
    before, after = area_vectors(reference, mesh.triangles), area_vectors(deformed, mesh.triangles)
    rotations = _local_rotations(mesh, reference, deformed)
    length = np.linalg.norm(before, axis=1)
    sound = length > _NO_AREA
    turned = np.einsum("tab,tb->ta", rotations, before)
    along = (turned * after).sum(1) / np.maximum(length, 1e-20) ** 2
    bad = sound & (along <= _THIN)
    first, second = mesh.triangle_pairs.T
    unit_before, unit_after = unit(before), unit(after)
    opened = (unit_before[first] * unit_before[second]).sum(1) > _FLAT
    closed = (unit_after[first] * unit_after[second]).sum(1) < _BACK_TO_BACK
    pairs = opened & closed & sound[first] & sound[second]
    bad[first[pairs]] = True
    bad[second[pairs]] = True
    return bad


def _local_rotations(mesh: Connectivity, reference: np.ndarray, deformed: np.ndarray) -> Float[np.ndarray, "T 3 3"]:
    """Best rotation of each triangle with all the triangles about it."""
    a, b = mesh.edges.T
    before, after = reference[b] - reference[a], deformed[b] - deformed[a]
    outer = np.einsum("ea,eb->eab", after, before) / np.maximum((before * before).sum(1), 1e-20)[:, None, None]
    of_vertex = (mesh.incidence @ outer.reshape(-1, 9)).reshape(-1, 3, 3)
    normals = [vertex_normals(points, mesh.triangles) for points in (deformed, reference)]
    of_vertex += _NORMAL_WEIGHT * np.einsum("va,vb->vab", *normals)
    return nearest_rotation(of_vertex[mesh.triangles].sum(axis=1))
