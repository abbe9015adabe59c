"""What stands in the panel: the order of its parts, how sentences are broken into lines."""

from __future__ import annotations

import pytest

pytest.importorskip("bpy", reason="needs Blender's Python module")

from seif_blender import registration
from seif_blender.ui import wrapped


def test_tools_stand_before_licences_in_the_heads_panel():
    classes = [c for module in registration._MODULES for c in module.CLASSES]
    parts = [c for c in classes if getattr(c, "bl_parent_id", "") == "SEIF_PT_head"]
    labels = [part.bl_label for part in sorted(parts, key=lambda part: part.bl_order)]
    assert labels[:4] == ["Hair", "Jaw, Neck and Eyes", "Emotions", "Expression"]
    assert labels[4:] == ["Performance Capture", "Export", "FLAME", "Origin and Licence"]


def test_a_number_stays_with_its_unit():
    lines = wrapped("31 s: hair 8 s, mesh 4 s, shape 4 s", 34)
    assert [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] == ["31 s: hair 8 s, mesh 4 s, shape", "4 s"]


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_a_path_breaks_behind_its_folders_and_nothing_of_it_is_lost(separator):
    path = separator.join(["", "home", "somebody", "extensions", ".user", "user_default", "seif_blender", "runtime"])
    lines = wrapped(f"About 1.5 GB in {path}; nothing else is changed.", 32)
    assert all(len(line) <= 32 for line in lines)
    assert sum(line.endswith(separator) for line in lines) == 2
    assert path in "".join(lines)
