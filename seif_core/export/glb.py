"""Writing a head as GLB (binary glTF 2.0): skin, morph targets, materials, texture, hair. See docs/format-glb.md.

Convention: glTF's axes are `seif_core`'s (metres, right-handed, Y up, the face towards +Z, +X the subject's left), so
positions are written as they are; only v is turned over, because glTF's UV origin is the top left. Worked number: the
UV (0.25, 0.9) is written as (0.25, 0.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from .. import __version__
from ..capture.performance import Performance
from ..capture.playback import Playback
from ..errors import SettingsError
from ..expression_choice import ExpressionChoice
from ..expressions.named_keys import named_keys
from ..head import Head
from ..headmodel.model import triangulate
from ..shapes import Float32
from .gltf_animation import add_animation
from .gltf_buffer import ARRAY_BUFFER, BufferBuilder
from .gltf_hair import add_hair
from .gltf_material import MATERIALS, SAMPLER, SKIN, add_image, limited, material_object
from .gltf_mesh import add_attributes
from .gltf_skin import JOINT_NODE_NAMES, add_joint_nodes, add_skin
from .hair_choice import HAIR_CHOICES, chosen_hair
from .render_vertices import normals_of_targets, smooth_normals, smooth_tangents, split_at_seams
from .vrm import VrmMeta, add_vrm

PHOTO_EXPRESSION: Final = "photoExpression"
"""Name of the morph target that turns the neutral head into the photo's expression."""


