"""What a reader of scans says of one scan, before anything of it is opened.

Convention: a record's points are in the coordinates and the unit of its mesh file; `upright` turns them so that Y is up
and the face looks towards +Z. Worked number: FaceVerse's files have Y down and the face towards -Z, so `upright`
carries (1, -2, -3) to (1, 2, 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ....errors import SettingsError
from ....geometry.alignment import Similarity
from ....shapes import Float

MESHES: Final = (".obj", ".ply", ".stl", ".off", ".glb", ".npz")
"""Suffixes of the mesh files that are read."""

PICTURES: Final = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
"""Suffixes of texture files, best known first."""


class ScanDatasetError(SettingsError):
    """A folder of scans is not laid out as its data set is, or a file in it cannot be used."""

    code = "scan-dataset"


@dataclass(frozen=True, eq=False)
class ScanLandmarks:
    """Landmarks of a scan: points, or vertices of the mesh.

    Attributes:
        ibug: L indices into the 68 iBUG landmarks.
        points: (L, 3) float64, in the file's unit and axes; None where `vertices` tell them.
        vertices: L vertices, counted from 0 as the mesh file orders them; empty where `points` tell them.
        vertex_count: vertices of the topology that `vertices` belong to; None for any.
    """

    ibug: tuple[int, ...]
    points: Float[np.ndarray, "L 3"] | None = None
    vertices: tuple[int, ...] = ()
    vertex_count: int | None = None

    def on(self, mesh: Float[np.ndarray, "V 3"]) -> Float[np.ndarray, "L 3"] | None:
        """The landmarks (L, 3) on a mesh's vertices (V, 3) in file order; None where they belong to another mesh."""
        if self.points is not None:
            return self.points
        other = self.vertex_count is not None and self.vertex_count != len(mesh)
        if other or not self.vertices or max(self.vertices) >= len(mesh) or min(self.vertices) < 0:
            return None
        return mesh[list(self.vertices)]


@dataclass(frozen=True, eq=False)
class ScanRecord:
    """One scan of a data set.

    Attributes:
        name: its name, one of a kind in the data set, fit for a file name.
        dataset: short name of the data set, a key of `READERS`.
        mesh_path: the mesh.
        unit: `m`, `cm` or `mm`; None where the data set tells none: it is guessed, and the scale is fitted.
        upright: from the file's coordinates to Y up and the face towards +Z, still in the file's unit.
        landmarks: where the data set has some, else None.
        texture_path: picture that the mesh's texture coordinates refer to, sRGB, or None.
        identity: who it is, as the data set numbers its people.
        expression: as the data set names it, `neutral` where it has no other, empty where it does not say.
        licence: the terms that the data set comes with.
    """

    name: str
    dataset: str
    mesh_path: Path
    unit: str | None
    identity: str
    expression: str
    licence: str
    upright: Similarity = field(default_factory=Similarity)
    landmarks: ScanLandmarks | None = None
    texture_path: Path | None = None


def subfolders(folder: Path, pattern: str = ".+") -> Iterator[Path]:
    """The folders in a folder whose names match a whole pattern, numbers in the order of their values."""
    if not folder.is_dir():
        return
    found = [path for path in folder.iterdir() if path.is_dir() and re.fullmatch(pattern, path.name)]
    yield from sorted(found, key=_natural)


def files(folder: Path, suffixes: Sequence[str], pattern: str = ".+") -> list[Path]:
    """The files in a folder with one of the suffixes whose stems match a whole pattern, in natural order."""
    if not folder.is_dir():
        return []
    found = [p for p in folder.iterdir() if p.suffix.lower() in suffixes and re.fullmatch(pattern, p.stem)]
    return sorted((p for p in found if p.is_file()), key=_natural)


def picture_beside(mesh: Path, stem: str | None = None) -> Path | None:
    """The picture in the mesh's folder with its stem (or the one given), or None."""
    for suffix in PICTURES:
        for spelled in (suffix, suffix.upper()):
            path = mesh.with_name((stem or mesh.stem) + spelled)
            if path.is_file():
                return path
    return None


def _natural(path: Path) -> tuple[tuple[int, str], ...]:
    parts = re.split(r"(\d+)", path.name)
    return tuple((int(part), part) if part.isdigit() else (0, part) for part in parts)
