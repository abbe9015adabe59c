"""`seif` with quick stand-ins for its stages: `fake_run.py ARGUMENTS...`; what it does stands in the environment.

FAKE_PAUSE: file that is made when the preview is drawn; the run then waits there for a minute.
FAKE_BLENDER: file that gets the process id of a stand-in for Blender, which runs as long as nobody ends it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import pytest  # noqa: E402 - after the path
from fake_stages import fake_stages, fake_writers  # noqa: E402

from seif_core import blend, cli, preview, results  # noqa: E402


def draw_preview(*arguments):
    arguments[-1].write_bytes(b"written")
    pause = os.environ.get("FAKE_PAUSE")
    if pause:
        Path(pause).touch()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(0.01)


if __name__ == "__main__":
    patch = pytest.MonkeyPatch()
    fake_writers(patch)
    patch.setattr(preview, "draw_preview", draw_preview)
    there = "FAKE_BLENDER" in os.environ
    for module in (results, blend):
        patch.setattr(module, "blender_is_here", lambda: there)
    sys.exit(cli.main(sys.argv[1:], stages=fake_stages()))
