"""Installs the worker's libraries; runs outside Blender, in its Python: `installer.py ROOT FOLDER [--wheels DIR] ...`.

One pip call with hash-locked files and wheels only, into a fresh folder that gets its final name once everything is
there. Packages that were fetched stay in `FOLDER/.downloads` until then, so that another try goes on where one broke
off. Says on standard output, one JSON object a line: ``{"fraction": 0.3, "detail": "torch"}``, at the end either
``{"folder": PATH}`` or ``{"error": SENTENCE}``. Ends, and takes away what is half made, when its standard input closes,
as it does when Blender ends, however it ends. Standard library only.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
SHARE_OF_COLLECTING = 0.8
"""Part of the progress bar that pip's collecting makes; unpacking tells no progress. Chosen by hand."""
FOREIGN = ("PYTHONPATH", "PYTHONHOME")
"""Variables that would lead pip's Python into another Python's folders."""
DOWNLOADS = ".downloads"
RECORD = "seif-runtime.json"
"""In an installed folder: what it is and how many bytes it takes."""
RESUMING_PIP = (25, 1)
"""First pip that goes on within a file whose download broke off (`--resume-retries`), as its changelog says."""
RETRIES = 5
"""Times that pip takes up a broken download again by itself."""


def say(**message: Any) -> None:  # noqa: ANN401 - JSON values
    """One line for the add-on."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Attempt:
    """What an installation must leave behind or take away: its pip, its unfinished folder."""

    process: subprocess.Popen | None = None
    scratch: Path | None = None

    def abandon(self) -> NoReturn:
        """End pip, remove the unfinished folder, end this process."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.kill()
                self.process.wait(5)
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
        os._exit(1)

    def watch(self) -> None:
        """End with whoever holds the other end of standard input."""

        def wait() -> None:
            with contextlib.suppress(OSError, ValueError):
                while sys.stdin.buffer.read(1):
                    pass
            self.abandon()

        threading.Thread(target=wait, daemon=True, name="parent").start()


ATTEMPT = Attempt()


def find_pip() -> tuple[list[str], tuple[int, ...]]:
    """Arguments that run pip, and its version: the installed one, or the one that Python carries for its bootstrap."""
    try:
        import pip
    except ImportError:
        pip = None
    if pip is not None:
        return ["-m", "pip"], version_of(pip.__version__)
    try:
        import ensurepip
    except ImportError:
        ensurepip = None
    folder = Path(ensurepip.__file__).parent / "_bundled" if ensurepip is not None else Path()
    wheels = sorted(folder.glob("pip-*.whl"))
    return ([str(wheels[-1] / "pip")], version_of(wheels[-1].name.split("-")[1])) if wheels else ([], ())


