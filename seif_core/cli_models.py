"""`seif models`: keep the head models that the user downloaded, tell which are here, remove one."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from .cli_values import filled_text, named_path
from .errors import SettingsError
from .filenames import as_text
from .folders import models_folder
from .headmodel import gnm_download, load_head_model
from .headmodel.flame_release import RESTRICTED
from .headmodel.gnm import NAME as GNM
from .headmodel.installed import (
    InstalledModel,
    add_from_publisher,
    add_model,
    installed_models,
    removable_model,
    remove_model,
)
from .progress import Progress
from .terminal import StageLines, say, tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``models add PATH...``, ``models list`` and ``models remove NAME...``."""
    parser = commands.add_parser("models", help="keep downloaded head models, list what is here")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="add|list|remove")
    words = "read FLAME or GNM files and keep them under short names"
    taken = kinds.add_parser("add", parents=[common], help=words)
    words = "files as they were published; or gnm, which --online fetches from its publisher"
    taken.add_argument("paths", nargs="+", type=named_path, metavar="PATH", help=words)
    choices = sorted(RESTRICTED)
    told = "the release, where neither the file's name nor its folder's says it"
    taken.add_argument("--release", default="", choices=choices, metavar="|".join(choices), help=told)
    taken.add_argument("--online", action="store_true", help="permit the download of gnm, which is asked about first")
    taken.add_argument("--yes", action="store_true", help="answer that question with yes")
    taken.set_defaults(run=_add)
    listed = kinds.add_parser("list", parents=[common], help="head models with licence and checksum")
    listed.set_defaults(run=_list)
    removed = kinds.add_parser("remove", parents=[common], help="remove added models")
    removed.add_argument(
        "names", nargs="+", type=filled_text, metavar="NAME", help="a name that seif models list shows"
    )
    removed.set_defaults(run=_remove)


def _add(options: argparse.Namespace) -> int:
    for path in options.paths:
        if str(path) == GNM and not path.exists():
            model = _fetched(options)
        else:
            model = add_model(path, release=options.release)
        tell(f"{model.name}  {model.title}, {model.licence}")
        tell(f"  {model.attribution}")
        tell(f"  kept in {as_text(str(model.file.parent))}; use it with --head-model {model.name}")
    return 0


def _fetched(options: argparse.Namespace) -> InstalledModel:
    """GNM Head from its publisher, once the user has permitted and confirmed it."""
    offered = gnm_download.offer()
    if not options.online:
        raise SettingsError(
            f"Nothing is downloaded without --online: seif models add gnm --online fetches {offered}; or give the path "
            f"of {gnm_download.GNM_HEAD.file_name}."
        )
    if not options.yes and not _confirmed(f"Download {offered}?"):
        raise SettingsError("Nothing was downloaded; answer with y, or give --yes where nobody can answer.")
    lines = StageLines()
    try:
        model, told = add_from_publisher(Progress(lines))
    finally:
        lines.close()
    say(f"seif: {told}")
    return model


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    tell(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _list(_options: argparse.Namespace) -> int:
    own, found = load_head_model("open"), installed_models()
    tell(f"{own.name}  {own.title}, {own.licence}")
    for model in found:
        tell(_line(model))
    if found:
        tell(f"in {as_text(str(models_folder()))}")
    else:
        tell(f"No model is added (looked in {as_text(str(models_folder()))}); seif models add PATH keeps one.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    names = dict.fromkeys(options.names)
    for name in names:  # all of them, before one is gone
        removable_model(name)
    for name in names:
        tell(f"removed {_line(remove_model(name))}")
    return 0


def _line(model: InstalledModel) -> str:
    return f"{model.name}  {model.title}, {model.licence}, {model.size / 1e6:.1f} MB, sha256 {model.sha256}"
