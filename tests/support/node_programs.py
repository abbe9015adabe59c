"""Programs of node that judge our files; each pinned set is installed once, beside the user's other caches."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def node() -> str:
    """The program node; a test that needs it is skipped without."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    return found


def node_folder(*modules: str) -> Path:
    """A folder in which these modules, ``name@version``, are installed."""
    node()
    name = "+".join(module.replace("/", "-") for module in modules)
    folder = Path.home() / ".cache" / "seif-blender" / name
    stamp = folder / "installed"
    if not stamp.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            shutil.which("npm") or "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(folder),
            *modules,
        ]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip(f"{', '.join(modules)} could not be installed; npm reaches no registry")
        stamp.touch()
    return folder


def output_of(script: str | Path, *arguments: str | Path) -> str:
    """What a script, a file or its text, writes to standard output."""
    chosen = [str(script)] if isinstance(script, Path) else ["-e", script]
    command = [node(), *chosen, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
