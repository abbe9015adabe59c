"""PRNet (Feng et al., ECCV 2018): a face in the photo's pixels; its mesh has y up, its landmarks y down."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..method_mesh import Adapter, MethodMesh, first_file, marks_beside, mesh_of

_ALIKE: Final = 0.5
"""Pixels within which x and z of a landmark and a vertex are the same."""


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh, and its landmarks turned upright as the mesh was.

    Raises:
        SettingsError: a file cannot be read.
    """
    path = first_file(folder, [f"{stem}.obj", f"{stem}_mesh.obj"])
    if path is None:
        return None
    vertices, triangles = mesh_of(path)
    marks = marks_beside(path.parent, [f"{stem}_kpt"])
    return MethodMesh(vertices, triangles, None if marks is None else _upright(marks, vertices))


def _upright(marks: np.ndarray, vertices: np.ndarray) -> np.ndarray | None:
    """Landmarks in the mesh's frame: y is the picture's height less one minus theirs, whatever height that was.

    Each landmark is a vertex; the height is what most of them agree on.
    """
    tree = KDTree(vertices[:, [0, 2]])
    sums = [
        vertices[row, 1] + mark[1]
        for mark in marks
        for row in tree.query_ball_point(mark[[0, 2]], _ALIKE)
    ]  # fmt: skip
    if not sums:
        return None
    counts, edges = np.histogram(sums, bins=np.arange(min(sums) - 1, max(sums) + 2))
    best = int(counts.argmax())
    near = [s for s in sums if edges[best] - 1 <= s <= edges[best + 1] + 1]
    return np.column_stack([marks[:, 0], np.median(near) - marks[:, 1], marks[:, 2]])


ADAPTER = Adapter(
    "PRNet",
    "NAME.obj and NAME_kpt.txt, as demo.py --is3d True --isKpt True writes them",
    "Feng et al., Joint 3D Face Reconstruction and Dense Alignment with Position Map Regression Network, ECCV 2018",
    read,
)
