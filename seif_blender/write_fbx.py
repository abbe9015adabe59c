"""`python -m seif_blender.write_fbx HEAD.npz OUT.fbx --preset unity`: a file for an engine, no window.

Runs in a process of its own, with the module `bpy`, as `write_blend` does. Errors: one sentence on standard error and
the exit code of `seif_core.errors`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from . import core
from .build.settings import BuildSettings
from .orphan import end_with


def write_fbx(head_file: Path, out: Path, preset_name: str, keys: tuple[str, str], lods: tuple[int, ...] = ()) -> None:
    """Build the head of `head_file` in an empty scene and export it.

    Args:
        head_file: a `head.npz`.
        out: the `.fbx` file to write; its folder exists.
        preset_name: of `seif_core.export.presets.PRESETS`.
        keys: expression sets, in the words of `expression_choice.parse_choice`, and spelling of the ARKit keys.
        lods: triangles of levels of detail after the full head.

    Raises:
        SeifError: the head cannot be read, the sets are unknown, or the file cannot be written.
        DependencyError: the module `bpy` is not installed.
    """
    head = replace(core.Head.load(head_file), texture_light=None)
    preset = replace(core.preset_named(preset_name), spelling=keys[1])
    try:
        import bpy
    except ImportError as missing:
        raise core.errors.DependencyError(f"FBX needs Blender's Python module ({missing}); install bpy.") from missing
    from .animate.lookup import FoundHead
    from .build.head_object import build_head
    from .export.write import export_head

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    settings = BuildSettings(*keys, "none", photo_camera=False)
    built = build_head(head, settings=settings)
    found = FoundHead(built.mesh, built.rig, None)
    if lods:
        from .lods.make import make_lods

        make_lods(found, lods)
    export_head(found, preset, out, lods=bool(lods))


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False, prog="seif_blender.write_fbx", description="Write an FBX file from head.npz"
    )
    parser.add_argument("head", type=Path, help="head.npz")
    parser.add_argument("out", type=Path, help="the .fbx file to write")
    parser.add_argument("--preset", required=True, help="unity or unreal")
    parser.add_argument("--expressions", default="arkit", help="expression sets, such as arkit,vrm,flame:50")
    parser.add_argument("--spelling", default="apple", help="of the ARKit keys: apple, livelink or short")
    parser.add_argument("--lods", default="", help="triangles of levels of detail, such as 5000,2500,1000")
    parser.add_argument("--parent", type=int, help="process id: end when that process ends")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        end_with(options.parent)
    counts = tuple(int(count) for count in options.lods.split(",") if count)
    keys = (options.expressions, options.spelling)
    try:
        write_fbx(options.head, options.out.resolve(), options.preset, keys, counts)
    except core.errors.SeifError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
