"""A mesh object of the scene as arrays, with the artist's changes: shapes, texture coordinates, weights, materials."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np

from ..build.names import REGION_PREFIX

_VERTICES: Final = 2000
"""Vertices whose weights are read in one piece: 20 to 30 ms of processor time."""


@dataclass(frozen=True, eq=False)
class SceneArrays:
    """A mesh object; V vertices, T triangles, U texture coordinates, K keys.

    Attributes:
        points: (V, 3) metres, the neutral shape in the object's space.
        keys: (K, V, 3) metres, the shapes of the keys at 1, without the basis.
        triangles: (T, 3) vertices.
        slots: (T,) material slot of each triangle.
        uvs: (U, 2) texture coordinates, one for each vertex and chart.
        uv_triangles: (T, 3) into `uvs`.
        weights: name of each vertex group -> (V,) weights.
    """

    points: np.ndarray
    keys: np.ndarray
    triangles: np.ndarray
    slots: np.ndarray
    uvs: np.ndarray
    uv_triangles: np.ndarray
    weights: dict[str, np.ndarray]

    @property
    def regions(self) -> dict[str, np.ndarray]:
        """(V,) bool masks of the head's regions."""
        named = {n.removeprefix(REGION_PREFIX): w for n, w in self.weights.items() if n.startswith(REGION_PREFIX)}
        return {name: weights > 0.5 for name, weights in named.items()}


def read_steps(ob: bpy.types.Object) -> Generator[None, None, SceneArrays]:
    """Read the object's own mesh, without its modifiers, in pieces that are short enough for a frame."""
    mesh = ob.data
    mesh.calc_loop_triangles()
    count, faces = len(mesh.vertices), len(mesh.loop_triangles)
    corners, loops, polygons = np.empty(3 * faces, np.int32), np.empty(3 * faces, np.int32), np.empty(faces, np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    mesh.loop_triangles.foreach_get("loops", loops)
    mesh.loop_triangles.foreach_get("polygon_index", polygons)
    slots = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    yield
    uvs, uv_triangles = _texture_coordinates(mesh, corners, loops)
    yield
    blocks = list(mesh.shape_keys.key_blocks) if mesh.shape_keys is not None else []
    shapes = np.empty((len(blocks), 3 * count), np.float32)
    for row, key in zip(shapes, blocks, strict=True):
        key.points.foreach_get("co", row)
    if blocks:
        points, keys = shapes[0], shapes[1:]
    else:
        points, keys = np.empty(3 * count, np.float32), shapes
        mesh.vertices.foreach_get("co", points)
    yield
    weights = yield from _weights(ob)
    return SceneArrays(
        points.reshape(-1, 3),
        keys.reshape(len(keys), count, 3),
        corners.reshape(-1, 3).astype(np.int64),
        slots[polygons],
        uvs,
        uv_triangles,
        weights,
    )


def _texture_coordinates(mesh: bpy.types.Mesh, corners: np.ndarray, loops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Texture coordinates once for each vertex and place in the texture, and the triangles over them."""
    layer = mesh.uv_layers.active
    flat = np.zeros(2 * len(mesh.loops), np.float32)
    if layer is not None:
        layer.uv.foreach_get("vector", flat)
    own = flat.reshape(-1, 2)[loops]
    together = np.column_stack([corners, np.rint(own * 1e6).astype(np.int64)])
    _, first, index = np.unique(together, axis=0, return_index=True, return_inverse=True)
    return own[first], index.reshape(-1, 3).astype(np.int64)


def _weights(ob: bpy.types.Object) -> Generator[None, None, dict[str, np.ndarray]]:
    names = [group.name for group in ob.vertex_groups]
    vertices = ob.data.vertices
    table = np.zeros((len(names), len(vertices)), np.float32)
    for first in range(0, len(vertices), _VERTICES):
        for vertex in vertices[first : first + _VERTICES]:
            for group in vertex.groups:
                table[group.group, vertex.index] = group.weight
        yield
    return dict(zip(names, table, strict=True))
