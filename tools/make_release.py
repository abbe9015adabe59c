"""Write a release: `build.py release` makes `dist/release-<version>/` with all that is published.

The zip, Blender's repository index, what changed in this version, every file's checksum, and the licences of the code,
of the data that ships and of the libraries that the runtime installs.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Final

from stage_extension import DIST, MANIFEST, ROOT, StageError, build, write_repository

CHECKSUMS: Final = "SHA256SUMS"
_LOG: Final = logging.getLogger("make_release")
_PIN: Final = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)
_HEADING: Final = re.compile(r"^## +(.*)$", re.MULTILINE)


def changes(text: str, version: str) -> str:
    """The changelog's section of a version, or what is unreleased yet.

    Raises:
        StageError: there is neither.
    """
    headings = list(_HEADING.finditer(text))
    for wanted in (version, "Unreleased"):
        for number, heading in enumerate(headings):
            if heading[1].strip().split()[0] == wanted:
                end = headings[number + 1].start() if number + 1 < len(headings) else len(text)
                return text[heading.start() : end].strip() + "\n"
    raise StageError(f"CHANGELOG.md has no section of {version}; write what users notice first.")


def libraries() -> str:
    """A table of the libraries that the runtime installs, with the licence that each declares, as far as known here."""
    pins: dict[str, str] = {}
    for file in sorted((ROOT / "seif_core" / "worker").glob("requirements-*.txt")):
        pins |= dict(_PIN.findall(file.read_text(encoding="utf-8")))
    rows = [f"| {name} | {version} | {_licence(name)} |" for name, version in sorted(pins.items())]
    return "\n".join(["| library | version | licence |", "|---|---|---|", *rows, ""])


def _licence(name: str) -> str:
    """The licence that an installed distribution declares, in one line."""
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return "see its own files (not installed where this list was made)"
    classifiers = [c.rsplit(" :: ", 1)[-1] for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    declared = told.get("License-Expression") or ", ".join(classifiers) or (told.get("License") or "").split("\n")[0]
    return declared.strip()[:100] or "see its own files"


def licences() -> str:
    """All licences in one text."""
    own = (ROOT / "LICENSE").read_text(encoding="utf-8")
    data = (ROOT / "vendor" / "README.md").read_text(encoding="utf-8")
    parts = ["# Libraries that the runtime installs", libraries(), data, "# This code: GPL-3.0-or-later", own]
    return "\n\n".join(parts)


def checksums(folder: Path) -> str:
    """Lines as `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != CHECKSUMS)
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def release(out: Path = DIST) -> Path:
    """Write the release's folder and return it; an earlier one of the same version is replaced.

    Raises:
        StageError: a part is missing, or Blender's tool finds something wrong.
    """
    version = tomllib.loads((ROOT / MANIFEST).read_text(encoding="utf-8"))["version"]
    told = changes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    folder = out / f"release-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    build(folder)
    write_repository(folder)
    (folder / "CHANGES.md").write_text(told, encoding="utf-8")
    (folder / "LICENCES.md").write_text(licences(), encoding="utf-8")
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    return folder


def main() -> int:
    """The command; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        folder = release(Path(sys.argv[1]) if len(sys.argv) > 1 else DIST)
    except StageError as error:
        _LOG.error("%s", error)
        return 1
    for path in sorted(folder.iterdir()):
        _LOG.info("%-40s %10d bytes", path.name, path.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
