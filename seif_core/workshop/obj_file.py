"""Wavefront OBJ as its file has it: numbers of each vertex, texture coordinates, faces of any size, their groups.

Source: the format's appendix B1 (Alias|Wavefront, Advanced Visualizer, 1995). Read are ``v``, ``vt``, ``f``, ``g``.

Convention: vertices count from 0 here, from 1 in the file, backwards where negative. Worked number: in a file of four
vertices the corner ``-1/2`` is the vertex 3 with the texture vertex 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..shapes import Float64, Int


@dataclass(frozen=True, eq=False)
class ObjFile:
    """What an OBJ file holds.

    Attributes:
        numbers: (V, C) what stands behind each ``v``, as many as all vertices have: place, and colour if 6 or more.
        uvs: (U, 2) texture coordinates.
        corners: (K, 2) vertex and texture vertex of all faces' corners one after the other; -1 for no texture vertex.
        sizes: (F,) corners of each face.
        groups: name of the group that each face belongs to.
    """

    numbers: Float64[np.ndarray, "V C"]
    uvs: Float64[np.ndarray, "U 2"]
    corners: Int[np.ndarray, "K 2"]
    sizes: Int[np.ndarray, " F"]
    groups: tuple[str, ...]

    def fan(self) -> Int[np.ndarray, "T 3"]:
        """Faces cut into triangles (T, 3) of rows of `corners`, about each face's first corner."""
        first = np.cumsum(self.sizes) - self.sizes
        owner = np.repeat(np.arange(len(self.sizes)), np.maximum(self.sizes - 2, 0))
        start = np.cumsum(np.maximum(self.sizes - 2, 0)) - np.maximum(self.sizes - 2, 0)
        step = np.arange(len(owner)) - start[owner]
        return np.stack([first[owner], first[owner] + step + 1, first[owner] + step + 2], axis=1)


def read_obj(lines: Iterable[str]) -> ObjFile:
    """Read an OBJ file's lines.

    Raises:
        ValueError: a number is none.
    """
    places: list[list[str]] = []
    marks: list[list[str]] = []
    corners: list[tuple[int, int]] = []
    sizes: list[int] = []
    groups: list[str] = []
    group = ""
    for line in lines:
        kind, *words = line.split() or [""]
        if kind == "v":
            places.append(words)
        elif kind == "vt":
            marks.append(words[:2])
        elif kind == "g":
            group = words[0] if words else ""
        elif kind == "f":
            sizes.append(len(words))
            groups.append(group)
            corners += [_corner(word, len(places), len(marks)) for word in words]
    columns = min(map(len, places), default=3)
    return ObjFile(
        np.array([place[:columns] for place in places], np.float64).reshape(len(places), columns),
        np.array(marks, np.float64).reshape(len(marks), 2),
        np.array(corners, np.int64).reshape(len(corners), 2),
        np.array(sizes, np.int64),
        tuple(groups),
    )


def _corner(word: str, places: int, marks: int) -> tuple[int, int]:
    """Vertex and texture vertex of a face's corner, counted from 0, the latter -1 if none; negatives count back."""
    parts = word.split("/")
    vertex = int(parts[0])
    mark = int(parts[1]) if len(parts) > 1 and parts[1] else 0
    return (vertex - 1 if vertex > 0 else places + vertex), (mark + marks if mark < 0 else mark - 1)
