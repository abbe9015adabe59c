"""`seif print`: a head as one watertight solid for a 3D printer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .cli_values import named_path, number, refuse_inputs
from .filenames import as_text
from .head import Head
from .terminal import StageLines, say, tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``print HEAD --out FILE``."""
    from .printing.settings import BASES, EXPRESSIONS, PrintSettings

    plain = PrintSettings()
    words = "make one watertight solid of a head.npz, in millimetres, for a 3D printer"
    parser = commands.add_parser("print", parents=[common], help=words)
    parser.add_argument("head", type=named_path, metavar="HEAD", help="head.npz")
    parser.add_argument("--out", type=named_path, required=True, metavar="FILE", help="a .stl or .3mf file")
    for name, default, told in (
        ("height-mm", plain.height_mm, "of the whole print with its stand"),
        ("hollow", plain.wall_mm, "thickness of the wall in millimetres, 0 for a massive print"),
        ("drain", plain.drain_mm, "diameter in millimetres of the hole in a hollow print's base, 0 for none"),
        ("feature-mm", plain.feature_mm, "thinner walls are made this thick, narrower slits are filled; 0 leaves all"),
        ("pitch-mm", plain.pitch_mm, "edge of a cell, 0 for a three hundredth of the height"),
    ):
        parser.add_argument(
            f"--{name}", type=number, default=default, metavar="MM", help=f"{told} (default: {default:g})"
        )
    parser.add_argument("--base", choices=BASES, default=plain.base, help="default: %(default)s")
    parser.add_argument("--expression", choices=EXPRESSIONS, default="neutral", help="default: %(default)s")
    parser.add_argument("--no-hair", action="store_true", help="the bald head alone")
    parser.set_defaults(run=_print)


def _print(options: argparse.Namespace) -> int:
    from .printing import PrintSettings, head_parts, print_solid, write_solid
    from .printing.files import check_target
    from .progress import Progress

    check_target(options.out)
    refuse_inputs(options.out, [options.head])
    settings = PrintSettings(
        height_mm=options.height_mm,
        base=options.base,
        wall_mm=options.hollow,
        drain_mm=options.drain,
        feature_mm=options.feature_mm,
        pitch_mm=options.pitch_mm,
    )
    head = Head.load(options.head)
    if options.no_hair and head.hair is None:
        say("seif: the head has no layer of hair to leave out; hair that is merged into its mesh is printed.")
    lines = StageLines()
    progress = Progress(lines)
    try:
        with progress.stage("Print"):
            parts, cut = head_parts(head, options.expression, hair=not options.no_hair)
            solid = print_solid(parts, cut, settings, progress)
    finally:
        lines.close()
    write_solid(solid, options.out, head.name, head.model_licence, head.attribution)
    for note in solid.notes:
        tell(f"  {note}")
    size = " x ".join(f"{n:.0f}" for n in solid.vertices.max(axis=0) - solid.vertices.min(axis=0))
    told = f"{size} mm, {solid.volume / 1000:.0f} cm3 of material, {len(solid.triangles):,} triangles"
    tell(f"{as_text(head.name)}: {told}; {as_text(str(options.out.resolve()))}")
    return 0
