"""docs/first-change.md followed line by line on a copy of the project: a guide that lies is worse than none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from source_tree import ROOT

BLOCK = re.compile(r"```(python|diff) (\S+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    if (ROOT / "seif_core" / "export" / "off.py").exists():
        pytest.skip("the guide has been followed in this checkout")
    folder = tmp_path_factory.mktemp("first") / "project"
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("seif_core", "tests", "pyproject.toml", "vendor"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def changes():
    return BLOCK.findall((ROOT / "docs" / "first-change.md").read_text(encoding="utf-8"))


def applied(text, diff):
    """Text with each run of - lines replaced by the + lines behind it."""
    for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", diff, re.MULTILINE):
        before = re.sub(r"^-", "", old, flags=re.MULTILINE)
        assert text.count(before) == 1, f"the guide expects {before!r} once"
        text = text.replace(before, re.sub(r"^\+", "", new, flags=re.MULTILINE))
    return text


def passes(folder):
    command = [sys.executable, "-m", "pytest", "-q", "tests/export/test_export_off.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def test_the_guide_leads_from_a_failing_test_to_a_passing_one(copy):
    (first, *others) = changes()
    (copy / first[1]).write_text(first[2], encoding="utf-8")
    assert not passes(copy)
    for kind, name, text in others:
        path = copy / name
        path.write_text(text if kind == "python" else applied(path.read_text(encoding="utf-8"), text), encoding="utf-8")
    assert passes(copy)
    code = "from seif_core.results import parse_formats; assert parse_formats('off') == ('off',)"
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True)
