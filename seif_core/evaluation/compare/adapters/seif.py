"""This project: NAME/head.npz as `seif reconstruct` writes it, the neutral head."""

from __future__ import annotations

from pathlib import Path

from ...scan_files import read_surface
from ..method_mesh import Adapter, MethodMesh, first_file


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The outer surface of the neutral head.

    Raises:
        HeadFormatError: it is damaged.
    """
    path = first_file(folder, [f"{stem}/head.npz", f"{stem}.npz"])
    if path is None:
        return None
    found = read_surface(path)
    return MethodMesh(found.vertices, found.triangles, found.landmarks, metres=found.metres_per_unit)


ADAPTER = Adapter("SeIF", "NAME/head.npz, as `seif reconstruct --out` writes it", "this project", read)
