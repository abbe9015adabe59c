"""Quadric errors over several shapes of one mesh.

Source: Garland and Heckbert, Surface simplification using quadric error metrics, SIGGRAPH 1997; summed over poses as in
Mohr and Gleicher, Deformation sensitive decimation, University of Wisconsin, 2003.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float, Int
from .wedges import INNER, WedgeMesh

_ROWS, _COLUMNS = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3), (0, 1, 2, 3, 1, 2, 3, 2, 3, 3)
"""The ten entries of a symmetric 4 x 4 matrix."""

_TWICE: Final = np.array([1, 2, 2, 2, 1, 2, 2, 1, 2, 1.0])

_RIM: Final = 4.0
"""How much more an edge between charts or at a border weighs than a surface of its length squared. Chosen, not
measured alone; what levels lose stands in `benchmarks/lods.py`."""


def vertex_quadrics(
    mesh: WedgeMesh, poses: Float[np.ndarray, "P V 3"], importance: Float[np.ndarray, " V"]
) -> Float[np.ndarray, "V P 10"]:
    """The quadric of each vertex in each pose: planes of its triangles, and upright ones on sharp edges.

    Args:
        mesh: the full mesh.
        poses: metres.
        importance: factor on each vertex' own planes.
    """
    total = np.zeros((mesh.vertex_count, len(poses), 10))
    corners = mesh.corners
    a, b, c = (poses[:, corners[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    double = np.linalg.norm(normal, axis=2)
    unit = normal / np.maximum(double, 1e-20)[..., None]
    _add(total, corners, unit, a, 0.5 * double)
    table = mesh.edges
    bent = table.kinds != INNER
    ends, beside = table.ends[bent], table.pairs[bent, 0]
    p, q = poses[:, ends[:, 0]], poses[:, ends[:, 1]]
    upright = np.cross(q - p, unit[:, beside])
    length = np.linalg.norm(upright, axis=2)
    _add(total, ends, upright / np.maximum(length, 1e-20)[..., None], p, _RIM * length**2)
    return total * importance[:, None, None]


def monomials(poses: Float[np.ndarray, "P V 3"]) -> Float[np.ndarray, "V P 10"]:
    """What a quadric is multiplied with to give its error at a vertex."""
    full = np.concatenate([poses, np.ones((*poses.shape[:2], 1))], axis=2).transpose(1, 0, 2)
    return full[..., _ROWS] * full[..., _COLUMNS] * _TWICE


def _add(
    total: Float[np.ndarray, "V P 10"],
    corners: Int[np.ndarray, "N K"],
    unit: Float[np.ndarray, "P N 3"],
    through: Float[np.ndarray, "P N 3"],
    weight: Float[np.ndarray, "P N"],
) -> None:
    """Add to the vertices of each corner list the planes of unit normals through points."""
    plane = np.concatenate([unit, -(unit * through).sum(axis=2, keepdims=True)], axis=2).transpose(1, 0, 2)
    quadric = plane[..., _ROWS] * plane[..., _COLUMNS] * weight.T[..., None]
    flat = corners.ravel()
    if not len(flat):
        return
    order = np.argsort(flat, kind="stable")
    vertices, first = np.unique(flat[order], return_index=True)
    total[vertices] += np.add.reduceat(quadric[order // corners.shape[1]], first, axis=0)
