"""How the worker is started: which Python, which folders, which environment variables."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

BOOTSTRAP: Final = Path(__file__).resolve().with_name("bootstrap.py")

_FOREIGN: Final = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONSAFEPATH", "__PYVENV_LAUNCHER__")
"""Variables that would lead the worker's Python into another Python's folders."""


@dataclass(frozen=True)
class WorkerCommand:
    """Everything that is needed to start a worker.

    Attributes:
        python: path of the Python program.
        root: folder that holds the package `seif_core`.
        runtime: folder made by `pip install --target`, or None when that Python has the libraries itself.
        bootstrap: script that the Python runs.
    """

    python: Path
    root: Path
    runtime: Path | None = None
    bootstrap: Path = BOOTSTRAP

    def arguments(self) -> list[str]:
        """The command line."""
        runtime = [str(self.runtime)] if self.runtime else []
        return [str(self.python), "-s", "-P", "-u", str(self.bootstrap), str(self.root), *runtime]


def worker_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment variables of the worker, from `base` or this process's."""
    kept = {k: v for k, v in (os.environ if base is None else base).items() if k not in _FOREIGN}
    return kept | {"PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def process_options() -> dict[str, Any]:
    """Options for `subprocess.Popen` that keep Ctrl-C in Blender's terminal away from the worker."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}  # pyright: ignore[reportAttributeAccessIssue]
    return {"start_new_session": True}
