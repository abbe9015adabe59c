"""How normals change in each shape of an FBX file: Blender before 5.2 writes zeros there, and engines shade wrongly.

What is missing is computed from the file's own vertices, polygons and displacements, and put in; what is there stays.

Convention: the file's axes and unit; changes of unit normals. Worked number: a shape that turns a triangle from facing
up to facing the front changes its normals by (0, -1, 1) in a file with Y up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from .fbx_tree import FbxFile, Record, read_fbx, write_fbx_file

_STEPS: Final = 3
"""Connections from a shape up to its mesh: channel, deformer, mesh."""


def mend_shape_normals(path: Path) -> int:
    """Fill in the shapes' normals where a file has none; returns of how many shapes.

    Raises:
        ValueError: it is no binary FBX of a version before 7500.
        OSError: it cannot be read or written.
    """
    file = read_fbx(path)
    mended = sum(_mend(shape, mesh) for shape, mesh in shapes_of(file))
    if mended:
        write_fbx_file(file, path)
    return mended


def shapes_of(file: FbxFile) -> list[tuple[Record, Record]]:
    """Each shape of the file with the mesh that it displaces."""
    geometry = {r.values()[0]: r for r in file.top(b"Objects").children if r.name == b"Geometry"}
    above = {}
    for connection in file.top(b"Connections").children:
        kind, child, parent, *_ = connection.values()
        if kind == b"OO":
            above[child] = parent
    found = []
    for number, record in geometry.items():
        if record.values()[2] != b"Shape":
            continue
        up = number
        for _ in range(_STEPS):
            up = above.get(up)
        if up in geometry:
            found.append((record, geometry[up]))
    return found


def array_of(record: Record, name: bytes) -> np.ndarray:
    """The array that a child record holds; empty where there is none."""
    child = record.child(name)
    value = child.values()[0] if child is not None and child.count else None
    return value if isinstance(value, np.ndarray) else np.zeros(0)


def _mend(shape: Record, mesh: Record) -> bool:
    normals = shape.child(b"Normals")
    moved = array_of(shape, b"Indexes").astype(np.int64)
    if normals is None or not len(moved) or array_of(shape, b"Normals").any():
        return False
    points = array_of(mesh, b"Vertices").reshape(-1, 3)
    triangles = _triangles(array_of(mesh, b"PolygonVertexIndex").astype(np.int64))
    displaced = points.copy()
    displaced[moved] += array_of(shape, b"Vertices").reshape(-1, 3)
    change = vertex_normals(displaced, triangles) - vertex_normals(points, triangles)
    normals.set_array(change[moved].reshape(-1))
    return True


def _triangles(corners: np.ndarray) -> np.ndarray:
    """Triangles (T, 3) of polygons whose last corner is written as its complement."""
    ends = np.flatnonzero(corners < 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sides = ends - starts + 1
    vertices = np.where(corners < 0, ~corners, corners)
    fans = []
    for k in range(1, int(sides.max(initial=2)) - 1):
        first = starts[sides > k + 1]
        fans.append(np.column_stack([vertices[first], vertices[first + k], vertices[first + k + 1]]))
    return np.concatenate(fans) if fans else np.zeros((0, 3), np.int64)


def vertex_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (V, 3) of a mesh."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    summed = np.zeros_like(points)
    for k in range(3):
        np.add.at(summed, triangles[:, k], area)
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-30)
