"""A head written for an engine by a preset, and the list of names beside it.

The list, ``head_unity.json`` and so on, says what a program or a person needs to know of the file: keys with their
Apple names, bones with their joints, materials, texture, hair, axes, licence, and what was lost. See docs/export.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from .. import __version__
from ..expression_choice import ExpressionChoice
from ..expressions.named_keys import named_keys
from ..expressions.spelling import canonical
from ..head import Head
from ..headmodel.model import triangulate
from ..headmodel.topology import JOINT_NAMES, JOINT_PARENTS
from .glb import PHOTO_EXPRESSION, GlbSettings, write_glb
from .gltf_material import MATERIALS
from .hair_choice import chosen_hair
from .losses import losses_of
from .presets import EnginePreset
from .vrm import VrmMeta

NO_AUTHOR: Final = "The author of the photo's head (not named)"
"""VRM wants an author; who gives none gets this."""


def write_for_engine(
    head: Head,
    folder: Path,
    preset: EnginePreset,
    choice: ExpressionChoice,
    *,
    author: str = "",
    lods: Sequence[Head] = (),
) -> list[str]:
    """Write a head as GLB or VRM, as a preset says, with its list of names; returns what was lost, in sentences.

    The same head gives the same bytes. The caller handles OSError.

    Args:
        head: the head.
        folder: where the files go.
        preset: of a suffix ``.glb`` or ``.vrm``.
        choice: expression sets and spelling.
        author: of an avatar.
        lods: levels of detail after the full head (`lods.head_lods`), each a file of its own beside it.

    Raises:
        SettingsError: the head lacks an ARKit key that a chosen set needs.
    """
    settings = GlbSettings(
        texture_format=preset.texture_format,
        hair=preset.hair,
        expressions=choice,
        bones=preset.bones,
        texture_size=preset.texture_size,
        vrm=vrm_meta(head, author) if preset.suffix == ".vrm" else None,
    )
    for number, level in enumerate((head, *lods)):
        write_glb(level, folder / level_file(number, preset), settings)
    losses = losses_of(head, choice, preset.hair)
    write_sidecar(head, folder, preset, choice, losses, lods=lods)
    return losses


def level_file(number: int, preset: EnginePreset) -> str:
    """Name of the file of a level of detail; 0 is the full head."""
    return f"{preset.stem()}_LOD{number}{preset.suffix}" if number else f"{preset.stem()}{preset.suffix}"


def vrm_meta(head: Head, author: str = "") -> VrmMeta:
    """The licence of an avatar of a head: its sources, and the strictest terms."""
    return VrmMeta(
        name=head.name,
        authors=(author or NO_AUTHOR,),
        third_party=f"Head model: {head.model_title}, {head.model_licence}. {head.attribution}",
        copyright_words="The photo's rights are those of the photo.",
        references=(head.photo_name,),
    )


def write_sidecar(
    head: Head,
    folder: Path,
    preset: EnginePreset,
    choice: ExpressionChoice,
    losses: list[str],
    *,
    lods: Sequence[Head] = (),
) -> None:
    """Write the list of names of a file that a preset made."""
    told = sidecar(head, preset, choice, losses)
    if lods:
        told["levels"] = [_level(n, level, preset) for n, level in enumerate((head, *lods))]
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (folder / f"{preset.stem()}.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def sidecar(head: Head, preset: EnginePreset, choice: ExpressionChoice, losses: list[str]) -> dict[str, Any]:
    """The list of names as an object for JSON."""
    keys = [
        {"name": key.name, "arkit": arkit if (arkit := canonical(key.name)) in head.key_names else None,
         "low": key.low, "high": key.high}
        for key in named_keys(head, choice)
    ]  # fmt: skip
    if preset.suffix != ".fbx" or np.abs(head.photo_delta).max(initial=0) > 0:
        keys.append({"name": PHOTO_EXPRESSION, "arkit": None, "low": 0.0, "high": 1.0})
    hair = chosen_hair(head, preset.hair)
    return {
        "file": level_file(0, preset),
        "preset": preset.name,
        "generator": f"SeIF for Blender {__version__}",
        "axes": preset.axes,
        "unit": preset.scale,
        "keys": keys,
        "bones": [
            {"name": name, "joint": joint, "parent": preset.bones[parent] if parent >= 0 else None}
            for name, joint, parent in zip(preset.bones, JOINT_NAMES, JOINT_PARENTS, strict=True)
        ],
        "influences": 4,
        "materials": [m.name for m in MATERIALS if m.worn_by(head).any()],
        "texture": _texture(head, preset),
        "hair": None if hair is None else {"form": preset.hair, "faces": len(hair.faces)},
        "in_the_engine": preset.told,
        "lost": losses,
        "model": head.model_title,
        "licence": head.model_licence,
        "attribution": head.attribution,
        "photo": head.photo_name,
    }


def _level(number: int, head: Head, preset: EnginePreset) -> dict[str, Any]:
    """What is told of a level; all levels of a preset with ``lod_meshes`` are meshes of one file."""
    hair = chosen_hair(head, preset.hair)
    return {
        "file": level_file(0 if preset.lod_meshes else number, preset),
        "triangles": len(triangulate(head.faces)[0]),
        "hair_triangles": 0 if hair is None else len(triangulate(hair.faces)[0]),
    }


def _texture(head: Head, preset: EnginePreset) -> dict[str, Any] | None:
    if head.texture is None:
        return None
    longer = max(head.texture.shape[:2])
    size = min(longer, preset.texture_size or longer)
    return {"format": preset.texture_format, "longer_side": size, "embedded": True}
