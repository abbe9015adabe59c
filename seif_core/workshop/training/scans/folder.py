"""A plain folder of scans of your own.

Layout: mesh files (OBJ, PLY, STL, OFF, GLB, NPZ) in a folder and the folders in it. Beside a mesh may lie, with its
stem: a texture (JPG, PNG, BMP, TIFF, WebP) and landmarks `<stem>.landmarks.pp`, `.npy`, `.json` or `.txt`, or MeshLab's
`<stem>_picked_points.pp`: 7 (NoW's), 51 or 68 (iBUG) points in the mesh's unit. The first line of `licence.txt` at the
top is taken for the licence. A person is a folder, or a file at the top.

Units: guessed from the size, unless the caller tells them. Axes: any; upright, the face towards +Z, is tried first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ....evaluation.scan import NOW_LANDMARKS
from ....evaluation.scan_files import read_landmarks
from .records import MESHES, ScanDatasetError, ScanLandmarks, ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "any folder with mesh files (" + ", ".join(s[1:].upper() for s in MESHES) + ")"
LICENCE: Final = "not stated"
FIRST: Final = 17
"""Landmarks of the jaw line lie below this iBUG index and are left out."""

_SUFFIXES: Final = (".landmarks.pp", ".landmarks.npy", ".landmarks.json", ".landmarks.txt", "_picked_points.pp", ".pp")


def recognises(root: Path) -> bool:
    """Whether a folder holds mesh files, at most two folders deep."""
    return next(_meshes(root), None) is not None


def read(root: Path) -> Iterator[ScanRecord]:
    """The folder's meshes.

    Raises:
        ScanDatasetError: landmarks of a number that has no known order.
    """
    licence = _licence(root)
    for mesh in _meshes(root):
        parts = mesh.relative_to(root).with_suffix("").parts
        identity = parts[0] if len(parts) > 1 else mesh.stem
        picture = picture_beside(mesh)
        yield ScanRecord(
            "_".join(parts),
            "folder",
            mesh,
            None,
            identity,
            "",
            licence,
            landmarks=_landmarks(mesh),
            texture_path=picture,
        )


def _meshes(root: Path) -> Iterator[Path]:
    for folder in (root, *subfolders(root)):
        yield from files(folder, MESHES)
        if folder != root:
            for inner in subfolders(folder):
                yield from files(inner, MESHES)


def _landmarks(mesh: Path) -> ScanLandmarks | None:
    path = next((p for p in (mesh.with_name(mesh.stem + s) for s in _SUFFIXES) if p.is_file()), None)
    if path is None:
        return None
    points = read_landmarks(path)
    if len(points) == len(NOW_LANDMARKS):
        return ScanLandmarks(NOW_LANDMARKS, points)
    if len(points) in {51, 68}:
        return ScanLandmarks(tuple(range(FIRST, 68)), points[len(points) - 51 :])
    raise ScanDatasetError(
        f"{path.name} holds {len(points)} landmarks; give 7 (eye corners from the subject's right to left, nose base, "
        "right and left mouth corner), 51 or 68 (iBUG)."
    )


def _licence(root: Path) -> str:
    path = root / "licence.txt"
    if not path.is_file():
        return LICENCE
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[0].strip() if lines else LICENCE
