"""The session in a real window, where there is a Blender program and a screen."""

from __future__ import annotations

import subprocess
import sys

import pytest
from real_window.run import HERE, obstacle

REASON = obstacle("blender")


@pytest.mark.slow
@pytest.mark.skipif(bool(REASON), reason=REASON or "runs")
def test_an_artist_s_way_from_the_zip_to_a_printed_head_works_in_a_real_window(tmp_path):
    done = subprocess.run(
        [sys.executable, HERE / "run.py", "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
