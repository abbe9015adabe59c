"""Methods whose meshes need no more than to be found: a row tells where, what lies beside them and their unit.

Convention: in a file's name ``{name}`` stands for the photo's stem and ``{mesh}`` for the stem of the mesh that was
found. Worked number: with ``("{name}/{name}.obj",)`` the mesh of anna.jpg is anna/anna.obj.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..flame_topology import flame_mesh
from ..method_mesh import MARKS, Adapter, MethodMesh, first_file, marks_beside, mesh_of, with_suffixes


def reader(
    names: Sequence[str], marks: Sequence[str] = (), *, metres: float | None = None, flame: bool = False
) -> Callable[[Path, str, Path], MethodMesh | None]:
    """An adapter's `read`, which raises SettingsError where a file cannot be read.

    Args:
        names: of the mesh, the first that is there counts.
        marks: of the landmarks beside it, without suffix.
        metres: of one unit, where the method knows it.
        flame: whether the mesh has FLAME's topology, by which everything else is told.
    """

    def read(folder: Path, stem: str, _photo: Path) -> MethodMesh | None:
        path = first_file(folder, [name.format(name=stem) for name in names])
        if path is None:
            return None
        beside = marks_beside(path.parent, [mark.format(name=stem, mesh=path.stem) for mark in marks])
        return flame_mesh(path, beside) if flame else MethodMesh(*mesh_of(path), beside, metres=metres)

    return read


TDDFA_V2: Final = Adapter(
    "3DDFA_V2",
    "NAME_obj.obj, as demo.py -o obj writes it (_ply.ply with -o ply)",
    "Guo et al., Towards Fast, Accurate and Stable 3D Dense Face Alignment, ECCV 2020",
    reader(["{name}_obj.obj", "{name}_ply.ply", "{name}.obj", "{name}.ply"], ["{mesh}_landmarks", "{name}_landmarks"]),
)
"""A Basel face in the photo's pixels, y turned up by its own program."""

MGCNET: Final = Adapter(
    "MGCNet",
    "NAME.ply, as test_image.py writes it",
    "Shang et al., Self-Supervised Monocular 3D Face Reconstruction by Occlusion-Aware Multi-view Geometry "
    "Consistency, ECCV 2020",
    reader(["{name}.ply", "{name}.obj", "{name}/{name}.ply"], ["{name}_landmarks"]),
)
"""A Basel face; where it lies upside down is found out by its face."""

DEEP3D: Final = Adapter(
    "Deep3D",
    "NAME.obj, as test.py of Deep3DFaceRecon_pytorch writes it (NAME_mesh.obj of the first version)",
    "Deng et al., Accurate 3D Face Reconstruction with Weakly-Supervised Learning, CVPRW 2019",
    reader(["{name}.obj", "{name}_mesh.obj", "{name}/{name}.obj"], ["{name}_landmarks"], metres=0.1),
)
"""A Basel face in its camera's world; the program scales the model's micrometres so that a face is about 2 units high.
The `lm68` of its .mat are pixels and are of no use here."""

HIFI3DFACE: Final = Adapter(
    "HiFi3DFace",
    "NAME/head.obj (or face.obj, mesh.obj), or NAME.obj",
    "Bao et al., High-Fidelity 3D Digital Human Head Creation from RGB-D Selfies, ACM TOG 2021",
    reader(
        ["{name}/head.obj", "{name}/face.obj", "{name}/mesh.obj", "{name}/{name}.obj", "{name}.obj"],
        ["{mesh}_landmarks", "landmarks"],
    ),
)
"""A whole head of its own topology."""

DECA: Final = Adapter(
    "DECA",
    "NAME/NAME.obj, as demos/demo_reconstruct.py --saveObj True writes it",
    "Feng et al., Learning an Animatable Detailed 3D Face Model from In-The-Wild Images, ACM TOG 2021",
    reader(["{name}/{name}.obj", "{name}.obj"], flame=True),
)
"""The coarse mesh, in the photo's pose, metres."""

EMOCA: Final = Adapter(
    "EMOCA",
    "NAME00/mesh_coarse.obj, as test_emoca_on_images.py --save_mesh True writes it",
    "Danecek et al., EMOCA: Emotion Driven Monocular Face Capture and Animation, CVPR 2022",
    reader([*(f"{{name}}{face}/mesh_coarse.obj" for face in ("00", "_000", "")), "{name}.obj"], flame=True),
)
"""The coarse mesh of the first face that it found, in the photo's pose, metres."""

MICA: Final = Adapter(
    "MICA",
    "NAME/mesh.obj or mesh.ply, and NAME/kpt68.npy, as demo.py writes them",
    "Zielonka et al., Towards Metrical Reconstruction of Human Faces, ECCV 2022",
    reader(["{name}/mesh.obj", "{name}/mesh.ply", "{name}.obj", "{name}.ply"], ["kpt68"], flame=True),
)
"""The mesh at rest, millimetres, with the 68 landmarks that the program writes beside it."""

_PLAIN: Final = with_suffixes(["{name}", "{name}/{name}", "{name}/mesh"])

PLAIN: Final = Adapter(
    "any other",
    f"NAME.obj (.ply, .glb, .npz, .stl, .off), and NAME.landmarks{MARKS[0]} where there are landmarks",
    "",
    reader(_PLAIN, ["{mesh}.landmarks"]),
)
"""A mesh named after the photo; 68, 51 or seven landmarks as NAME.landmarks.txt (.npy, .json, .pp)."""

IN_PART: Final = Adapter(
    "ours, in part",
    "NAME.npz and NAME.landmarks.npy, as `seif compare --ours` writes them",
    "",
    reader(_PLAIN, ["{mesh}.landmarks"], metres=1.0),
)
"""What `seif compare --ours` writes beside our heads: the mean head and the fit, in metres."""
