"""`python -m seif_blender.write_blend HEAD.npz OUT.blend [--photo PHOTO] [--parent PID]`: head.blend, no window.

Runs in a process of its own, with the module `bpy`, and builds with the same code as the add-on. Errors: one sentence
on standard error and the exit code of `seif_core.errors`.

`--wait --parent PID` loads Blender first and then reads these arguments, a JSON list on one line of standard input; at
its end without a line there is nothing to do.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import core  # its names are loaded when first used: a child must hear of its parent's end before numpy loads
from .build.settings import CORRECTIVES, BuildSettings
from .orphan import end_with

if TYPE_CHECKING:
    from .core import Head, Performance, Playback

_LOG = logging.getLogger(__name__)


def write_blend(
    head_file: Path,
    out: Path,
    photo: Path | None = None,
    settings: BuildSettings | None = None,
    played: tuple[Performance, Playback] | None = None,
) -> None:
    """Build the head of `head_file` in an empty scene and save it, whole or not at all.

    Args:
        head_file: a `head.npz`.
        out: the `.blend` file to write; its folder exists.
        photo: the upright photo in the pixels of the head's camera, for the camera's background; None for none.
        settings: choices, by default `BuildSettings()`; the scene always takes the photo's size.
        played: a performance that becomes the head's action, and how it is played; None for none.

    Raises:
        HeadFormatError: the head file is none.
        SettingsError: unknown expression sets, or ones that need keys that the head lacks.
        PhotoNotFoundError: there is no such photo.
        DependencyError: the module `bpy` is not installed.
        OutputError: the file cannot be written.
    """
    head = core.Head.load(head_file)
    if photo is not None and not photo.is_file():
        raise core.errors.PhotoNotFoundError(f"There is no photo {photo.name}; give the upright photo or none.")
    _build(head, photo, settings or BuildSettings(), played)
    _save(out)


def _build(
    head: Head, photo: Path | None, settings: BuildSettings, played: tuple[Performance, Playback] | None
) -> None:
    try:
        import bpy
    except ImportError as missing:
        raise core.errors.DependencyError(
            f"Writing a .blend file needs Blender's Python module ({missing}); install the package bpy."
        ) from missing
    from .build.head_object import build_head
    from .build.stage import light_scene

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    built = build_head(head, photo=photo, settings=replace(settings, scene_render_size=True))
    bpy.context.scene.camera = built.camera
    light_scene(bpy.context.scene, built)
    if played is not None:
        from .capture.apply import apply_performance

        apply_performance(bpy.context.scene, built.mesh, built.rig, *played)


def _save(out: Path) -> None:
    import bpy

    partial = out.with_name(f".{out.name}.partial.blend")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(partial), compress=True, check_existing=False, copy=True)
        partial.replace(out)
    except (RuntimeError, OSError) as error:
        partial.unlink(missing_ok=True)
        raise core.errors.OutputError(
            f"{out.name} cannot be written ({_one_line(error)}); choose another folder."
        ) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).removeprefix("Error: ").split()).rstrip(".")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    asked = _waited_for(given) if given[:1] == ["--wait"] else given
    return 0 if asked is None else _run(_parser().parse_args(asked))


def _waited_for(given: list[str]) -> list[str] | None:
    """Load what is slow to load, then read what is to be done; None for nothing."""
    parser = argparse.ArgumentParser(allow_abbrev=False, prog="seif_blender.write_blend")
    parser.add_argument("--wait", action="store_true")
    parser.add_argument("--parent", type=int, required=True)
    end_with(parser.parse_args(given).parent)
    with suppress(ImportError):  # told when there is something to be done
        import bpy  # noqa: F401

        from .build import head_object, stage  # noqa: F401
        from .build.plan import draw_up  # noqa: F401 - and numpy and the library with it
    line = sys.stdin.buffer.readline()
    return json.loads(line) if line else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        allow_abbrev=False, prog="seif_blender.write_blend", description="Write head.blend from head.npz"
    )
    parser.add_argument("head", type=Path, help="head.npz")
    parser.add_argument("out", type=Path, help="the .blend file to write")
    parser.add_argument("--photo", type=Path, help="upright photo for the camera's background")
    plain = BuildSettings()
    parser.add_argument("--expressions", default=plain.expressions, help="expression sets, such as arkit,vrm,flame:50")
    parser.add_argument("--spelling", default=plain.spelling, help="of the ARKit keys: apple, livelink or short")
    parser.add_argument("--correctives", choices=CORRECTIVES, default=plain.correctives, help="default: %(default)s")
    parser.add_argument("--performance", type=Path, help="performance.npz that the head plays")
    parser.add_argument("--bones", action="store_true", help="turn jaw and eyes by bones instead of keys")
    parser.add_argument("--head-pose", default="neck", help="what turns with the head: neck, root or none")
    parser.add_argument("--parent", type=int, help="process id: end when that process ends")
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.parent is not None:
        end_with(options.parent)
    try:
        settings = BuildSettings(options.expressions, options.spelling, options.correctives)
        played = None
        if options.performance is not None:
            playback = core.Playback(options.bones, options.head_pose)
            played = (core.Performance.load(options.performance), playback)
        write_blend(options.head, options.out.resolve(), options.photo, settings, played)
    except core.errors.SeifError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
