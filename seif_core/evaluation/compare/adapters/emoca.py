"""EMOCA (Danecek et al., CVPR 2022): FLAME's mesh in the photo's pose, metres."""

from __future__ import annotations

from pathlib import Path

from ..flame_topology import flame_mesh
from ..method_mesh import Adapter, MethodMesh, first_file


def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
    """The coarse mesh of the first face that it found.

    Raises:
        SettingsError: it cannot be read.
    """
    names = [f"{stem}{number}/mesh_coarse.obj" for number in ("00", "_000", "")]
    path = first_file(folder, [*names, f"{stem}.obj"])
    return None if path is None else flame_mesh(path)


ADAPTER = Adapter(
    "EMOCA",
    "NAME00/mesh_coarse.obj, as test_emoca_on_images.py --save_mesh True writes it",
    "Danecek et al., EMOCA: Emotion Driven Monocular Face Capture and Animation, CVPR 2022",
    read,
)
