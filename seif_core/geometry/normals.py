"""Normals and areas of a mesh's triangles and vertices, on arrays; the vertices' normals on tensors too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ..shapes import Float, Int

_SHORTEST = 1e-20
"""Length below which a sum of normals says nothing and stays zero; far below that of any triangle in any unit."""


def unit(vectors: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
    """Vectors (..., 3) of length 1; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), _SHORTEST)


def area_vectors(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Float[np.ndarray, "T 3"]:
    """Normals (T, 3) of triangles, outward for counter-clockwise ones, twice as long as the triangles are large."""
    a, b, c = vertices[triangles].transpose(1, 0, 2)
    (x, y, z), (u, v, w) = (b - a).T, (c - a).T
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)  # numpy.cross takes twice as long


def triangle_areas(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Float[np.ndarray, " T"]:
    """Areas (T,) of triangles, in squared units of the mesh."""
    return np.linalg.norm(area_vectors(vertices, triangles), axis=1) / 2


def vertex_areas(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Float[np.ndarray, " V"]:
    """Areas (V,) that vertices stand for, in squared units of the mesh: a third of the triangles about each."""
    third = np.repeat(triangle_areas(vertices, triangles) / 3, 3)
    return np.bincount(triangles.ravel(), third, minlength=len(vertices))


def at_corners(
    values: Float[np.ndarray, "T 3"], triangles: Int[np.ndarray, "T 3"], vertices: int
) -> Float[np.ndarray, "V 3"]:
    """The sums (V, 3) at a number of vertices of what their triangles have."""
    each, corners = np.repeat(values, 3, axis=0), triangles.ravel()
    return np.stack([np.bincount(corners, each[:, k], vertices) for k in range(3)], axis=1).astype(np.float64)


if TYPE_CHECKING:
    import torch

    @overload
    def vertex_normals(
        vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
    ) -> Float[np.ndarray, "V 3"]: ...
    @overload
    def vertex_normals(
        vertices: Float[torch.Tensor, "V 3"], triangles: Int[torch.Tensor, "T 3"]
    ) -> Float[torch.Tensor, "V 3"]: ...


def vertex_normals(vertices: Any, triangles: Any) -> Any:
    """Area-weighted unit normals (V, 3), outward for counter-clockwise triangles, zero at a vertex without any.

    Args:
        vertices: (V, 3) array or tensor in any unit; of a tensor the answer can be differentiated.
        triangles: (T, 3) of the same kind.
    """
    return _of_arrays(vertices, triangles) if isinstance(vertices, np.ndarray) else _of_tensors(vertices, triangles)


def _of_arrays(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Float[np.ndarray, "V 3"]:
    return unit(at_corners(area_vectors(vertices, triangles), triangles, len(vertices)))


def _of_tensors(vertices: torch.Tensor, triangles: torch.Tensor) -> torch.Tensor:
    import torch

    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = torch.linalg.cross(b - a, c - a)
    normals = torch.zeros_like(vertices)
    for k in range(3):
        normals = normals.index_add(0, triangles[:, k], face)
    return torch.nn.functional.normalize(normals, dim=1, eps=_SHORTEST)
