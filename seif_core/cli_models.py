"""`seif models`: keep the head models that the user downloaded, tell which are here, remove one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .filenames import as_text
from .folders import models_folder
from .headmodel import load_head_model
from .headmodel.flame_release import RESTRICTED
from .headmodel.installed import InstalledModel, add_model, installed_models, remove_model
from .terminal import tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``models add PATH...``, ``models list`` and ``models remove NAME...``."""
    parser = commands.add_parser("models", help="keep downloaded head models, list what is here")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="add|list|remove")
    taken = kinds.add_parser("add", parents=[common], help="read FLAME files and keep them under short names")
    taken.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="FLAME files as they were published")
    choices = sorted(RESTRICTED)
    told = "the release, where neither the file's name nor its folder's says it"
    taken.add_argument("--release", default="", choices=choices, metavar="|".join(choices), help=told)
    taken.set_defaults(run=_add)
    listed = kinds.add_parser("list", parents=[common], help="head models with licence and checksum")
    listed.set_defaults(run=_list)
    removed = kinds.add_parser("remove", parents=[common], help="remove added models")
    removed.add_argument("names", nargs="+", metavar="NAME", help="a name that seif models list shows")
    removed.set_defaults(run=_remove)


def _add(options: argparse.Namespace) -> int:
    for path in options.paths:
        model = add_model(path, release=options.release)
        tell(f"{model.name}  {model.title}, {model.licence}")
        tell(f"  {model.attribution}")
        tell(f"  kept in {as_text(str(model.file.parent))}; use it with --head-model {model.name}")
    return 0


def _list(_options: argparse.Namespace) -> int:
    own, found = load_head_model("open"), installed_models()
    tell(f"{own.name}  {own.title}, {own.licence}")
    for model in found:
        tell(_line(model))
    if found:
        tell(f"in {as_text(str(models_folder()))}")
    else:
        tell(f"No model is added (looked in {as_text(str(models_folder()))}); seif models add PATH keeps a FLAME file.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    for name in options.names:
        tell(f"removed {_line(remove_model(name))}")
    return 0


def _line(model: InstalledModel) -> str:
    return f"{model.name}  {model.title}, {model.licence}, {model.size / 1e6:.1f} MB, sha256 {model.sha256}"
