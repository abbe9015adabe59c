"""The list of names beside a file that was exported from the scene, as the command line writes it."""

from __future__ import annotations

import json
from pathlib import Path

from ..animate.lookup import FoundHead
from ..build.names import BASIS
from ..build.provenance import read_provenance
from ..core import JOINT_NAMES, JOINT_PARENTS, EnginePreset, __version__, canonical, errors, spelled
from .prepared import exported_objects
from .write import level_files


def write_scene_sidecar(
    head: FoundHead, preset: EnginePreset, path: Path, losses: list[str], *, lods: bool = False
) -> Path:
    """Write ``<stem>.json`` beside a file, with the preset's name in the stem; returns its path.

    Raises:
        OutputError: it cannot be written.
    """
    keys = head.mesh.data.shape_keys
    blocks = [key for key in keys.key_blocks if key.name != BASIS] if keys is not None else []
    origin = read_provenance(head.rig)
    told = {
        "file": path.name,
        "preset": preset.name,
        "generator": f"SeIF for Blender {__version__}",
        "axes": preset.axes,
        "unit": preset.scale,
        "keys": [
            {"name": spelled(name, preset.spelling), "arkit": name if spelled(name, "livelink") != name else None,
             "low": key.slider_min, "high": key.slider_max}
            for key in blocks for name in (canonical(key.name),)
        ],
        "bones": [
            {"name": name, "joint": joint, "parent": preset.bones[parent] if parent >= 0 else None}
            for name, joint, parent in zip(preset.bones, JOINT_NAMES, JOINT_PARENTS, strict=True)
        ],
        "influences": 4,
        "objects": [ob.name for ob in exported_objects(head, preset)],
        "in_the_engine": preset.told,
        "lost": losses,
    }  # fmt: skip
    if origin is not None:
        told |= {"model": origin.model, "licence": origin.licence, "attribution": origin.attribution}
        told["photo"] = origin.photo
    files = level_files(head, preset, path, lods=lods)
    if sum(map(len, files.values())) > 1:
        told["levels"] = [_level(head, preset, file, level) for file, levels in files.items() for level in levels]
    stem = path.stem if path.stem.endswith(preset.name) else preset.stem(path.stem)
    target = path.with_name(f"{stem}.json")
    try:
        target.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise errors.OutputError(
            f"{target.name} cannot be written ({error.strerror}); choose another folder."
        ) from error
    return target


def _level(head: FoundHead, preset: EnginePreset, file: Path, level: int) -> dict[str, object]:
    """File and triangles of a level of detail."""
    counts = []
    for ob in exported_objects(head, preset, level)[1:]:
        ob.data.calc_loop_triangles()
        counts.append(len(ob.data.loop_triangles))
    return {"file": file.name, "triangles": counts[0], "hair_triangles": sum(counts[1:])}
