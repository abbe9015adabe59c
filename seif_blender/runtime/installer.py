"""Installs the worker's libraries: `installer.py ROOT FOLDER [--wheels DIR]`; runs outside Blender, in its Python.

One pip call with hash-locked files and wheels only, into a fresh folder that gets its final name once everything is
there. Says on standard output, one JSON object a line: ``{"fraction": 0.3, "detail": "torch"}``, at the end either
``{"folder": PATH}`` or ``{"error": SENTENCE}``. Standard library only.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

SHARE_OF_COLLECTING = 0.8
FOREIGN = ("PYTHONPATH", "PYTHONHOME")
"""Variables that would lead pip's Python into another Python's folders."""


def say(**message: Any) -> None:  # noqa: ANN401 - JSON values
    """One line for the add-on."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def find_pip() -> list[str]:
    """Arguments that run pip: the installed one, or the wheel that Python carries for its own bootstrap."""
    try:
        import pip
    except ImportError:
        pip = None
    if pip is not None:
        return ["-m", "pip"]
    try:
        import ensurepip
    except ImportError:
        ensurepip = None
    folder = Path(ensurepip.__file__).parent / "_bundled" if ensurepip is not None else Path()
    wheels = sorted(folder.glob("pip-*.whl"))
    return [str(wheels[-1] / "pip")] if wheels else []


def run_pip(arguments: list[str], variables: dict[str, str]) -> Iterator[str]:
    """Run pip and yield its lines; the last one is ``exit N``."""
    with subprocess.Popen(
        [sys.executable, "-s", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=variables,
    ) as process:
        for line in process.stdout or ():
            yield line.strip()
    yield f"exit {process.returncode}"


def install(
    pip: list[str], requirements: Path, target: Path, *, total: int, wheels: str, variables: dict[str, str]
) -> str:
    """Install one requirement file into `target`; returns what went wrong, or nothing."""
    source = ["--no-index", "--find-links", str(Path(wheels).resolve())] if wheels else []
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--only-binary", ":all:"]
    seen, complaint = 0, ""
    arguments = [*pip, "install", *options, *source, "--target", str(target), "-r", str(requirements)]
    for line in run_pip(arguments, variables):
        if line.startswith("Collecting "):
            seen += 1
            name = line.split()[1].split("==")[0]
            say(fraction=min(1.0, seen / max(1, total)) * SHARE_OF_COLLECTING, detail=name)
        elif line.startswith("Installing collected"):
            say(fraction=SHARE_OF_COLLECTING, detail="unpacking")
        elif line.startswith("ERROR"):
            complaint = complaint or line.removeprefix("ERROR:").strip()
        elif line.startswith("exit ") and line != "exit 0":
            return complaint or f"pip ended with {line}"
    return "" if any(target.glob("*.dist-info")) else "pip succeeded, but put nothing into the folder it was told"


def install_into(folder: Path, runtime: ModuleType, pip: list[str], wheels: str) -> str:
    """Try the requirement files that fit this machine, best first; returns what went wrong, or nothing."""
    complaint = "no requirement file fits"
    program = [sys.executable, "-s", *pip]
    variables = runtime.pip_variables(os.environ, program, wheels=bool(wheels), hidden=FOREIGN)
    variables |= {"PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}
    for source in runtime.candidates(runtime.find_accelerator()):
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder, ignore_cleanup_errors=True) as scratch:
            usable = source if wheels else runtime.reachable_requirements(source, Path(scratch))
            target = Path(scratch) / "packages"
            complaint = install(
                pip, usable, target, total=runtime.package_count(source), wheels=wheels, variables=variables
            )
            if not complaint:
                final = folder / runtime.lock_hash([source])
                shutil.rmtree(final, ignore_errors=True)
                target.rename(final)
                say(folder=str(final))
                return ""
    return complaint


def main() -> int:
    """Install and say how it went."""
    root, folder, *rest = sys.argv[1:]
    wheels = rest[1] if rest[:1] == ["--wheels"] else ""
    sys.path.append(root)
    from seif_core.worker import runtime

    if wheels and not Path(wheels).is_dir():
        say(error=f"There is no folder {wheels} to take wheels from; choose one on this computer, or none to download.")
        return 1
    pip = find_pip()
    if not pip:
        say(error="Blender's Python comes without pip here; set a Python that has the libraries in the preferences.")
        return 1
    try:
        complaint = install_into(Path(folder), runtime, pip, wheels)
    except (OSError, ValueError) as error:
        complaint = str(error)
    if complaint:
        say(error=f"The libraries could not be installed ({complaint.rstrip('.')}); check the network and disk space.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
