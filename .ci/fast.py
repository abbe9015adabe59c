"""What a public continuous integration runs on each system: `python .ci/fast.py`. Standard library alone.

Linter, formatter and types; the half of the suite that needs no network to be run on a photo; the built zip, installed
into Blender and used. The same commands as `.ci/run`, which runs the whole suite.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FAST = (
    *("capture", "decimation", "export", "expressions", "flame_exchange", "geometry", "headmodel", "house"),
    *("registration", "worker"),
)
"""Folders of tests that take a minute or two together."""

BLENDER = ("build", "correctives", "extension", "models", "runtime")
"""Tests of the add-on: what is built, and the zip."""


def main() -> int:
    """Run all of it; returns the first exit code that is not 0."""
    tests = [f"tests/{folder}" for folder in FAST] + [f"tests/blender/test_blender_{name}.py" for name in BLENDER]
    tests += ["tests/blender/test_scene_head.py", "tests/blender/test_scene_lods.py"]
    for command in (["check"], ["test", *tests], ["extension"]):
        code = subprocess.run([sys.executable, "build.py", *command], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
