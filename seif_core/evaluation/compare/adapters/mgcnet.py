"""MGCNet (Shang et al., ECCV 2020): a Basel face, PLY or OBJ."""

from __future__ import annotations

from pathlib import Path

from ..method_mesh import Adapter, MethodMesh, first_file, marks_beside, mesh_of


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh; where it lies upside down is found out by its face.

    Raises:
        SettingsError: a file cannot be read.
    """
    path = first_file(folder, [f"{stem}.ply", f"{stem}.obj", f"{stem}/{stem}.ply"])
    if path is None:
        return None
    vertices, triangles = mesh_of(path)
    return MethodMesh(vertices, triangles, marks_beside(path.parent, [f"{stem}_landmarks"]))


ADAPTER = Adapter(
    "MGCNet",
    "NAME.ply, as test_image.py writes it",
    "Shang et al., Self-Supervised Monocular 3D Face Reconstruction by Occlusion-Aware Multi-view Geometry "
    "Consistency, ECCV 2020",
    read,
)
