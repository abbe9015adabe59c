"""DECA (Feng et al., SIGGRAPH 2021): FLAME's mesh in the photo's pose, metres."""

from __future__ import annotations

from pathlib import Path

from ..flame_topology import flame_mesh
from ..method_mesh import Adapter, MethodMesh, first_file


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The coarse mesh, which has the topology that everything else is told by.

    Raises:
        SettingsError: it cannot be read.
    """
    path = first_file(folder, [f"{stem}/{stem}.obj", f"{stem}.obj"])
    return None if path is None else flame_mesh(path)


ADAPTER = Adapter(
    "DECA",
    "NAME/NAME.obj, as demos/demo_reconstruct.py --saveObj True writes it",
    "Feng et al., Learning an Animatable Detailed 3D Face Model from In-The-Wild Images, ACM TOG 2021",
    read,
)
