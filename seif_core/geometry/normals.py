"""Normals of a mesh's triangles, and of its vertices on arrays and on tensors."""

from __future__ import annotations

from typing import overload

import numpy as np
import torch

from ..shapes import Float, Int

_SHORTEST = 1e-20
"""Length below which a sum of normals says nothing and stays zero; far below that of any triangle in any unit."""


def unit(vectors: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
    """Vectors (..., 3) of length 1; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), _SHORTEST)


def area_vectors(vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Float[np.ndarray, "T 3"]:
    """Normals (T, 3) of triangles, outward for counter-clockwise ones, twice as long as the triangles are large."""
    a, b, c = vertices[triangles].transpose(1, 0, 2)
    return np.cross(b - a, c - a)


@overload
def vertex_normals(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
) -> Float[np.ndarray, "V 3"]: ...
@overload
def vertex_normals(
    vertices: Float[torch.Tensor, "V 3"], triangles: Int[torch.Tensor, "T 3"]
) -> Float[torch.Tensor, "V 3"]: ...
def vertex_normals(
    vertices: Float[np.ndarray, "V 3"] | Float[torch.Tensor, "V 3"],
    triangles: Int[np.ndarray, "T 3"] | Int[torch.Tensor, "T 3"],
) -> Float[np.ndarray, "V 3"] | Float[torch.Tensor, "V 3"]:
    """Area-weighted unit normals (V, 3), outward for counter-clockwise triangles, zero at a vertex without any.

    Args:
        vertices: (V, 3) in any unit; of a tensor the answer can be differentiated.
        triangles: (T, 3) of the same kind.
    """
    if isinstance(vertices, torch.Tensor):
        return _of_tensors(vertices, torch.as_tensor(triangles))
    corners = np.asarray(triangles)
    face = np.repeat(area_vectors(vertices, corners), 3, axis=0)
    return unit(np.stack([np.bincount(corners.ravel(), face[:, k], len(vertices)) for k in range(3)], axis=1))


def _of_tensors(vertices: torch.Tensor, triangles: torch.Tensor) -> torch.Tensor:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = torch.linalg.cross(b - a, c - a)
    normals = torch.zeros_like(vertices)
    for k in range(3):
        normals = normals.index_add(0, triangles[:, k], face)
    return torch.nn.functional.normalize(normals, dim=1, eps=_SHORTEST)
