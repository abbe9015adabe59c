"""Which Python runs the worker: the one set in the preferences, or Blender's with the installed runtime."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .. import core
from ..worker.environment import WorkerCommand

BUNDLED: Final = "bundled_runtime"
"""Folder of the extension that holds a runtime where the zip has one (`build.py extension --bundle-runtime`)."""
_RECORD: Final = "seif-runtime.json"
"""What the installer writes into a finished runtime (`installer.RECORD`)."""


def installed_runtime(folder: Path) -> Path | None:
    """The runtime that fits this Python and this release's requirement files, None when there is none.

    One in `folder` goes before one that came with the extension: the artist wanted it.
    """
    places = (folder, core.ROOT / BUNDLED)
    return next(
        (found for place in places for name in runtime_names() if _holds_libraries(found := place / name)), None
    )


@dataclass(frozen=True)
class RuntimeRecord:
    """What is known of an installed runtime.

    Attributes:
        size: bytes on disk, 0 where nobody counted.
        accelerator: what its torch computes with, empty where nobody wrote it down.
        bundled: whether it came with the extension and so cannot be removed alone.
    """

    size: int
    accelerator: str
    bundled: bool


def runtime_record(runtime: Path) -> RuntimeRecord:
    """What the installer wrote down about a runtime."""
    bundled = runtime.parent == core.ROOT / BUNDLED
    try:
        told = json.loads((runtime / _RECORD).read_text(encoding="utf-8"))
        return RuntimeRecord(int(told["bytes"]), str(told["accelerator"]), bundled)
    except (OSError, ValueError, KeyError, TypeError):
        return RuntimeRecord(0, "", bundled)


def disk_use(folder: Path) -> int:
    """Bytes that all runtimes in `folder` take, those of earlier releases too, as far as they were counted."""
    if not folder.is_dir():
        return 0
    return sum(runtime_record(found).size for found in folder.iterdir() if found.is_dir())


def remove_runtimes(folder: Path) -> None:
    """Remove all runtimes in `folder`, those of earlier releases too, and what an installation left.

    Raises:
        OutputError: a file cannot be removed, for example because a process uses it.
    """
    try:
        for found in list(folder.iterdir()) if folder.is_dir() else ():
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    except OSError as error:
        raise core.errors.OutputError(
            f"The runtime could not be removed whole ({error.strerror or error}); close other Blenders and try again."
        ) from error


def _holds_libraries(folder: Path) -> bool:
    """Whether something is installed in a folder: each library has a folder of its description there."""
    return any(folder.glob("*.dist-info"))


def runtime_names() -> list[str]:
    """Names of the folders that would hold a fitting runtime; empty where this Python has no requirement file."""
    names = []
    for accelerator in core.runtime.ACCELERATORS:
        try:
            file = core.runtime.requirements_file(accelerator)
        except ValueError:
            return []
        names.append(core.runtime.lock_hash([file]))
    return names


def worker_command(python: str, folder: Path) -> WorkerCommand:
    """How to start the worker.

    Args:
        python: path of a Python with the libraries from the preferences; empty for the installed runtime.
        folder: where runtimes are installed.

    Raises:
        DependencyError: there is no such Python, or no runtime is installed.
    """
    if python:
        program = Path(python)
        if not program.is_file():
            raise core.errors.DependencyError(
                f"The preferences name the Python {python}, which is no file; choose a Python program there."
            )
        return WorkerCommand(program, core.ROOT)
    runtime = installed_runtime(folder)
    if runtime is None:
        raise core.errors.DependencyError(
            "The reconstruction's libraries are not installed yet; press Install Runtime in the add-on's preferences."
        )
    return WorkerCommand(Path(sys.executable), core.ROOT, runtime)
