"""How normals change in each shape of an FBX file: Blender before 5.2 writes zeros there, and engines shade wrongly.

What is missing is computed from the file's own vertices, polygons and displacements, and put in; what is there stays.

Convention: the file's axes and unit; changes of unit normals. Worked number: a shape that turns a triangle from facing
up to facing the front changes its normals by (0, -1, 1) in a file with Y up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from .fbx_tree import FbxFile, Record, read_fbx, write_fbx_file

_STEPS: Final = 3
"""Connections from a shape up to its mesh: channel, deformer, mesh."""
_TINY: Final = 1e-30
"""Lengths below which nothing has a direction."""


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
    polygons = Polygons.of_file(array_of(mesh, b"PolygonVertexIndex").astype(np.int64))
    if not len(polygons.starts):
        return False
    displaced = points.copy()
    displaced[moved] += array_of(shape, b"Vertices").reshape(-1, 3)
    change = vertex_normals(displaced, polygons) - vertex_normals(points, polygons)
    normals.set_array(change[moved].reshape(-1))
    return True


@dataclass(frozen=True, eq=False)
class Polygons:
    """Polygons one after the other; C corners, P polygons.

    Attributes:
        vertices: (C,) vertex of each corner.
        starts: (P,) first corner of each polygon.
        before: (C,) the corner before each in its polygon.
        after: (C,) the corner after each.
    """

    vertices: np.ndarray
    starts: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @staticmethod
    def of_file(corners: np.ndarray) -> Polygons:
        """From FBX's list, in which a polygon's last corner is written as its complement."""
        ends = np.flatnonzero(corners < 0)
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else np.zeros(0, np.int64)
        before, after = np.arange(len(corners)) - 1, np.arange(len(corners)) + 1
        before[starts], after[ends] = ends, starts
        return Polygons(np.where(corners < 0, ~corners, corners), starts, before, after)


def vertex_normals(points: np.ndarray, polygons: Polygons) -> np.ndarray:
    """Unit normals (V, 3) of a mesh's vertices as Blender has them: polygons' normals, weighted by the angles there.

    Source: Thuermer and Wuethrich, Computing Vertex Normals from Polygonal Facets, Journal of Graphics Tools 3 (1998);
    a polygon's normal is Newell's.
    """
    corner = points[polygons.vertices]
    following, preceding = corner[polygons.after], corner[polygons.before]
    faces = np.add.reduceat(np.cross(corner, following), polygons.starts, axis=0)
    faces /= np.maximum(np.linalg.norm(faces, axis=1, keepdims=True), _TINY)
    one, other = preceding - corner, following - corner
    angles = np.arctan2(np.linalg.norm(np.cross(one, other), axis=1), (one * other).sum(axis=1))
    sizes = np.diff(np.append(polygons.starts, len(corner)))
    weighted = np.repeat(faces, sizes, axis=0) * angles[:, None]
    summed = np.column_stack([np.bincount(polygons.vertices, w, minlength=len(points)) for w in weighted.T])
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), _TINY)
