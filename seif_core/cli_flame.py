"""`seif export-flame`: a head's FLAME parameters into a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .filenames import as_text
from .flame_exchange.export_parameters import export_parameters, write_parameters
from .head import Head
from .headmodel.flame import read_flame
from .headmodel.installed import find_model
from .terminal import tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``export-flame HEAD --out FILE``."""
    words = "write the FLAME parameters of a head that was made with a FLAME model"
    parser = commands.add_parser("export-flame", parents=[common], help=words)
    parser.add_argument("head", type=Path, metavar="HEAD", help="head.npz")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="what is written: .npz or .json")
    named = "the FLAME model that the head was made with: a name of seif models list, or a file (default: told by HEAD)"
    parser.add_argument("--model", default="", metavar="NAME", help=named)
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    head = Head.load(options.head)
    parameters = export_parameters(head, read_flame(_model_file(options.model or head.model_name)))
    write_parameters(parameters, head, options.out)
    tell(f"{as_text(head.name)} ({head.model_title}, {head.model_licence}) -> {as_text(str(options.out))}")
    return 0


def _model_file(name: str) -> Path:
    """A FLAME model's own file, which need not be completed here."""
    return Path(name) if Path(name).suffix.lower() in {".pkl", ".npz"} else find_model(name).file