def version_of(text: str) -> tuple[int, ...]:
    """The leading numbers of a version."""
    numbers = []
    for part in text.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def run_pip(arguments: list[str], variables: dict[str, str]) -> Iterator[str]:
    """Run pip and yield its lines; the last one is ``exit N``."""
    with subprocess.Popen(
        [sys.executable, "-s", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=variables,
    ) as process:
        ATTEMPT.process = process
        for line in process.stdout or ():
            yield line.strip()
    ATTEMPT.process = None
    yield f"exit {process.returncode}"


def source_options(options: argparse.Namespace, version: tuple[int, ...]) -> list[str]:
    """Options of pip that say where packages come from and where they are kept meanwhile."""
    if options.wheels:
        return ["--no-index", "--find-links", str(Path(options.wheels).resolve())]
    found = ["--cache-dir", str(Path(options.folder) / DOWNLOADS)]
    return [*found, "--resume-retries", str(RETRIES)] if version >= RESUMING_PIP else found


def install(
    pip: list[str], requirements: Path, target: Path, *, total: int, source: list[str], variables: dict[str, str]
) -> str:
    """Install one requirement file into `target`; returns what went wrong, or nothing."""
    from failures import explained

    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--only-binary", ":all:"]
    seen, lines = 0, []
    arguments = [*pip, "install", *options, *source, "--target", str(target), "-r", str(requirements)]
    for line in run_pip(arguments, variables):
        lines.append(line)
        if line.startswith("Collecting "):
            seen += 1
            name = line.split()[1].split("==")[0]
            say(fraction=min(1.0, seen / max(1, total)) * SHARE_OF_COLLECTING, detail=name)
        elif line.startswith("Installing collected"):
            say(fraction=SHARE_OF_COLLECTING, detail="unpacking")
    if lines[-1] != "exit 0":
        return explained(lines)
    return "" if any(target.glob("*.dist-info")) else "pip succeeded, but put nothing into the folder it was told"


def install_into(options: argparse.Namespace, runtime: ModuleType, pip: list[str], version: tuple[int, ...]) -> str:
    """Try the requirement files that fit this machine, best first; returns what went wrong, or nothing."""
    from failures import LARGER, NO_BUILD

    complaint, folder = "no requirement file fits", Path(options.folder)
    program, wheels = [sys.executable, "-s", *pip], bool(options.wheels)
    variables = runtime.pip_variables(os.environ, program, wheels=wheels, hidden=FOREIGN)
    variables |= {"PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}
    for name in ("PIP_NO_CACHE_DIR", "PIP_CACHE_DIR"):  # it has one of its own
        variables.pop(name, None)
    for kind in runtime.candidates(options.accelerator):
        size = runtime.DISK_BYTES[kind]
        if size > runtime.DISK_BYTES[options.accelerator] and not wheels:  # more to fetch than the artist was told
            return f"{LARGER} (about {size / 1e9:.1f} GB)" if "torch" in complaint else complaint
        file = runtime.requirements_file(kind)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder, ignore_cleanup_errors=True) as scratch:
            ATTEMPT.scratch = Path(scratch)
            usable = file if wheels else runtime.reachable_requirements(file, Path(scratch))
            target, source = Path(scratch) / "packages", source_options(options, version)
            total = runtime.package_count(file)
            complaint = install(pip, usable, target, total=total, source=source, variables=variables)
            if not complaint:
                record(target, kind)
                final = folder / runtime.lock_hash([file])
                put_in_place(target, final, Path(scratch))
                say(folder=str(final))
                return ""
        if not complaint.startswith(NO_BUILD):
            break  # another build would meet the same network or disk
    return complaint


def record(target: Path, accelerator: str) -> None:
    """Write down what was installed and its size, so that nobody need count thousands of files again."""
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    told = {"bytes": size, "accelerator": accelerator, "python": ".".join(map(str, sys.version_info[:3]))}
    (target / RECORD).write_text(json.dumps(told), encoding="utf-8")


def put_in_place(made: Path, final: Path, scratch: Path) -> None:
    """Give the finished folder its name; an earlier one of that name steps aside first and goes with the scratch."""
    if final.exists():
        final.rename(scratch / "earlier")
    made.rename(final)


def refusal(options: argparse.Namespace, runtime: ModuleType, pip: list[str]) -> str:
    """Why nothing can be installed, found out before anything is fetched; empty where it can."""
    if options.wheels and not Path(options.wheels).is_dir():
        return f"There is no folder {options.wheels} to take wheels from; choose one of this computer, or none."
    if not pip:
        return "Blender's Python comes without pip here; set a Python that has the libraries in the preferences."
    try:
        runtime.requirements_file(options.accelerator)
    except ValueError as error:
        return f"{error} Use a Blender with such a Python, or set a Python that has the libraries in the preferences."
    needed, free = runtime.disk_needed(options.accelerator), shutil.disk_usage(options.folder).free
    if free < needed:
        return (
            f"The libraries need about {needed / 1e9:.1f} GB while they are installed, but only {free / 1e9:.1f} GB "
            f"are free where {options.folder} lies; free some space and try again."
        )
    return ""


def main() -> int:
    """Install and say how it went."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("root")
    parser.add_argument("folder")
    parser.add_argument("--wheels", default="")
    parser.add_argument("--accelerator", default="")
    parser.add_argument("--watch", action="store_true", help="end when standard input closes")
    options = parser.parse_args()
    if options.watch:
        ATTEMPT.watch()
    sys.path.append(options.root)
    sys.path.append(str(HERE))
    from seif_core.worker import runtime

    options.accelerator = options.accelerator or runtime.find_accelerator()
    pip, version = find_pip()
    complaint = refusal(options, runtime, pip)
    if complaint:
        say(error=complaint)
        return 1
    try:
        complaint = install_into(options, runtime, pip, version)
    except (OSError, ValueError) as error:
        complaint = str(error)
    if complaint:
        from failures import DAMAGED, sentence

        if complaint.startswith(DAMAGED):  # what is kept of it would be as bad the next time
            shutil.rmtree(Path(options.folder) / DOWNLOADS, ignore_errors=True)
        say(error=sentence(complaint))
        return 1
    shutil.rmtree(Path(options.folder) / DOWNLOADS, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
