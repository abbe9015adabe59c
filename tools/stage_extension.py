"""Build `dist/seif_blender-<version>.zip`: stage the add-on, the library and the data, then Blender's own builder.

Blender's `build` wants one folder with `__init__.py` beside the manifest and cannot map paths, so everything is laid
out first: `seif_blender/*`, `blender_manifest.toml`, `seif_core/`, `vendor/`, the licence. The builder and validator
are those of the module `bpy` (`bl_pkg/cli/blender_ext.py`), which run without starting Blender.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DIST: Final = ROOT / "dist"
MANIFEST: Final = "blender_manifest.toml"
DATA: Final = ("vendor/capture", "vendor/mediapipe", "vendor/open_head", "vendor/weights")
"""Folders of data without which nothing can be reconstructed."""
_IGNORED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "*.orig")
WORKSHOP: Final = "workshop"
"""Folder of `seif_core` that stays in the checkout: it makes committed data and trains."""
_LOG = logging.getLogger("stage_extension")


class StageError(Exception):
    """One sentence: what is missing or what Blender's tool said."""


def stage(folder: Path) -> None:
    """Lay the extension out in `folder`, which must not exist.

    Raises:
        StageError: a part of the project is missing.
    """
    for needed in (MANIFEST, "seif_blender/__init__.py", "seif_core/__init__.py", *DATA):
        if not (ROOT / needed).exists():
            raise StageError(f"{needed} is missing from the repository; nothing was built.")
    shutil.copytree(ROOT / "seif_blender", folder, ignore=_IGNORED)
    shutil.copytree(ROOT / "seif_core", folder / "seif_core", ignore=_library_without_workshop)
    shutil.copytree(ROOT / "vendor", folder / "vendor", ignore=_IGNORED)
    for name in (MANIFEST, "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, folder / name)


def _library_without_workshop(folder: str, names: list[str]) -> set[str]:
    """Names that are not copied out of a folder of the library."""
    left = set(_IGNORED(folder, names))
    return left | {WORKSHOP} if Path(folder) == ROOT / "seif_core" else left


def blender_tool() -> Path:
    """Blender's command-line tool for extensions, out of the installed module `bpy` (which is not imported).

    Raises:
        StageError: the module is not installed.
    """
    found = importlib.util.find_spec("bpy")
    origin = Path(found.origin).parent if found is not None and found.origin else None
    tools = sorted(origin.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")) if origin else []
    if not tools:
        raise StageError("Blender's extension builder comes with the package bpy, which is not installed.")
    return tools[-1]


def run_tool(*arguments: str) -> str:
    """Run Blender's tool and return what it said.

    Raises:
        StageError: it found something wrong.
    """
    done = subprocess.run(
        [sys.executable, str(blender_tool()), *arguments], capture_output=True, text=True, check=False
    )
    said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())
    if done.returncode:
        raise StageError(f"Blender's tool refuses the extension ({said.splitlines()[-1] if said else 'no message'}).")
    return said


def build(out: Path = DIST) -> Path:
    """Stage, build and validate; returns the zip.

    Raises:
        StageError: a part is missing, or Blender's tool finds something wrong.
    """
    manifest = tomllib.loads((ROOT / MANIFEST).read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{manifest['id']}-{manifest['version']}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch) / manifest["id"]
        stage(staged)
        built = Path(scratch) / target.name
        run_tool("build", "--source-dir", str(staged), "--output-filepath", str(built))
        run_tool("validate", str(built))
        shutil.move(built, target)
    return target


def main() -> int:
    """The command; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        target = build(Path(sys.argv[1]) if len(sys.argv) > 1 else DIST)
    except StageError as error:
        _LOG.error("%s", error)
        return 1
    _LOG.info("Built and validated %s (%.1f MB).", target.name, target.stat().st_size / 1e6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
