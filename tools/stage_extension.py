"""Build `dist/seif_blender-<version>.zip`: stage the add-on, the library and the data, then Blender's own builder.

Blender's `build` wants one folder with `__init__.py` beside the manifest and cannot map paths, so everything is laid
out first: `seif_blender/*`, `blender_manifest.toml`, `seif_core/`, `vendor/`, the licence. The builder and validator
are those of the module `bpy` (`bl_pkg/cli/blender_ext.py`), which run without starting Blender.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
DIST: Final = ROOT / "dist"
MANIFEST: Final = "blender_manifest.toml"
DATA: Final = ("vendor/capture", "vendor/mediapipe", "vendor/open_head", "vendor/weights")
"""Folders of data without which nothing can be reconstructed."""
_IGNORED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "*.orig")
WORKSHOP: Final = "workshop"
"""Folder of `seif_core` that stays in the checkout: it makes committed data and trains."""
_LOG = logging.getLogger("stage_extension")


PLATFORMS: Final = {
    ("Linux", "x86_64"): "linux-x64",
    ("Windows", "amd64"): "windows-x64",
    ("Darwin", "arm64"): "macos-arm64",
}
"""System and machine, as `platform` names them -> Blender's name; those that the requirement files are for."""
BLENDERS: Final = {
    (3, 11): {"blender_version_min": "4.2.0", "blender_version_max": "5.1.0"},
    (3, 13): {"blender_version_min": "5.1.0"},
}
"""Python -> the manifest's range of Blenders that have it; `max` is the first that has not."""


BUNDLED: Final = "bundled_runtime"
"""Folder of the extension with its runtime, where `seif_blender.runtime.location` looks for it."""


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
    """Stage, build and validate the zip for all platforms; returns it.

    Raises:
        StageError: a part is missing, or Blender's tool finds something wrong.
    """
    return build_all(out)[0]


def build_all(out: Path = DIST, *, bundle: str = "", split: bool = False) -> list[Path]:
    """Stage, build and validate; returns the zips.

    Args:
        out: folder for them.
        bundle: accelerator whose runtime goes into the zip, which then needs no network, for this system and Python
            alone; empty for the zip without.
        split: a zip for each platform instead of one for all.

    Raises:
        StageError: a part is missing, or Blender's tool finds something wrong.
    """
    manifest = tomllib.loads((ROOT / MANIFEST).read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    name = f"{manifest['id']}-{manifest['version']}"
    with tempfile.TemporaryDirectory() as scratch:
        staged, made = Path(scratch) / manifest["id"], Path(scratch) / "made"
        made.mkdir()
        stage(staged)
        if bundle:
            system = this_platform()
            add_runtime(staged, bundle)
            change_manifest(staged / MANIFEST, [system], versions_for(sys.version_info[:2]))
            name += f"-{system}-py{sys.version_info[0]}{sys.version_info[1]}-{bundle}"
        elif split:
            change_manifest(staged / MANIFEST, list(PLATFORMS.values()), {})
        if split and not bundle:
            run_tool("build", "--source-dir", str(staged), "--output-dir", str(made), "--split-platforms")
        else:
            _LOG.info("Packing %s.zip.", name)
            run_tool("build", "--source-dir", str(staged), "--output-filepath", str(made / f"{name}.zip"))
        built = sorted(made.glob("*.zip"))
        for path in built:
            run_tool("validate", str(path))
        return [Path(shutil.move(path, out / path.name)) for path in built]


def this_platform() -> str:
    """Blender's name of the platform that this runs on.

    Raises:
        StageError: it has none.
    """
    key = (platform.system(), platform.machine().lower())
    if key not in PLATFORMS:
        raise StageError(f"Blender has no name for this platform, {key[0]} on {key[1]}; build without a runtime.")
    return PLATFORMS[key]


def versions_for(python: tuple[int, int]) -> dict[str, str]:
    """Fields of the manifest that keep a zip with a runtime to Blenders of the Python that it was made for.

    Raises:
        StageError: no Blender that is supported has that Python.
    """
    if python not in BLENDERS:
        raise StageError(f"No supported Blender has Python {python[0]}.{python[1]}; use 3.11 or 3.13.")
    return BLENDERS[python]


def change_manifest(path: Path, platforms: list[str], versions: dict[str, str]) -> None:
    """Say in a staged manifest for which platforms and Blenders the zip is."""
    fields = {"platforms": platforms, **versions}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.split("=")[0].strip() not in fields]
    table = next(number for number, line in enumerate(lines) if line.startswith("["))
    new = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    path.write_text("\n".join([*lines[:table], *new, "", *lines[table:], ""]), encoding="utf-8")


def add_runtime(staged: Path, accelerator: str) -> None:
    """Install the worker's libraries into a staged extension, with the installer that artists use.

    Raises:
        StageError: they could not be installed.
    """
    folder = staged / BUNDLED
    folder.mkdir()
    program = [sys.executable, str(ROOT / "seif_blender/runtime/installer.py"), str(ROOT), str(folder)]
    _LOG.info("Installing the %s libraries into the zip's folder; this takes minutes.", accelerator)
    last: dict[str, Any] = {}
    with subprocess.Popen([*program, "--accelerator", accelerator], stdout=subprocess.PIPE, text=True) as process:
        tenth = 0
        for line in process.stdout or ():
            last = json.loads(line)
            if int(last.get("fraction", 0) * 10) > tenth:
                tenth = int(last["fraction"] * 10)
                _LOG.info("  %d %%  %s", 10 * tenth, last.get("detail", ""))
    if "folder" not in last:
        raise StageError(str(last.get("error") or "The runtime's installer ended unexpectedly."))


def write_repository(folder: Path) -> None:
    """Write the index of a folder of zips (`index.json`, `index.html`), from which Blender installs and updates.

    Raises:
        StageError: Blender's tool finds something wrong.
    """
    run_tool("server-generate", "--repo-dir", str(folder), "--html")


def main() -> int:
    """The command; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    parser = argparse.ArgumentParser(allow_abbrev=False, description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("out", nargs="?", type=Path, default=DIST, help="folder for the zips (default: dist)")
    parser.add_argument(
        "--bundle-runtime",
        default="",
        metavar="ACCELERATOR",
        nargs="?",
        const="cpu",
        help="with the worker's libraries inside: works offline, on this system and Python alone",
    )
    parser.add_argument("--split-platforms", action="store_true", help="a zip for each platform")
    parser.add_argument("--repository", action="store_true", help="also the index, for a repository of your own")
    options = parser.parse_args()
    try:
        made = build_all(options.out, bundle=options.bundle_runtime, split=options.split_platforms)
        if options.repository:
            write_repository(options.out)
    except StageError as error:
        _LOG.error("%s", error)
        return 1
    for target in made:
        _LOG.info("Built and validated %s (%.1f MB).", target.name, target.stat().st_size / 1e6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
