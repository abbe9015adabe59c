"""`seif export`: a head file written once more, with other formats, expression sets or spelling."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from .blend import blend_writer
from .cli_reconstruct import add_expression_options
from .cli_values import filled_text, named_path
from .errors import SettingsError
from .expression_choice import ALL_COMPONENTS, ExpressionChoice, parse_choice
from .fbx import write_fbx
from .filenames import as_text
from .head import Head
from .lods import head_lods
from .results import FORMATS, output_errors, parse_formats, staging
from .terminal import say, tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it

KEYS_FOLDER = "head_keys"
WRITTEN: Final = tuple(name for name in FORMATS if name != "npz")
"""Formats that a head.npz can be written as."""


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``export HEAD --out DIR``."""
    words = "write a head.npz as other files, with the expression sets and the spelling of your choice"
    parser = commands.add_parser("export", parents=[common], help=words)
    parser.add_argument("head", type=named_path, metavar="HEAD", help="head.npz")
    parser.add_argument("--out", type=named_path, required=True, metavar="DIR", help="a folder for the files")
    named = f"any of {','.join(WRITTEN)}, with commas (default: glb)"
    parser.add_argument("--formats", default=None, metavar="LIST", help=named)
    add_preset_options(parser)
    add_expression_options(parser, of_preset=True)
    told = f"with the format obj: every key as a mesh of its own, in the folder {KEYS_FOLDER}"
    parser.add_argument("--obj-keys", action="store_true", help=told)
    parser.set_defaults(run=_export)


def add_preset_options(parser: argparse.ArgumentParser) -> None:
    """The options of an export for an engine."""
    from .export.presets import PRESETS

    told = "one file as an engine wants it, with names, axes, hair and texture, and a list of names"
    parser.add_argument("--preset", choices=tuple(PRESETS), default=None, help=told)
    add_lod_option(parser)
    parser.add_argument("--author", type=filled_text, metavar="NAME", help="author of a VRM avatar, with --preset vrm")


def add_lod_option(parser: argparse.ArgumentParser) -> None:
    """``--lods``, by itself or with counts."""
    from .decimation.levels import LOD_TRIANGLES

    plain = ",".join(map(str, LOD_TRIANGLES))
    told = f"also levels of detail with all keys, of so many triangles (default: {plain}); GLB and FBX"
    parser.add_argument("--lods", nargs="?", const=plain, default=None, metavar="COUNTS", help=told)


def lod_counts(text: str | None) -> tuple[int, ...]:
    """The counts that ``--lods`` was given; none without it.

    Raises:
        SettingsError: they are no numbers, or make no sense.
    """
    from .decimation.levels import checked_counts

    if text is None:
        return ()
    try:
        return checked_counts([int(part) for part in text.split(",")])
    except ValueError as error:
        raise SettingsError(f"--lods takes counts of triangles such as 5000,2500,1000, not '{text}'.") from error


def _levels(head: Head, counts: tuple[int, ...]) -> list[Head]:
    """The levels of detail; a count that the head does not reach is told."""
    own = int((head.faces[:, 3] >= 0).sum()) + len(head.faces)
    for count in counts:
        if count >= own:
            say(f"seif: no level of {count} triangles is made: the head has {own}.")
    return head_lods(head, counts) if counts else []


def _tell_components(head: Head, choice: ExpressionChoice) -> None:
    own = len(head.expression_deltas)
    if own < choice.components < ALL_COMPONENTS:
        say(f"seif: the head has {own} expression components, not {choice.components}; it is written with those.")


def _export_for_engine(options: argparse.Namespace) -> int:
    from . import export

    if options.formats is not None or options.obj_keys:
        raise SettingsError("A preset names its format itself; leave out --formats and --obj-keys, or --preset.")
    preset = export.preset_named(options.preset)
    if options.author and preset.suffix != ".vrm":
        raise SettingsError("--author goes into a VRM avatar; choose --preset vrm, or leave it out.")
    sets = preset.expressions if options.expressions is None else options.expressions
    spelling = options.spelling or preset.spelling
    choice, counts = parse_choice(sets, spelling), lod_counts(options.lods)
    if counts and preset.suffix == ".vrm":
        raise SettingsError("A VRM avatar has no levels of detail; leave out --lods, or choose another preset.")
    head = Head.load(options.head)
    lods = _levels(head, counts)
    _tell_components(head, choice)
    with staging(options.out, made_of=options.head) as folder, output_errors(options.out):
        if preset.suffix == ".fbx":
            losses = export.losses_of(head, choice, preset.hair)
            write_fbx(options.head, folder / f"{preset.stem()}{preset.suffix}", preset.name, (sets, spelling), counts)
            export.write_sidecar(head, folder, preset, choice, losses, lods=lods)
        else:
            losses = export.write_for_engine(head, folder, preset, choice, author=options.author or "", lods=lods)
        written = sorted(path.name for path in folder.iterdir())
    for loss in losses:
        tell(f"  {loss}")
    tell(f"  {preset.told}")
    tell(f"{as_text(head.name)}: {', '.join(written)} in {as_text(str(options.out.resolve()))}")
    return 0


def _export(options: argparse.Namespace) -> int:
    from . import export

    if options.preset is not None:
        return _export_for_engine(options)
    if options.author:
        raise SettingsError("--author goes into a VRM avatar; choose --preset vrm, or leave it out.")
    named = "glb" if options.formats is None else options.formats
    if "npz" in (name.strip().lower() for name in named.split(",")):
        raise SettingsError(f"A head.npz is what is exported; choose among {', '.join(WRITTEN)}.")
    formats = parse_formats(named, WRITTEN)
    sets = "arkit" if options.expressions is None else options.expressions
    spelling = options.spelling or "apple"
    choice = parse_choice(sets, spelling)
    if options.obj_keys and "obj" not in formats:
        raise SettingsError("Keys are written as OBJ with the format obj; add it to --formats or leave out --obj-keys.")
    head = Head.load(options.head)
    keys = (sets, spelling)
    counts = lod_counts(options.lods)
    if counts and "glb" not in formats:
        raise SettingsError("Levels of detail are written as GLB or by a preset; add glb to --formats.")
    lods = _levels(head, counts)
    _tell_components(head, choice)
    with staging(options.out, made_of=options.head) as folder, output_errors(options.out):
        wanted = "blend" in formats
        with blend_writer(options.head, folder / "head.blend", None, keys) if wanted else nullcontext() as blend:
            if "glb" in formats:
                export.write_glb(head, folder / "head.glb", export.GlbSettings(expressions=choice))
            for number, level in enumerate(lods, start=1):
                export.write_glb(level, folder / f"head_LOD{number}.glb", export.GlbSettings(expressions=choice))
            if "obj" in formats:
                export.write_obj(head, folder / "head.obj")
            if options.obj_keys:
                export.write_obj_keys(head, folder / KEYS_FOLDER, choice)
            if blend is not None:
                blend.finish()
        written = sorted(path.name for path in folder.iterdir())
    tell(f"{as_text(head.name)}: {', '.join(written)} in {as_text(str(options.out.resolve()))}")
    return 0
