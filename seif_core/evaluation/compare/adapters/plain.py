"""Any other method: a mesh named after the photo, its landmarks beside it where it has some."""

from __future__ import annotations

from pathlib import Path

from ..method_mesh import MARKS, Adapter, MethodMesh, first_file, marks_beside, mesh_of, with_suffixes


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh; 68, 51 or seven landmarks as NAME.landmarks.txt (.npy, .json, .pp).

    Raises:
        SettingsError: a file cannot be read.
    """
    path = first_file(folder, with_suffixes([stem, f"{stem}/{stem}", f"{stem}/mesh"]))
    if path is None:
        return None
    vertices, triangles = mesh_of(path)
    return MethodMesh(vertices, triangles, marks_beside(path.parent, [f"{path.stem}.landmarks"]))


ADAPTER = Adapter(
    "any other",
    f"NAME.obj (.ply, .glb, .npz, .stl, .off), and NAME.landmarks{MARKS[0]} where there are landmarks",
    "",
    read,
)
