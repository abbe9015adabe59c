"""Deformation transfer between meshes of different topology.

Each source triangle's deformation gradient is imposed on the target triangles that correspond to it, and the target's
vertices follow by least squares; a weak pull towards the source's displacement at each vertex fixes what gradients
leave free (where the whole stands) and keeps touching lips and lids together.

Source: Sumner and Popovic, Deformation transfer for triangle meshes, SIGGRAPH 2004; without its fourth vertex as in
Botsch, Sumner, Pauly, Gross, Deformation transfer for detail-preserving surface editing, VMV 2006.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ..geometry.normals import triangle_areas
from ..geometry.small_inverses import inverse_2, inverse_3
from ..shapes import Float, Int

_LENGTH: Final = 0.01
"""Metres: below this size the gradients rule, above it the displacements."""


class DeformationTransfer:
    """Transfers deformations of one source mesh to one target mesh; V and T are the target's counts.

    Args:
        source: (S, 3) the source's rest vertices, metres.
        source_triangles: (R, 3) its triangles.
        target: (V, 3) the target's rest vertices, metres, about the same size.
        target_triangles: (T, 3) its triangles; vertices that none uses do not move.
        triangle_map: (T,) the source triangle that each target triangle corresponds to.
        turn: (3, 3) rotation from the source's frame to the target's.
    """

    def __init__(
        self,
        source: Float[np.ndarray, "S 3"],
        source_triangles: Int[np.ndarray, "R 3"],
        target: Float[np.ndarray, "V 3"],
        target_triangles: Int[np.ndarray, "T 3"],
        triangle_map: Int[np.ndarray, " T"],
        *,
        turn: Float[np.ndarray, "3 3"] | None = None,
    ) -> None:
        self._mapped = source_triangles[triangle_map]
        self._source_inverse = inverse_3(_frames(source.astype(np.float64)[self._mapped]))
        self._source = source.astype(np.float64)
        self._turn = np.eye(3) if turn is None else turn
        corners = target.astype(np.float64)[target_triangles]
        area = triangle_areas(target.astype(np.float64), target_triangles)
        self._operator, self._planes = _gradient_operator(corners, target_triangles, len(target))
        self._area = np.repeat(area, 3)
        mass = np.bincount(target_triangles.reshape(-1), np.repeat(area / 3, 3), len(target))
        self._pull = np.where(mass > 0, mass, 1.0) / _LENGTH**2
        self._used = mass > 0
        weighted = self._operator.T @ sparse.diags(self._area)
        self._divergence = sparse.csr_matrix(weighted)
        system = sparse.csc_matrix(weighted @ self._operator + sparse.diags(self._pull))
        self._factor = linalg.splu(system, permc_spec="MMD_AT_PLUS_A")

    def transfer(
        self, displacement: Float[np.ndarray, "S 3"], guide: Float[np.ndarray, "V 3"]
    ) -> Float[np.ndarray, "V 3"]:
        """The target's displacements (V, 3) for the source's (S, 3).

        Args:
            displacement: (S, 3) metres, of the source's vertices.
            guide: (V, 3) metres, the source's displacement at each target vertex, in the target's frame.
        """
        moved = _frames((self._source + displacement)[self._mapped])
        change = self._turn @ (moved @ self._source_inverse - np.eye(3)) @ self._turn.T
        wanted = (change @ self._planes).transpose(0, 2, 1).reshape(-1, 3)
        right = self._divergence @ wanted + self._pull[:, None] * np.where(self._used[:, None], guide, 0)
        return self._factor.solve(right)


def _frames(corners: np.ndarray) -> np.ndarray:
    """(T, 3, 3) columns: two edges and the normal, scaled by the root of its length as in Sumner and Popovic."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(first, second)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = normal / np.sqrt(np.maximum(length, 1e-16))
    frames = np.stack([first, second, normal], axis=2)
    flat = length[:, 0] < 1e-13  # a triangle without area has no frame: it deforms as if it were rigid
    frames[flat] = np.eye(3)
    return frames


def _gradient_operator(corners: np.ndarray, triangles: np.ndarray, count: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """(3 T, V) matrix whose product with vertex values gives each triangle's in-plane gradient (3 rows for x, y, z).

    Returns:
        The operator, and (T, 3, 3) projections onto the triangles' planes.
    """
    edges = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)  # T 3 2
    metric = edges.transpose(0, 2, 1) @ edges
    determinant = metric[:, 0, 0] * metric[:, 1, 1] - metric[:, 0, 1] ** 2
    safe = determinant > 1e-28
    metric[~safe] = np.eye(2)
    inverse = inverse_2(metric) @ edges.transpose(0, 2, 1)  # T 2 3: value differences to gradient
    inverse[~safe] = 0
    coefficients = np.concatenate([-inverse.sum(axis=1, keepdims=True), inverse], axis=1)  # T corner 3
    rows = np.repeat(np.arange(3 * len(triangles)), 3)
    columns = np.repeat(triangles, 3, axis=0).reshape(-1)
    values = coefficients.transpose(0, 2, 1).reshape(-1)
    operator = sparse.csr_matrix((values, (rows, columns)), (3 * len(triangles), count))
    return operator, edges @ inverse
