"""A head for Godot, imported by Godot itself, without a window."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sample_head import sample_head

from seif_core.export import preset_named, write_for_engine
from seif_core.expression_choice import parse_choice

GODOT = shutil.which("godot3-server") or ""
SECONDS = 120
"""Within which Godot imports a head; it takes four."""
SCRIPT = Path(__file__).resolve().parents[1] / "support" / "godot_head.gd"


def imported(command: list[str], project: Path) -> None:
    """Let the editor import head.glb; it is ended then, for without a window it often does not end by itself."""
    asked = [*command, "--editor", "--quit"]
    with subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as editor:
        patience = time.monotonic() + SECONDS
        while (
            editor.poll() is None and time.monotonic() < patience and not list(project.glob(".import/head.glb-*.md5"))
        ):
            time.sleep(0.2)
        editor.kill()


@pytest.mark.skipif(not GODOT, reason="there is no Godot 3 without a window (godot3-server)")
def test_godot_imports_a_head_with_its_bones_its_keys_by_name_and_its_open_jaw(tmp_path):
    head, preset = sample_head(), preset_named("godot")
    write_for_engine(head, tmp_path, preset, parse_choice(preset.expressions, preset.spelling))
    (tmp_path / "head_godot.glb").rename(tmp_path / "head.glb")
    (tmp_path / "project.godot").write_text('config_version=4\n[application]\nconfig/name="head"\n', encoding="utf-8")
    shutil.copy(SCRIPT, tmp_path)
    command = [GODOT, "--path", str(tmp_path)]
    imported(command, tmp_path)
    done = subprocess.run([*command, "-s", SCRIPT.name], capture_output=True, check=False, text=True, timeout=120)
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    found = json.loads(line.removeprefix("FOUND "))
    names = [bone.replace("_", "").lower() for bone in found["bones"]]  # Godot 3 spells leftEye left_eye
    assert names == [bone.lower() for bone in preset.bones]
    assert found["keys"][:52] == list(head.key_names)
    opened = head.vertices + head.key_deltas[head.key_names.index("jawOpen")]
    assert min(found["lowest"]) == pytest.approx(head.vertices[:, 1].min(), abs=1e-4)
    assert min(found["opened"]) == pytest.approx(opened[:, 1].min(), abs=1e-4)
