"""3DDFA_V2 (Guo et al., ECCV 2020): a Basel face in the photo's pixels, y turned up by its own program."""

from __future__ import annotations

from pathlib import Path

from ..method_mesh import Adapter, MethodMesh, first_file, marks_beside, mesh_of


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh; its program writes no landmarks, a file of them beside it is used.

    Raises:
        SettingsError: a file cannot be read.
    """
    path = first_file(folder, [f"{stem}_obj.obj", f"{stem}_ply.ply", f"{stem}.obj", f"{stem}.ply"])
    if path is None:
        return None
    vertices, triangles = mesh_of(path)
    return MethodMesh(vertices, triangles, marks_beside(path.parent, [f"{path.stem}_landmarks", f"{stem}_landmarks"]))


ADAPTER = Adapter(
    "3DDFA_V2",
    "NAME_obj.obj, as demo.py -o obj writes it (_ply.ply with -o ply)",
    "Guo et al., Towards Fast, Accurate and Stable 3D Dense Face Alignment, ECCV 2020",
    read,
)
