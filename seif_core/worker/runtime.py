"""Which pinned libraries a Python needs to run the worker, on which system and GPU; standard library only.

`build.py` (the repository's own environment) and the add-on's **Install Runtime** ask here, so both install the same.
"""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PYTHON_TAGS: Final = ("py311", "py313")
"""Pythons that there are requirement files for: Blender 4.2 to 5.0, and 5.1 and newer."""

ACCELERATORS: Final = ("cpu", "cuda", "mps")

_INDEX_LINE: Final = re.compile(r"^--extra-index-url (\S+)\n", re.MULTILINE)


def find_accelerator(system: str | None = None) -> str:
    """``mps`` on a Mac, ``cuda`` where NVIDIA's driver answers, ``cpu`` elsewhere.

    Args:
        system: as `platform.system` names it; this machine's when None.
    """
    system = system or platform.system()
    if system == "Darwin":
        return "mps"
    program = shutil.which("nvidia-smi")
    if program is None:
        return "cpu"
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "cpu"
    return "cuda" if listed.returncode == 0 and "GPU" in listed.stdout else "cpu"


def requirements_file(accelerator: str, *, python: Sequence[int] | None = None, system: str | None = None) -> Path:
    """The hash-locked requirement file for one Python, system and accelerator.

    Args:
        accelerator: one of `ACCELERATORS`.
        python: (major, minor, ...) of the Python that will run the worker; this one's when None.
        system: as `platform.system` names it; this machine's when None.

    Raises:
        ValueError: no file for that Python or accelerator; the message is a sentence.
    """
    major, minor = tuple(python or sys.version_info)[:2]
    tag = f"py{major}{minor}"
    if tag not in PYTHON_TAGS:
        raise ValueError(f"The worker's libraries are pinned for Python 3.11 and 3.13, not for {major}.{minor}.")
    if accelerator not in ACCELERATORS:
        raise ValueError(f"There is no accelerator '{accelerator}'; choose one of: {', '.join(ACCELERATORS)}.")
    windows = "-windows" if accelerator == "cuda" and (system or platform.system()) == "Windows" else ""
    return Path(__file__).resolve().parent / f"requirements-{tag}-{accelerator}{windows}.txt"


def index_answers(url: str, timeout: float = 6.0) -> bool:
    """Whether a package index can be reached from here."""
    if not url.startswith("https://"):
        return False
    try:
        with urllib.request.urlopen(url + "/", timeout=timeout) as answer:  # noqa: S310 - https only, checked above
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False


def reachable_requirements(source: Path, folder: Path) -> Path:
    """The requirement file to hand to pip: a copy in `folder` without PyTorch's index where that cannot be reached.

    pip asks every index for every package and waits for each, so an index that does not answer would take minutes;
    the wheels may still come from the user's own index or folder of wheels (pip's ``find-links``).
    """
    text = source.read_text(encoding="utf-8")
    indexes = _INDEX_LINE.findall(text)
    if all(index_answers(url) for url in indexes):
        return source
    copy = folder / source.name
    copy.write_text(_INDEX_LINE.sub("", text), encoding="utf-8")
    return copy


def candidates(accelerator: str, *, python: Sequence[int] | None = None, system: str | None = None) -> list[Path]:
    """Requirement files to try, best first: the registry's build on Linux serves a CPU too, only it is larger."""
    system = system or platform.system()
    order = [accelerator]
    if system == "Linux" and accelerator == "cpu":
        order.append("cuda")
    if system == "Windows" and accelerator == "cuda":
        order.append("cpu")
    return [requirements_file(name, python=python, system=system) for name in order]


def package_count(requirements: Path) -> int:
    """How many packages a requirement file lists (for a progress bar; markers are not weighed)."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line and line[0].isalnum())


def lock_hash(files: Sequence[Path]) -> str:
    """Short hash of requirement files: names a runtime folder, tells whether an environment is up to date."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
