"""A head in the scene as a file for an engine: FBX and glTF by Blender's exporters, VRM on top of the latter.

Settings of the exporters, each for a reason: morph targets do not survive applied modifiers, so none is applied; leaf
bones are bones that the head does not have; packed textures are lost by FBX unless embedded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Final

import bpy

from ..animate.lookup import FoundHead
from ..build.names import SMOOTH, HairForm
from ..build.provenance import read_provenance
from ..core import EnginePreset, VrmMeta, add_vrm_to_file, add_zeros_to_file, errors
from ..lods.lookup import lod_objects
from .prepared import hair_form, prepared

_SCALES: Final = {"unity": "FBX_SCALE_UNITS", "unreal": "FBX_SCALE_NONE"}
"""How FBX tells its unit: Unity reads the file's unit and keeps a scale of 1, Unreal expects centimetres."""
_HAIR: Final = {HairForm.CARDS: "the cards", HairForm.SHELL: "the shell", HairForm.NONE: "not in the file"}
_UNREAL_ARMATURE: Final = "Armature"
"""An object of this name is no bone to Unreal's importer; any other becomes one above the root."""


def export_head(
    head: FoundHead, preset: EnginePreset, path: Path, author: str = "", *, lods: bool = False
) -> list[str]:
    """Write a head as a preset says; returns sentences on what was lost. The scene stays as it is.

    Args:
        head: the head.
        preset: how it is written.
        path: the file.
        author: of an avatar.
        lods: with the levels of detail that the head has, in the same file or in files of their own beside it.

    Raises:
        SettingsError: the head has been changed so that it makes no avatar.
        OutputError: the file cannot be written.
    """
    for _ in export_steps(head, preset, path, author, lods=lods):
        pass
    return losses_in_scene(head, preset)


def export_steps(
    head: FoundHead, preset: EnginePreset, path: Path, author: str = "", *, lods: bool = False
) -> Generator[float, None, None]:
    """Write a head as `export_head` does, a file a step; closed before its end it leaves nothing.

    Yields:
        The share that is done, 0..1; between two steps the scene is as it was.

    Raises:
        SettingsError: the head has been changed so that it makes no avatar.
        OutputError: the file cannot be written.
    """
    animated = is_animated(head)
    try:
        with tempfile.TemporaryDirectory(prefix=".seif-", dir=path.parent) as folder:
            made: list[Path] = []
            files = level_files(head, preset, path, lods=lods)
            for target, levels in files.items():
                made.append(Path(folder) / target.name)
                with prepared(head, preset, levels):
                    if preset.suffix == ".fbx":
                        _write_fbx(head, preset, made[-1], animated=animated)
                    else:
                        _write_glb(preset, made[-1], animated=animated)
                yield len(made) / len(files)
            if preset.suffix == ".vrm":
                add_vrm_to_file(made[0], _meta(head, author))
            for file in made:
                file.replace(path.with_name(file.name))
    except (RuntimeError, OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error).removeprefix("Error: ")
        raise errors.OutputError(
            f"{path.name} cannot be written ({' '.join(words.split()).rstrip('.')}); choose another folder."
        ) from error


def level_files(head: FoundHead, preset: EnginePreset, path: Path, *, lods: bool) -> dict[Path, list[int]]:
    """The files that an export writes, each with the levels of detail in it; 0 is the full head."""
    levels = [0, *lod_objects(head)] if lods and preset.suffix != ".vrm" else [0]
    if preset.lod_meshes:
        return {path: levels}
    return {path.with_stem(f"{path.stem}_LOD{level}") if level else path: [level] for level in levels}


def is_animated(head: FoundHead) -> bool:
    """Whether rig or keys have an action."""
    blocks = (head.rig, head.mesh.data.shape_keys)
    return any(b is not None and b.animation_data is not None and b.animation_data.action is not None for b in blocks)


def losses_in_scene(head: FoundHead, preset: EnginePreset) -> list[str]:
    """Sentences on what of a head in the scene a file does not carry."""
    found, keys = [], head.mesh.data.shape_keys
    driven = 0
    if keys is not None and keys.animation_data is not None:
        driven = len([curve for curve in keys.animation_data.drivers if curve.data_path.endswith(".value")])
    if driven:
        found.append(
            f"{driven} shape keys move by themselves in Blender (corrections of poses and of pairs of keys, "
            "the photo's expression); in the file they are keys like any other, which nothing moves."
        )
    modifiers = [m.name for m in head.mesh.modifiers if m.type != "ARMATURE" and m.name != SMOOTH]
    if modifiers:
        found.append(f"Modifiers are left out, for keys do not survive them: {', '.join(modifiers)}.")
    constraints = {c.name for bone in head.rig.pose.bones for c in bone.constraints}
    if constraints:
        found.append(f"Constraints of bones are left out: {', '.join(sorted(constraints))}.")
    if any(ob.type == "CURVES" for ob in (*head.rig.children, *head.mesh.children)):
        found.append(f"Strands are left out; hair is {_HAIR[hair_form(head, preset)]}.")
    if is_animated(head) and preset.suffix == ".vrm":
        found.append("The animation is left out: VRM avatars have none.")
    return found


def _write_fbx(head: FoundHead, preset: EnginePreset, path: Path, *, animated: bool) -> None:
    name = head.rig.name
    rename = preset.name == "unreal" and _UNREAL_ARMATURE not in bpy.data.objects
    try:
        if rename:
            head.rig.name = _UNREAL_ARMATURE
        bpy.ops.export_scene.fbx(
            filepath=str(path),
            check_existing=False,
            use_selection=True,
            object_types={"ARMATURE", "MESH"},
            use_mesh_modifiers=False,
            mesh_smooth_type="FACE",
            use_tspace=True,
            add_leaf_bones=False,
            use_armature_deform_only=True,
            apply_scale_options=_SCALES.get(preset.name, "FBX_SCALE_UNITS"),
            bake_anim=animated,
            path_mode="COPY",
            embed_textures=True,
        )
    finally:
        if rename:
            head.rig.name = name
    from .shape_normals import mend_shape_normals  # with numpy, which Blender's FBX exporter needs too

    mend_shape_normals(path)


def _write_glb(preset: EnginePreset, path: Path, *, animated: bool) -> None:
    target = path.with_suffix(".glb")
    bpy.ops.export_scene.gltf(
        filepath=str(target),
        check_existing=False,
        export_format="GLB",
        use_selection=True,
        export_apply=False,
        export_morph=True,
        export_morph_normal=True,
        export_skins=True,
        export_def_bones=True,
        export_influence_nb=4,
        export_rest_position_armature=True,
        export_image_format="JPEG" if preset.texture_format == "jpeg" else "AUTO",
        export_animations=animated and preset.suffix != ".vrm",
    )
    add_zeros_to_file(target)
    if target != path:
        target.replace(path)


def _meta(head: FoundHead, author: str) -> VrmMeta:
    origin = read_provenance(head.rig)
    words = "" if origin is None else f"Head model: {origin.model}, {origin.licence}. {origin.attribution}"
    references = () if origin is None else (origin.photo,)
    return VrmMeta(head.mesh.name, (author or "The author of the photo's head (not named)",), words, "", references)
