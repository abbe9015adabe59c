"""`seif weights`: take the published networks in, and tell which are here."""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cli_values import named_path
from .errors import DependencyError, ModelError, OutputError
from .filenames import is_file
from .folders import weights_folder
from .terminal import tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``weights import PATH...`` and ``weights list``."""
    parser = commands.add_parser("weights", help="import the published networks, list what is imported")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="import|list")
    taken = kinds.add_parser("import", parents=[common], help="read the published checkpoints into the user's folder")
    taken.add_argument(
        "paths", nargs="+", type=named_path, metavar="PATH", help="checkpoints as the authors published them"
    )
    taken.set_defaults(run=_import)
    told = kinds.add_parser("list", parents=[common], help="imported networks with size and checksum")
    told.set_defaults(run=_list)


def import_weights(path: Path, folder: Path) -> Path:
    """Convert one published checkpoint; the file in `folder` is replaced at the end, whole or not at all.

    Args:
        path: the checkpoint.
        folder: where the safetensors file goes; made if missing.

    Returns:
        The file written.

    Raises:
        ModelError: no such file, or none of the published networks.
        DependencyError: torch or safetensors is not installed.
        OutputError: the folder cannot be written.
    """
    try:
        from safetensors import SafetensorError

        from .implicit.weights import import_checkpoint
    except ModuleNotFoundError as error:
        raise DependencyError(f"The library {error.name} is not installed; install the runtime first.") from error
    if not is_file(path):
        raise ModelError(f"There is no file {path}; give the path of a published checkpoint.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".import-") as beside:
            written = import_checkpoint(path, Path(beside))
            return written.replace(folder / written.name)
    except (OSError, SafetensorError) as error:
        raise OutputError(
            f"The weights could not be written to {folder} ({error}); make room or permit writing there, or name "
            "another folder in the environment variable SEIF_DATA."
        ) from error


def installed(folder: Path) -> list[tuple[Path, int, str]]:
    """Imported weights: file, bytes, SHA-256; sorted by name."""
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as stream:
            found.append((path, path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()))
    return found


def _import(options: argparse.Namespace) -> int:
    for path in options.paths:
        tell(f"{path.name} -> {import_weights(path, weights_folder())}")
    return 0


def _list(_options: argparse.Namespace) -> int:
    folder = weights_folder()
    found = installed(folder)
    if not found:
        tell(f"No weights are imported (looked in {folder}); seif weights import PATH... takes the published ones in.")
    for path, size, digest in found:
        tell(f"{path.name}  {size / 1e6:.1f} MB  sha256 {digest}")
    if found:
        tell(f"in {folder}")
    return 0
