"""What each game engine wants of a head: one table of presets.

Sources: Unity, "Importing blend shapes", "Importing LOD meshes" and "Humanoid avatar mapping"
(https://docs.unity3d.com/Manual/); Epic, "FBX skeletal mesh pipeline" and "Live Link Face"
(https://dev.epicgames.com/documentation/); Godot, SkeletonProfileHumanoid
(https://docs.godotengine.org/en/stable/classes/class_skeletonprofilehumanoid.html); three.js, `PropertyBinding`, which
drops dots from names; VRM Consortium, VRMC_vrm-1.0 (https://github.com/vrm-c/vrm-specification).

Convention: the head's root joint sits at the base of the neck and its neck joint under the skull, so humanoid rigs call
them neck and head. Worked example: the joint ``neck`` of `head.Head` is the bone ``Head`` in Unity and Godot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import SettingsError

BLENDER_BONES: Final = ("root", "neck", "jaw", "eye.L", "eye.R")
HUMANOID_BONES: Final = ("Neck", "Head", "Jaw", "LeftEye", "RightEye")
"""As Unity's humanoid avatar and Godot's humanoid profile know them by themselves."""
UNREAL_BONES: Final = ("neck_01", "head", "jaw", "eye_l", "eye_r")
"""Neck and head as in Epic's mannequin, sides as it writes them; it has no jaw and no eyes."""
PLAIN_BONES: Final = ("root", "neck", "jaw", "eye_L", "eye_R")
"""Without dots, which three.js takes out of names."""
VRM_BONES: Final = ("neck", "head", "jaw", "leftEye", "rightEye")

GLTF_AXES: Final = "Y up, the face towards +Z"
FBX_AXES: Final = "Y up in the file, the face towards +Z; the importer turns it"


@dataclass(frozen=True)
class EnginePreset:
    """How a head is written for one engine.

    Attributes:
        name: on the command line.
        title: in the panel.
        suffix: of the file: ``.glb``, ``.vrm`` or ``.fbx``.
        axes: sentence on axes as the engine finds them in the file.
        scale: sentence on the unit.
        bones: names of root, neck, jaw, left eye and right eye.
        expressions: expression sets, in the words of `expression_choice.parse_choice`.
        spelling: of the ARKit keys.
        hair: ``shell``, ``cards`` (the shell where the layer has none) or ``none``.
        texture_format: ``jpeg`` or ``png``.
        texture_size: pixels of the longer side at most; 0 for the head's own.
        told: sentence on what to do in the engine.
        lod_meshes: levels of detail are meshes of one file, named ``_LOD0`` and so on, instead of files of their own.
    """

    name: str
    title: str
    suffix: str
    axes: str
    scale: str
    bones: tuple[str, str, str, str, str]
    expressions: str
    spelling: str
    hair: str
    texture_format: str
    texture_size: int
    told: str
    lod_meshes: bool = False

    def stem(self, head: str = "head") -> str:
        """Name of its files without a suffix; no two presets' files of a head meet in one folder.

        Args:
            head: what the head is called.
        """
        return f"{head}_{self.name}"


PRESETS: Final[dict[str, EnginePreset]] = {
    preset.name: preset
    for preset in (
        EnginePreset(
            "generic", "Generic (glTF)", ".glb", GLTF_AXES, "metres", BLENDER_BONES,
            "arkit", "apple", "shell", "png", 0,
            "Bones and keys have Blender's and Apple's names; the texture is lossless.",
        ),
        EnginePreset(
            "unity", "Unity (FBX)", ".fbx", FBX_AXES, "centimetres, with the unit in the file", HUMANOID_BONES,
            "arkit", "apple", "cards", "png", 0,
            "In the import settings choose Blend Shape Normals: Import, and extract the textures.",
            lod_meshes=True,
        ),
        EnginePreset(
            "unreal", "Unreal Engine (FBX)", ".fbx", FBX_AXES, "centimetres, with the unit in the file", UNREAL_BONES,
            "arkit", "livelink", "cards", "png", 0,
            "Import as a skeletal mesh with Import Morph Targets; the keys have Live Link's names.",
        ),
        EnginePreset(
            "godot", "Godot (glTF)", ".glb", GLTF_AXES, "metres", HUMANOID_BONES,
            "arkit", "apple", "cards", "png", 0,
            "In the import dialog assign SkeletonProfileHumanoid; the bones have its names.",
        ),
        EnginePreset(
            "web", "Web, three.js (glTF)", ".glb", GLTF_AXES, "metres", PLAIN_BONES,
            "arkit", "apple", "shell", "jpeg", 1024,
            "Load it with GLTFLoader; mesh.morphTargetDictionary holds the keys.",
        ),
        EnginePreset(
            "vrm", "VRM 1.0", ".vrm", GLTF_AXES, "metres", VRM_BONES,
            "arkit,vrm", "apple", "shell", "jpeg", 2048,
            "VRM wants a whole body: the bones below the neck are stubs without a mesh.",
        ),
    )
}  # fmt: skip
"""Name -> preset."""


def preset_named(name: str) -> EnginePreset:
    """The preset of a name.

    Raises:
        SettingsError: there is none of that name.
    """
    if name not in PRESETS:
        raise SettingsError(f"There is no preset '{name}'; choose one of: {', '.join(PRESETS)}.")
    return PRESETS[name]
