"""`seif batch`: resumable, with a table and a contact sheet that tell what became of every photo."""

from __future__ import annotations

import csv
import hashlib
import json
import sys

import numpy as np
import pytest
from batch_work import photos
from fake_stages import fake_stages, fake_writers, sample_portrait
from PIL import Image

from seif_core import cli, cli_batch, results
from seif_core.batch import contact_sheet, processes


@pytest.fixture
def in_this_process(monkeypatch):
    fake_writers(monkeypatch)
    monkeypatch.setattr(results, "blender_is_here", lambda: False)
    monkeypatch.setattr(cli_batch, "run_in_processes", lambda jobs, do, _processes: map(do, jobs))


def read(path, *, face=0, settings=None, progress):
    """A portrait with the checksum that its file has."""
    fake_stages().read_portrait(path, face=face, settings=settings, progress=progress)
    return sample_portrait(path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), warnings=("It is dark.",))


def batch(folder, out, *more):
    arguments = ["batch", str(folder), "--out", str(out), "--texture-size", "64", "--formats", "npz", *more]
    return cli.main(arguments, stages=fake_stages(read_portrait=read))


def rows(out):
    with (out / "batch.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["photo"]: row for row in csv.DictReader(file)}


def test_the_line_before_the_work_counts_threads_as_the_processes_do(in_this_process, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    batch(photos(tmp_path / "in", "a.jpg", "b.jpg"), tmp_path / "out", "--processes", "2")
    assert "2 photos to do, 2 processes of 3 threads" in capsys.readouterr().out
    monkeypatch.delenv("OMP_NUM_THREADS")
    batch(photos(tmp_path / "in", "a.jpg", "b.jpg"), tmp_path / "other", "--processes", "2")
    assert "2 processes of 4 threads" in capsys.readouterr().out


def test_every_photo_has_a_row_that_says_what_became_of_it(in_this_process, tmp_path):
    folder, out = photos(tmp_path / "in", "a.jpg", "b_noface.jpg", "c/a.jpg"), tmp_path / "out"
    assert batch(folder, out) == 2
    table = rows(out)
    assert [row["result"] for row in table.values()] == ["made", "failed", "made"]
    assert table["b_noface.jpg"]["outcome"].startswith("No face was found")
    assert table["a.jpg"]["warnings"] == "It is dark."
    assert (out / table["c/a.jpg"]["folder"] / "head.npz").is_file()
    assert Image.open(out / "batch.jpg").size[0] > 1000


def test_a_second_run_does_only_what_is_missing_or_changed(in_this_process, tmp_path):
    folder, out = photos(tmp_path / "in", "a.jpg", "b.jpg", "c.jpg", "d.jpg"), tmp_path / "out"
    assert batch(folder, out) == 0
    (folder / "b.jpg").write_bytes(b"another photo")
    (out / "c" / "head.npz").unlink()
    (out / "d" / "report.json").write_text("[]", encoding="utf-8")
    assert batch(folder, out) == 0
    assert [row["result"] for row in rows(out).values()] == ["kept", "made", "made", "made"]
    assert rows(out)["a.jpg"]["warnings"] == "It is dark."
    assert batch(folder, out) == 0
    assert {row["result"] for row in rows(out).values()} == {"kept"}


@pytest.mark.parametrize("more", [("--seed", "3"), ("--formats", "npz,glb"), ("--debug-images",)])
def test_other_settings_or_formats_are_done_anew(in_this_process, tmp_path, more):
    folder, out = photos(tmp_path / "in", "a.jpg"), tmp_path / "out"
    assert batch(folder, out) == 0
    assert batch(folder, out, *more) == 0
    assert rows(out)["a.jpg"]["result"] == "made"


def test_a_head_of_another_version_is_made_anew(in_this_process, tmp_path):
    folder, out = photos(tmp_path / "in", "a.jpg"), tmp_path / "out"
    assert batch(folder, out) == 0
    path = out / "a" / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["versions"]["seif"] = "0.0.1"
    path.write_text(json.dumps(report), encoding="utf-8")
    assert batch(folder, out) == 0
    assert rows(out)["a.jpg"]["result"] == "made"


def test_a_run_that_is_stopped_tells_how_far_it_came(in_this_process, tmp_path, monkeypatch):
    def stopped(jobs, do, _processes):
        yield do(jobs[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_batch, "run_in_processes", stopped)
    out = tmp_path / "out"
    assert batch(photos(tmp_path / "in", "a.jpg", "b.jpg"), out) == 130
    assert [row["result"] for row in rows(out).values()] == ["made", "not begun"]


def test_photos_that_no_sheet_holds_go_to_the_next(in_this_process, tmp_path, monkeypatch):
    monkeypatch.setattr(contact_sheet, "_ROWS", 1)
    out = tmp_path / "out"
    folder = photos(tmp_path / "in", *(f"{n}.jpg" for n in range(6)))
    Image.fromarray(np.zeros((300, 200, 3), np.uint8)).save(folder / "0_noface.jpg")
    assert batch(folder, out) == 2
    assert (out / "batch-2.jpg").is_file()
    assert not (out / "batch-3.jpg").exists()


@pytest.mark.parametrize("number", ["0", "-1", "5000"])
def test_a_number_of_processes_that_makes_no_sense_is_refused(tmp_path, number):
    assert batch(photos(tmp_path / "in", "a.jpg"), tmp_path / "out", "--processes", number) == 9


def test_without_ray_the_sentence_says_how_to_get_it(in_this_process, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert batch(photos(tmp_path / "in", "a.jpg"), tmp_path / "out", "--ray", "local") == 5
    assert "pip install ray" in capsys.readouterr().err
