"""Which Python runs the worker: the one set in the preferences, or Blender's with the installed runtime."""

from __future__ import annotations

import sys
from pathlib import Path

from .. import core
from ..worker.environment import WorkerCommand


def installed_runtime(folder: Path) -> Path | None:
    """The runtime in `folder` that fits this Python and this release's requirement files, None when there is none."""
    return next((found for name in runtime_names() if _holds_libraries(found := folder / name)), None)


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
