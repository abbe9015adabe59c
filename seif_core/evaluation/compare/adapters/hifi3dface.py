"""HiFi3DFace (Bao et al., ACM TOG 2021): a whole head of its own topology, OBJ."""

from __future__ import annotations

from pathlib import Path

from ..method_mesh import Adapter, MethodMesh, first_file, marks_beside, mesh_of


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh of a photo's folder of results.

    Raises:
        SettingsError: a file cannot be read.
    """
    names = [f"{stem}/{name}.obj" for name in ("head", "face", "mesh", stem)]
    path = first_file(folder, [*names, f"{stem}.obj"])
    if path is None:
        return None
    vertices, triangles = mesh_of(path)
    return MethodMesh(vertices, triangles, marks_beside(path.parent, [f"{path.stem}_landmarks", "landmarks"]))


ADAPTER = Adapter(
    "HiFi3DFace",
    "NAME/head.obj (or face.obj, mesh.obj), or NAME.obj",
    "Bao et al., High-Fidelity 3D Digital Human Head Creation from RGB-D Selfies, ACM TOG 2021",
    read,
)
