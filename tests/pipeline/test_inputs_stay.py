"""No command writes over, or clears away, a file that it reads: `tests/pipeline/test_run_outcomes.py` for photos."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sample_head import sample_head

from seif_core import cli
from seif_core.errors import OutputError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder as a run leaves it: a head with a file for engines, a picture and the report that lists them."""
    folder = tmp_path_factory.mktemp("made") / "face"
    folder.mkdir()
    sample_head().save(folder / "head.npz")
    for name in ("head.blend", "preview.png"):
        (folder / name).write_bytes(name.encode())
    listed = [{"name": path.name, "bytes": path.stat().st_size} for path in folder.iterdir()]
    (folder / "report.json").write_text(json.dumps({"outputs": listed}))
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def copy(made, place):
    place.mkdir()
    for name, content in contents(made).items():
        (place / name).write_bytes(content)
    return place


@pytest.mark.parametrize("more", [("--formats", "obj"), ("--preset", "godot")])
def test_an_export_into_the_folder_of_its_head_takes_nothing_away(made, tmp_path, more):
    folder = copy(made, tmp_path / "face")
    assert cli.main(["export", str(folder / "head.npz"), "--out", str(folder), *more]) == 0
    found = contents(folder)
    assert found.items() >= contents(made).items()
    assert len(found) > len(contents(made))


def test_an_export_into_the_folder_of_another_head_is_refused(made, tmp_path, capsys):
    folder = copy(made, tmp_path / "face")
    replace(sample_head(), name="another").save(tmp_path / "other.npz")
    assert cli.main(["export", str(tmp_path / "other.npz"), "--out", str(folder)]) == OutputError.exit_code
    assert "another head" in capsys.readouterr().err
    assert contents(folder) == contents(made)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["face", "other.npz"]


def test_a_head_that_is_called_like_a_result_is_not_written_over(made, tmp_path):
    head = tmp_path / "head.glb"
    head.write_bytes((made / "head.npz").read_bytes())
    assert cli.main(["export", str(head), "--out", str(tmp_path)]) == OutputError.exit_code
    assert head.read_bytes() == (made / "head.npz").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["head.glb"]


@pytest.mark.parametrize(
    ("command", "out"),
    [
        (["export-flame", "head.npz"], "head.npz"),
        (["export-flame", "head.npz", "--model", "flame.npz"], "flame.npz"),
        (["import-flame", "take.npz", "--head", "head.npz"], "head.npz"),
        (["import-flame", "take.npz", "--head", "head.npz", "--motion"], "take.npz"),
        (["import-flame", "takes", "--head", "head.npz", "--motion"], "takes/1.npz"),
        (["capture", "--visemes", "voice.json", "--head", "head.npz"], "head.npz"),
        (["capture", "--visemes", "voice.json"], "voice.json"),
        (["capture", "--visemes", "voice.json"], "takes/../voice.json"),
        (["print", "head.stl"], "head.stl"),
    ],
)
def test_no_file_that_is_read_is_written_over(made, tmp_path, monkeypatch, command, out):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "takes").mkdir()
    for name in ("head.npz", "head.stl"):
        (tmp_path / name).write_bytes((made / "head.npz").read_bytes())
    (tmp_path / "voice.json").write_text('{"mouthCues": [{"start": 0, "end": 1, "value": "D"}]}', encoding="utf-8")
    for name in ("flame.npz", "take.npz", "takes/1.npz"):
        (tmp_path / name).write_bytes(b"of hours")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert cli.main([*command, "--out", out]) == OutputError.exit_code
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
