"""`seif export`: a head file written once more, with other formats, expression sets or spelling."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .blend import blend_writer
from .cli_reconstruct import add_expression_options
from .errors import SettingsError
from .expression_choice import parse_choice
from .filenames import as_text
from .head import Head
from .results import FORMATS, output_errors, parse_formats, staging
from .terminal import tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it

KEYS_FOLDER = "head_keys"


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``export HEAD --out DIR``."""
    words = "write a head.npz as other files, with the expression sets and the spelling of your choice"
    parser = commands.add_parser("export", parents=[common], help=words)
    parser.add_argument("head", type=Path, metavar="HEAD", help="head.npz")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder for the files")
    named = f"any of {','.join(name for name in FORMATS if name != 'npz')}, with commas (default: %(default)s)"
    parser.add_argument("--formats", default="glb", metavar="LIST", help=named)
    add_expression_options(parser)
    told = f"with the format obj: every key as a mesh of its own, in the folder {KEYS_FOLDER}"
    parser.add_argument("--obj-keys", action="store_true", help=told)
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from . import export

    formats = parse_formats(options.formats)
    choice = parse_choice(options.expressions, options.spelling)
    if "npz" in formats:
        raise SettingsError("A head.npz is what is exported; choose among blend, glb and obj.")
    if options.obj_keys and "obj" not in formats:
        raise SettingsError("Keys are written as OBJ with the format obj; add it to --formats or leave out --obj-keys.")
    head = Head.load(options.head)
    keys = (options.expressions, options.spelling)
    with staging(options.out) as folder, output_errors(options.out):
        wanted = "blend" in formats
        with blend_writer(options.head, folder / "head.blend", None, keys) if wanted else nullcontext() as blend:
            if "glb" in formats:
                export.write_glb(head, folder / "head.glb", export.GlbSettings(expressions=choice))
            if "obj" in formats:
                export.write_obj(head, folder / "head.obj")
            if options.obj_keys:
                export.write_obj_keys(head, folder / KEYS_FOLDER, choice)
            if blend is not None:
                blend.finish()
        written = sorted(path.name for path in folder.iterdir())
    tell(f"{as_text(head.name)}: {', '.join(written)} in {as_text(str(options.out.resolve()))}")
    return 0