@dataclass(frozen=True)
class GlbSettings:
    """What a GLB holds.

    Attributes:
        morph_normals: write how normals change in each morph target (engines shade expressions wrongly without).
        texture_format: how the texture is embedded: ``jpeg`` (small) or ``png`` (lossless).
        jpeg_quality: 1 to 100.
        position_threshold: displacements below this many metres are left out of sparse morph targets.
        normal_threshold: changes of unit normals below this are left out of sparse morph targets.
        hair: which of the hair layer's meshes is written: ``shell``, ``cards`` (the shell where it has none) or
            ``none``.
        hair_alpha: how its transparent edges are drawn: ``mask`` (a texel is there or not, right in every engine) or
            ``blend`` (soft, but sorted wrongly by several).
        expressions: which expression sets become morph targets, and how their names are spelled.
        bones: names of root, neck, jaw, left eye and right eye.
        texture_size: pixels that the longer side of an image has at most; 0 leaves them as they are.
        vrm: what makes a VRM 1.0 avatar of it, whose bones must be `presets.VRM_BONES`; None for plain glTF.
    """

    morph_normals: bool = True
    texture_format: str = "jpeg"
    jpeg_quality: int = 95
    position_threshold: float = 1e-8
    normal_threshold: float = 1e-3
    hair: str = "shell"
    hair_alpha: str = "mask"
    expressions: ExpressionChoice = field(default_factory=ExpressionChoice)
    bones: tuple[str, ...] = JOINT_NODE_NAMES
    texture_size: int = 0
    vrm: VrmMeta | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SettingsError: unknown texture format or choice of hair, or quality outside 1..100.
        """
        if self.texture_format not in {"png", "jpeg"}:
            raise SettingsError(f"There is no texture format '{self.texture_format}'; choose one of: png, jpeg.")
        if not 1 <= self.jpeg_quality <= 100:
            raise SettingsError(f"The JPEG quality is {self.jpeg_quality}; choose a number from 1 to 100.")
        if self.hair not in HAIR_CHOICES:
            raise SettingsError(f"There is no hair '{self.hair}'; choose one of: {', '.join(HAIR_CHOICES)}.")
        if self.hair_alpha not in {"mask", "blend"}:
            raise SettingsError(f"There is no hair alpha '{self.hair_alpha}'; choose one of: mask, blend.")


def write_glb(
    head: Head, path: Path, settings: GlbSettings | None = None, played: tuple[Performance, Playback] | None = None
) -> None:
    """Write `head` as a GLB file; the same head gives the same bytes. The caller handles OSError.

    Args:
        head: the head.
        path: the file.
        settings: what it holds.
        played: a performance that becomes its animation, and how it is played; None for none.

    Raises:
        SettingsError: the head lacks an ARKit key that a chosen set needs; the performance cannot be played so.
    """
    path.write_bytes(glb_bytes(head, settings or GlbSettings(), played))


def morph_targets(head: Head, choice: ExpressionChoice) -> tuple[tuple[str, ...], Float32[np.ndarray, "M V 3"]]:
    """Names and displacements (M, V, 3), metres, of the morph targets: the chosen keys, then the photo's expression.

    Raises:
        SettingsError: the head lacks an ARKit key that a chosen set needs.
    """
    keys = list(named_keys(head, choice))
    return (*(key.name for key in keys), PHOTO_EXPRESSION), np.stack([*(key.delta for key in keys), head.photo_delta])


def glb_bytes(head: Head, settings: GlbSettings, played: tuple[Performance, Playback] | None = None) -> bytes:
    """The GLB file of `head`; see `write_glb`."""
    buffer = BufferBuilder()
    names, displacements = morph_targets(head, settings.expressions)
    triangles = triangulate(head.faces)[0]
    normals = smooth_normals(head.vertices, triangles)
    normal_changes = None
    if settings.morph_normals:
        normal_changes = normals_of_targets(head.vertices, displacements, triangles) - normals
    nodes: list[dict[str, Any]] = [{"name": head.name, "mesh": 0, "skin": 0}]
    joint_nodes = add_joint_nodes(nodes, head.joints, settings.bones)
    primitives, materials = [], []
    textures = (None if head.texture is None else 0, None if not _has_relief(head) else 1)
    for material in MATERIALS:
        own = material.worn_by(head)
        drawn = split_at_seams(head.faces[own], head.uv_faces[own])
        if len(drawn.triangles) == 0:
            continue
        leaning = _has_relief(head) and material.name == SKIN
        tangents = smooth_tangents(head, triangles, normals) if leaning else None
        primitive = add_attributes(buffer, head, normals, drawn, tangents)
        primitive["material"] = len(materials)
        primitive["targets"] = _targets(buffer, displacements, normal_changes, drawn.vertices, settings)
        primitives.append(primitive)
        materials.append(material_object(material, *textures))
    document: dict[str, Any] = {
        "asset": _asset(head),
        "scene": 0,
        "scenes": [{"name": head.name, "nodes": [0, joint_nodes[0]]}],
        "nodes": nodes,
        "meshes": [
            {
                "name": head.name,
                "primitives": primitives,
                "weights": [0.0] * len(names),
                "extras": {"targetNames": list(names)},
            }
        ],
        "skins": [{"name": "head_rig", **add_skin(buffer, head.joints, joint_nodes)}],
        "materials": materials,
    }
    if head.texture is not None:
        document["images"] = [
            add_image(
                buffer, limited(head.texture, settings.texture_size), settings.texture_format, settings.jpeg_quality
            )
        ]
        document["samplers"] = [dict(SAMPLER)]
        document["textures"] = [{"source": 0, "sampler": 0}]
    if head.texture_normals is not None and _has_relief(head):
        document["images"].append(
            add_image(buffer, limited(head.texture_normals, settings.texture_size), "png", 0, "normals")
        )
        document["textures"].append({"source": 1, "sampler": 0})
    extensions = sorted({name for material in materials for name in material.get("extensions", {})})
    if extensions:
        document["extensionsUsed"] = extensions
    if played is not None:
        add_animation(buffer, document, *played, joint_nodes)
    hair = chosen_hair(head, settings.hair)
    if hair is not None:
        hair = replace(hair, texture=limited(hair.texture, settings.texture_size))
        add_hair(buffer, document, hair, f"{head.name} Hair", settings.hair_alpha)
    if settings.vrm is not None:
        add_vrm(document, settings.vrm)
    return buffer.glb(document)


def _has_relief(head: Head) -> bool:
    """Whether there is a normal map, beside the base colour that it belongs to."""
    return head.texture is not None and head.texture_normals is not None


def _targets(
    buffer: BufferBuilder,
    displacements: Float32[np.ndarray, "M V 3"],
    normal_changes: Float32[np.ndarray, "M V 3"] | None,
    vertices: np.ndarray,
    settings: GlbSettings,
) -> list[dict[str, int]]:
    """Morph targets of a primitive; targets that leave the part alone share one accessor of zeros."""
    zeros: list[int] = []

    def add(array: Float32[np.ndarray, "N 3"], threshold: float, *, bounds: bool) -> int:
        if (np.abs(array) > threshold).any():
            return buffer.add_displacements(array, threshold, bounds=bounds)
        if not zeros:
            zeros.append(buffer.add_accessor(np.zeros_like(array), ARRAY_BUFFER, bounds=True))
        return zeros[0]

    targets = []
    for index in range(len(displacements)):
        target = {"POSITION": add(displacements[index, vertices], settings.position_threshold, bounds=True)}
        if normal_changes is not None:
            target["NORMAL"] = add(normal_changes[index, vertices], settings.normal_threshold, bounds=False)
        targets.append(target)
    return targets


def _asset(head: Head) -> dict[str, Any]:
    return {
        "version": "2.0",
        "generator": f"SeIF for Blender {__version__}",
        "copyright": f"Head model: {head.model_title}, {head.model_licence}. {head.attribution}",
        "extras": {
            "model": head.model_title,
            "licence": head.model_licence,
            "attribution": head.attribution,
            "photo": head.photo_name,
            "photo_sha256": head.photo_sha256,
        },
    }
