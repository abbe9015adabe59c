"""The matrix of a public continuous integration: the systems that are supported, and commands that exist here."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = (ROOT / ".github" / "workflows" / "suite.yml").read_text(encoding="utf-8")


def loaded(name: str, path: Path):
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_three_systems_are_in_the_matrix():
    assert {system.split("-")[0] for system in re.findall(r"system: ([\w-]+)", WORKFLOW)} == {
        "ubuntu",
        "macos",
        "windows",
    }


def test_every_command_of_the_workflow_is_a_file_of_the_project():
    commands = re.findall(r"run: (?:python|bash) (\S+)", WORKFLOW)
    assert {".ci/fast.py", ".ci/run", "build.py"} == set(commands)
    assert all((ROOT / command).is_file() for command in commands)


def test_the_tests_of_the_fast_half_are_there():
    fast = loaded("fast", ROOT / ".ci" / "fast.py")
    assert all((ROOT / "tests" / folder).is_dir() for folder in fast.FAST)
    assert all((ROOT / "tests" / "blender" / f"test_blender_{name}.py").is_file() for name in fast.BLENDER)


def test_every_supported_blender_has_its_pinned_requirements():
    blenders = loaded("run_blenders", ROOT / "tools" / "run_blenders.py")
    assert [release.version for release in blenders.RELEASES] == ["4.2", "4.5", "5.0", "5.2"]
    for release in blenders.RELEASES:
        name = release.requirements or "blender.txt"
        pins = re.findall(r"^bpy==(\S+)", (ROOT / "requirements" / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert [pin.rsplit(".", 1)[0] for pin in pins] == [release.version]
