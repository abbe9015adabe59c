"""An FBX file, written by Blender's module in a process of its own, as `blend` writes head.blend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .blend import BlendProcess, blender_is_here, running_blender
from .errors import DependencyError


def write_fbx(head: Path, out: Path, preset: str, keys: tuple[str, str], lods: Sequence[int] = ()) -> None:
    """Write head.npz as an FBX file by a preset.

    Args:
        head: the head.npz.
        out: the .fbx file.
        preset: a name of `export.presets.PRESETS`.
        keys: expression sets and spelling, in the words of `expression_choice.parse_choice`.
        lods: triangles of levels of detail after the full head.

    Raises:
        DependencyError: Blender's module is not installed.
        OutputError: Blender failed to write the file.
    """
    if not blender_is_here():
        raise DependencyError("FBX needs Blender's Python module bpy 5.0.1; install it, or choose a glTF preset.")
    asked = [str(head.resolve()), str(out.resolve()), "--preset", preset]
    asked += ["--expressions", keys[0], "--spelling", keys[1]]
    asked += ["--lods", ",".join(map(str, lods))] if lods else []
    with running_blender(["seif_blender.write_fbx", *asked]) as blender:
        BlendProcess(blender, out).finish()
