"""What an adapter makes of a method's files: an upright mesh, its landmarks and its unit.

Convention: Y up, the face towards +Z, whatever unit and place. Worked number: a mesh in the photo's pixels with y down
and z away from the viewer is turned about X by 180 degrees, so that (1, 2, 3) becomes (1, -2, -3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import SettingsError
from ...filenames import is_folder
from ...shapes import Float, Int
from ..landmark_files import read_landmarks
from ..mesh_files import read_mesh

SUFFIXES: Final = (".obj", ".ply", ".glb", ".npz", ".stl", ".off")
MARKS: Final = (".txt", ".npy", ".json", ".pp")
_LARGEST_OBJ: Final = 1 << 30
"""Bytes of the largest OBJ whose vertices are read as they stand: 1 GiB. Chosen by hand."""
DOWN: Final = np.diag([1.0, -1.0, -1.0])
"""Turns an upside-down mesh that looks away (a camera with y down and z ahead) upright."""


@dataclass(frozen=True, eq=False)
class MethodMesh:
    """One method's answer to one photo.

    Attributes:
        vertices: (V, 3) float64, upright, any unit.
        triangles: (T, 3).
        landmarks: (7 or 51 or 68, 3), in the vertices' frame, or None.
        seven: (7, 3) NoW's landmarks where the topology tells them exactly, or None.
        metres: of one unit; None where the method knows no size (pixels).
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    landmarks: Float[np.ndarray, "L 3"] | None = None
    seven: Float[np.ndarray, "7 3"] | None = None
    metres: float | None = None


@dataclass(frozen=True)
class Adapter:
    """How one method's files are read.

    Attributes:
        title: the method's name as people write it.
        layout: what it writes for a photo NAME, for messages and documentation.
        source: who published it, and where its program says what it writes.
        read: folder, the photo's stem and the photo to a mesh; None where there is no result.
    """

    title: str
    layout: str
    source: str
    read: Callable[[Path, str, Path], MethodMesh | None]


def first_file(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of some files (paths below a folder) that is there."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def with_suffixes(stems: Sequence[str], suffixes: Sequence[str] = SUFFIXES) -> list[str]:
    """Every stem with every suffix, in this order."""
    return [stem + suffix for stem in stems for suffix in suffixes]


def marks_beside(folder: Path, stems: Sequence[str]) -> Float[np.ndarray, "L 3"] | None:
    """Landmarks of a file beside a mesh; None where there is none.

    Raises:
        SettingsError: it cannot be read.
    """
    path = first_file(folder, with_suffixes(stems, MARKS))
    return None if path is None else read_landmarks(path)


def raw_vertices(path: Path) -> Float[np.ndarray, "V 3"]:
    """Vertices in the file's own order, as a topology numbers them: `read_mesh` merges those split at seams.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        if path.suffix.lower() != ".obj" or path.stat().st_size > _LARGEST_OBJ:
            return read_mesh(path)[0]
        with path.open(encoding="utf-8", errors="replace") as lines:
            rows = [_numbers(line) for line in lines if line.startswith("v ")]
        return np.array(rows, np.float64).reshape(-1, 3)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} cannot be read as a mesh ({error}); export it again.") from error


def _numbers(line: str) -> list[float]:
    return [float(word) for word in line.split()[1:4]]


def mesh_of(path: Path) -> tuple[Float[np.ndarray, "V 3"], Int[np.ndarray, "T 3"]]:
    """Vertices and triangles of a file.

    Raises:
        SettingsError: it cannot be read, or is a point cloud.
    """
    vertices, triangles = read_mesh(path)
    if len(triangles) == 0:
        raise SettingsError(f"{path.name} holds points without faces; give the method's mesh.")
    return vertices, triangles.astype(np.int64)


def photos_of(folder: Path) -> Iterator[Path]:
    """Photos of a folder, by name."""
    kinds = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
    if is_folder(folder):
        yield from sorted(p for p in folder.iterdir() if p.suffix.lower() in kinds and p.is_file())
