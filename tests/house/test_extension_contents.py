"""What is laid out for the extension's zip: what the add-on runs, and nothing else."""

from __future__ import annotations

import sys

import pytest
from source_tree import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from stage_extension import stage

ROOMS = {
    "appearance",
    "batch",
    "capture",
    "decimation",
    "evaluation",
    "evidence",
    "export",
    "expressions",
    "fitting",
    "flame_exchange",
    "geometry",
    "hair",
    "headmodel",
    "implicit",
    "portrait",
    "preview",
    "printing",
    "registration",
    "uniformize",
    "worker",
}
"""Folders of the library that run in the add-on; a new one is added here on purpose."""

FEATURES = {
    "animate",
    "assets",
    "build",
    "capture",
    "export",
    "flame",
    "hair",
    "lods",
    "models",
    "reconstruct",
    "runtime",
    "worker",
}
DATA = {"capture", "mediapipe", "open_head", "weights"}
FILES = {"LICENSE", "README.md", "__init__.py", "blender_manifest.toml"}
KINDS = {".py", ".txt", ".tflite", ".npz", ".safetensors", ".md", ".toml", ""}


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage") / "seif_blender"
    stage(folder)
    return folder


def folders(path):
    return {p.name for p in path.iterdir() if p.is_dir()}


def test_the_zip_holds_no_room_that_only_the_workshop_needs(staged):
    assert folders(staged / "seif_core") == ROOMS
    assert not list(staged.rglob("*train*"))


def test_the_zip_holds_no_strangers(staged):
    assert folders(staged) == FEATURES | {"seif_core", "vendor"}
    assert folders(staged / "vendor") == DATA
    assert {p.name for p in staged.iterdir() if p.is_file() and p.suffix != ".py"} | {"__init__.py"} == FILES
    strangers = [p for p in staged.rglob("*") if p.is_file() and (p.suffix not in KINDS or p.name.startswith("."))]
    assert not strangers


def test_the_staged_library_has_no_workshop_and_its_command_line_says_so(staged):
    import subprocess

    code = "from seif_core.cli import _parser; print(_parser().format_help())"
    told = subprocess.run([sys.executable, "-c", code], cwd=staged, capture_output=True, text=True, check=True).stdout
    assert "reconstruct" in told
    assert "train" not in told
