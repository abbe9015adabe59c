"""`seif capture`: what it writes from each source, and what it refuses before any work."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sample_head import sample_head
from sample_performance import sample_performance
from test_live_link import codes, csv_file

from seif_core import blend
from seif_core.__main__ import main
from seif_core.capture.performance import Performance
from seif_core.errors import DependencyError, HeadFormatError

TSV = "0.00\tX\n0.20\tB\n0.55\tD\n0.90\tX\n"


@pytest.fixture
def spoken(tmp_path):
    file = tmp_path / "voice.tsv"
    file.write_text(TSV, encoding="utf-8")
    return file


def test_visemes_become_a_performance_for_any_head(tmp_path, spoken):
    assert main(["capture", "--visemes", str(spoken), "--rate", "30", "--out", str(tmp_path / "p.npz")]) == 0
    found = Performance.load(tmp_path / "p.npz")
    assert found.rate == 30
    assert found.for_keys(("jawOpen",)).max() > 0.1
    assert main(["capture", "--visemes", str(spoken), "--out", str(tmp_path / "p.json")]) == 0
    told = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert "jawOpen" in json.dumps(told)


def test_a_glb_of_a_performance_has_an_animation(tmp_path, spoken):
    sample_head().save(tmp_path / "head.npz")
    command = ["capture", "--visemes", str(spoken), "--head", str(tmp_path / "head.npz")]
    assert main([*command, "--out", str(tmp_path / "p.glb")]) == 0
    data = (tmp_path / "p.glb").read_bytes()
    length = int(np.frombuffer(data[12:16], "<u4")[0])
    scene = json.loads(data[20 : 20 + length])
    paths = {channel["target"]["path"] for channel in scene["animations"][0]["channels"]}
    assert "weights" in paths
    assert not list(tmp_path.glob(".*part"))


def test_a_performance_file_is_played_by_a_head_and_a_csv_needs_no_option(tmp_path, capsys):
    sample_head().save(tmp_path / "head.npz")
    (tmp_path / "p.npz").write_bytes(sample_performance().as_bytes())
    command = ["capture", str(tmp_path / "p.npz"), "--head", str(tmp_path / "head.npz"), "--out"]
    assert main([*command, str(tmp_path / "p.glb"), "--rate", "5"]) == 0
    assert b'"animations"' in (tmp_path / "p.glb").read_bytes()
    assert "--rate has no effect" in capsys.readouterr().err
    assert main(["capture", str(tmp_path / "head.npz"), "--out", str(tmp_path / "p.json")]) == HeadFormatError.exit_code
    assert "is no performance" in capsys.readouterr().err
    csv_file(tmp_path / "take.csv", codes(5), np.zeros((5, 61)))
    assert main(["capture", str(tmp_path / "take.csv"), "--out", str(tmp_path / "t.npz")]) == 0
    assert len(Performance.load(tmp_path / "t.npz").times) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name one source"),
        (["photo.png", "--live-link", "take.csv"], "Name one source"),
        (["--live-link", "take.csv", "--out", "p.gif"], "does not end in one of"),
        (["--live-link", "take.csv", "--out", "p.glb"], "name its head.npz"),
        (["video.mp4", "--same-person"], "name its head.npz"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(tmp_path, capsys, arguments, said):
    out = [] if "--out" in arguments else ["--out", str(tmp_path / "p.npz")]
    assert main(["capture", *arguments, *out]) != 0
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_missing_or_broken_source_has_its_exit_code(tmp_path, capsys):
    broken = tmp_path / "take.csv"
    broken.write_text("no,live,link\n1,2,3\n", encoding="utf-8")
    for file in (broken, tmp_path / "missing.csv"):
        assert main(["capture", "--live-link", str(file), "--out", str(tmp_path / "p.npz")]) == 11
        assert file.name in capsys.readouterr().err


def test_an_output_that_cannot_be_written_leaves_nothing(tmp_path, spoken, capsys):
    out = tmp_path / "nowhere" / "p.npz"
    assert main(["capture", "--visemes", str(spoken), "--out", str(out)]) == 3
    assert "There is no folder" in capsys.readouterr().err
    assert not out.parent.exists()


def test_a_blend_that_cannot_be_written_here_is_told_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(blend, "blender_is_here", lambda: False)
    sample_head().save(tmp_path / "head.npz")
    (tmp_path / "take.csv").write_text("no,live,link\n", encoding="utf-8")
    source = ["--live-link", str(tmp_path / "take.csv"), "--head", str(tmp_path / "head.npz")]
    assert main(["capture", *source, "--out", str(tmp_path / "p.blend")]) == DependencyError.exit_code
    assert "bpy" in capsys.readouterr().err
