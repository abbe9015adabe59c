"""Run the add-on's tests in each supported Blender: `python build.py blenders [VERSION ...] [-- pytest arguments]`.

Blender comes as the module `bpy`, each release in an environment of its own under `.blenders/`. Those on this Python
lie over the libraries of `.venv` and take a few hundred megabytes each; 5.2 has its own, for it needs Python 3.13,
without which it is left out and that is told. The last line says how many Blenders passed.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
ENVIRONMENTS: Final = ROOT / ".blenders"
STAMP: Final = "installed.txt"
TESTS: Final = ("tests/blender",)
_LOG = logging.getLogger("run_blenders")


@dataclass(frozen=True)
class Release:
    """A supported Blender.

    Attributes:
        version: as Blender counts.
        python: the Python that its module needs.
        requirements: file in `requirements/`; empty for the Blender of `.venv`.
        shares: whether it lies over the libraries of `.venv`.
    """

    version: str
    python: tuple[int, int]
    requirements: str
    shares: bool


RELEASES: Final = (
    Release("4.2", (3, 11), "blender-4.2-alone.txt", shares=True),
    Release("4.5", (3, 11), "blender-4.5-alone.txt", shares=True),
    Release("5.0", (3, 11), "", shares=True),
    Release("5.2", (3, 13), "blender-5.2.txt", shares=False),
)


class MissingError(Exception):
    """One sentence on why a Blender cannot be had here."""


def find_python(wanted: tuple[int, int]) -> str:
    """A Python of that version on this machine.

    Raises:
        MissingError: there is none.
    """
    if sys.version_info[:2] == wanted:
        return sys.executable
    words = ".".join(map(str, wanted))
    told = f"import sys; sys.exit(sys.version_info[:2] != {wanted})"
    for command in (["py", f"-{words}"], [f"python{words}"], *([str(p)] for p in _pyenv(words))):
        program = shutil.which(command[0])
        asked = [program or "", *command[1:], "-c", told]
        if program and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            where = [*asked[:-1], "import sys; print(sys.executable)"]
            return subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    raise MissingError(f"it needs Python {words}, which is not here")


def _pyenv(version: str) -> list[Path]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return sorted(root.glob(f"versions/{version}.*/bin/python"))


def environment_of(release: Release) -> Path:
    """The Python with that Blender in it, made where it is not there yet.

    Raises:
        MissingError: it cannot be made here.
    """
    if not release.requirements:
        return Path(sys.executable)
    source = ROOT / "requirements" / release.requirements
    folder = ENVIRONMENTS / release.version
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / STAMP
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == source.read_text(encoding="utf-8"):
        return python
    creator = find_python(release.python)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([creator, "-m", "venv", str(folder)], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(source), *(["--no-deps"] if release.shares else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise MissingError(f"it could not be installed ({lines[-1] if lines else 'pip said nothing'})")
    if release.shares:
        own = subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        Path(own, "zz_shared.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")  # after its own
    stamp.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    return python


def run_tests(python: Path, arguments: list[str]) -> int:
    """Run pytest in that environment; returns its exit code."""
    variables = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONNOUSERSITE": "1"}
    command = [str(python), "-m", "pytest", "-q", *(arguments or TESTS)]
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


def main() -> int:
    """Run them one after another; returns 0 if all that are here passed."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    given = sys.argv[1:]
    split = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(
        allow_abbrev=False, prog="build.py blenders", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    known = [release.version for release in RELEASES]
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"some of {', '.join(known)}; all if left out")
    versions = parser.parse_args(given[:split]).versions or known
    strangers = [version for version in versions if version not in known]
    if strangers:
        parser.error(f"there is no Blender {', '.join(strangers)} here; choose from {', '.join(known)}")
    outcomes = {}
    for release in (release for release in RELEASES if release.version in versions):
        try:
            python = environment_of(release)
        except MissingError as missing:
            outcomes[release.version] = "left out"
            _LOG.warning("Blender %s is left out: %s.", release.version, missing)
            continue
        _LOG.info("Blender %s", release.version)
        outcomes[release.version] = "failed" if run_tests(python, given[split + 1 :]) else "passed"
    for version, outcome in outcomes.items():
        _LOG.info("Blender %s: %s", version, outcome)
    count = list(outcomes.values()).count
    _LOG.info("%d passed, %d failed, %d left out", count("passed"), count("failed"), count("left out"))
    return 1 if count("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
