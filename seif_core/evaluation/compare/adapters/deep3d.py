"""Deep3D (Deng et al., CVPRW 2019): a Basel face in its camera's world, y up, z to the viewer, decimetres."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..method_mesh import Adapter, MethodMesh, first_file, marks_beside, mesh_of

_METRES: Final = 0.1
"""Of one unit: the program scales the Basel model's micrometres so that a face is about 2 high."""


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The mesh; the `lm68` of its .mat are pixels and are of no use here.

    Raises:
        SettingsError: a file cannot be read.
    """
    path = first_file(folder, [f"{stem}.obj", f"{stem}_mesh.obj", f"{stem}/{stem}.obj"])
    if path is None:
        return None
    vertices, triangles = mesh_of(path)
    return MethodMesh(vertices, triangles, marks_beside(path.parent, [f"{stem}_landmarks"]), metres=_METRES)


ADAPTER = Adapter(
    "Deep3D",
    "NAME.obj, as test.py of Deep3DFaceRecon_pytorch writes it (NAME_mesh.obj of the first version)",
    "Deng et al., Accurate 3D Face Reconstruction with Weakly-Supervised Learning, CVPRW 2019",
    read,
)
