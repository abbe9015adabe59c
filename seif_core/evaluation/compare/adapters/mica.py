"""MICA (Zielonka et al., ECCV 2022): FLAME's mesh at rest, millimetres."""

from __future__ import annotations

from pathlib import Path

from ..flame_topology import flame_mesh
from ..method_mesh import Adapter, MethodMesh, first_file, marks_beside


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh, with the 68 landmarks that the program writes beside it.

    Raises:
        SettingsError: a file cannot be read.
    """
    path = first_file(folder, [f"{stem}/mesh.obj", f"{stem}/mesh.ply", f"{stem}.obj", f"{stem}.ply"])
    return None if path is None else flame_mesh(path, marks_beside(path.parent, ["kpt68"]))


ADAPTER = Adapter(
    "MICA",
    "NAME/mesh.obj or mesh.ply, and NAME/kpt68.npy, as demo.py writes them",
    "Zielonka et al., Towards Metrical Reconstruction of Human Faces, ECCV 2022",
    read,
)
