"""Try the add-on as an artist does, in a real Blender window: `python tests/real_window/run.py [--out DIR]`.

Needs Blender (`--blender COMMAND`, by default `blender` from the path) and a screen; without one it starts Xvfb.
Builds the zip, starts Blender with its window and a folder of settings of its own, and lets `session.py` install the
zip, choose a photo, correct landmarks and hairline, cancel, reconstruct, undo, redo, drag a slider, play, export and
print, choose a photo while the worker is busy, run again with changes, switch the hair, make cards and levels of
detail, use every preset, copy an expression, go through the animation panels, save and reopen; then what goes wrong on
purpose: a killed worker, another file in the middle, and with `SEIF_SMALL_DISK` in the environment (a folder on a small
disk, to be `TMPDIR` too) a full one. At the end `DIR` holds pictures of the window, `found.json`, and a table of the
longest times for which the add-on held Blender up is printed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
_LOG = logging.getLogger("real_window")
LIMIT_MS = 100.0
"""Milliseconds of processor time for which the add-on may hold Blender up while a reconstruction runs."""
BLOCKING = (
    "SEIF_OT_export_engine.execute",
    "SEIF_OT_export_engine.modal",
    "SEIF_OT_print_head.execute",
    "SEIF_OT_correct_landmarks.modal",
)
"""Calls that do what the artist asked for at once, as Blender's own exporters do; the last opens the photo once, while
no reconstruction runs."""


def obstacle(blender: str) -> str:
    """Why no real window can be had here, empty where one can."""
    if shutil.which(shlex.split(blender)[0]) is None:
        return f"there is no program {shlex.split(blender)[0]}"
    if (
        sys.platform == "linux"
        and not os.environ.get("DISPLAY")
        and shutil.which("Xvfb") is None
        and blender == "blender"
    ):
        return "there is neither a screen nor Xvfb"
    return ""


@contextmanager
def screen(blender: str) -> Iterator[dict[str, str]]:
    """Variables of a process that finds a screen; a virtual one where there is none."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or blender != "blender":
        yield dict(os.environ)
        return
    server_program = shutil.which("Xvfb") or "Xvfb"
    with subprocess.Popen([server_program, ":78", "-screen", "0", "1600x900x24", "+extension", "GLX"]) as server:
        time.sleep(2.0)
        try:
            yield os.environ | {"DISPLAY": ":78", "LIBGL_ALWAYS_SOFTWARE": "1"}
        finally:
            server.terminate()


def mirrored(photo: Path, target: Path) -> None:
    """Another photo of the same person, as far as the add-on can tell."""
    from PIL import Image, ImageOps

    ImageOps.mirror(Image.open(photo).convert("RGB")).save(target)


def run(options: argparse.Namespace) -> dict:
    """Let Blender play the session; returns what it found."""
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.glob("*.*"):
        old.unlink()
    sys.path.insert(0, str(ROOT / "tools"))
    import stage_extension

    with tempfile.TemporaryDirectory() as scratch, screen(options.blender) as variables:
        second = Path(scratch) / "second.png"
        mirrored(options.photo, second)
        told = {
            "out": str(options.out.resolve()),
            "zip": str(options.zip or stage_extension.build(Path(scratch))),
            "python": str(options.python),
            "photo": str(options.photo.resolve()),
            "second": str(second),
            "seconds": options.seconds,
            "import": options.import_program,
            "steps": options.steps.split(",") if options.steps else None,
        }
        file = options.out / "options.json"
        file.write_text(json.dumps(told))
        command = [
            *shlex.split(options.blender),
            "--factory-startup",
            "--enable-event-simulate",
            "--window-geometry",
            "0",
            "0",
            "1600",
            "900",
        ]
        command += ["--python", str(HERE / "session.py"), "--", str(file.resolve())]
        variables |= {"BLENDER_USER_RESOURCES": str(Path(scratch) / "user")}
        with (options.out / "log.txt").open("wb") as log:
            subprocess.run(
                command, env=variables, stdout=log, stderr=subprocess.STDOUT, timeout=2 * options.seconds, check=False
            )
    found = options.out / "found.json"
    if not found.is_file():
        raise SystemExit(f"Blender ended before the session did; see {options.out / 'log.txt'}.")
    return json.loads(found.read_text())


def too_long(found: dict) -> list[str]:
    """Calls that held Blender up for too long."""
    return [name for name, _, _, own in found["calls"] if own > LIMIT_MS and name not in BLOCKING]


def main() -> int:
    """Run, and print what was found; 0 where every step went well."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "real-window")
    parser.add_argument("--blender", default="blender", help="command that starts Blender with its window")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="Python with the worker's libraries")
    parser.add_argument("--photo", type=Path, default=None)
    parser.add_argument("--zip", type=Path, default=None, help="instead of building it")
    parser.add_argument("--steps", default="", help="only these, with commas between")
    parser.add_argument("--seconds", type=int, default=1200)
    parser.add_argument(
        "--import-program", default=shutil.which("import") or "", help="ImageMagick's import, for pictures"
    )
    options = parser.parse_args()
    reason = obstacle(options.blender)
    if reason:
        _LOG.info("Skipped: %s.", reason)
        return 0
    if options.photo is None:
        from skimage import data_dir

        options.photo = Path(data_dir) / "astronaut.png"
    found = run(options)
    for name, outcome in found["steps"].items():
        _LOG.info("%-20s %s", name, outcome)
    _LOG.info("%-44s %6s %8s %8s", "call", "times", "wall ms", "own ms")
    for name, count, wall, own in found["calls"][:15]:
        _LOG.info("%-44s %6d %8.0f %8.0f", name, count, wall, own)
    longest = too_long(found)
    if longest:
        _LOG.info("Longer than %.0f ms: %s", LIMIT_MS, ", ".join(longest))
    return 0 if all(outcome == "ok" for outcome in found["steps"].values()) and not longest else 1


if __name__ == "__main__":
    sys.exit(main())
