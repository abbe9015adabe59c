"""The time left is told from the last run of the same kind on this machine. No Blender here."""

from __future__ import annotations

import time

import pytest

from seif_blender.worker.job import Job, State
from seif_blender.worker.pace import Pace, PaceFile, kind_of

PACE = Pace((0.0, 0.2, 0.6, 1.0), (0.0, 2.0, 30.0, 40.0))
"""A slow middle, as a busy machine's libraries or a large photo make it."""


def test_the_time_left_follows_the_kept_run_and_not_the_progress_bar():
    assert PACE.remaining(0.2, 2.0) == pytest.approx(38.0)  # by the bar's speed alone it would be 8
    assert PACE.remaining(0.6, 30.0) == pytest.approx(10.0)
    assert PACE.remaining(1.0, 40.0) == 0.0


def test_a_run_that_is_slower_than_the_kept_one_is_told_as_slower_the_more_is_known():
    assert 38 * 1.2 < PACE.remaining(0.2, 4.0) < 38 * 2
    assert PACE.remaining(0.6, 60.0) == pytest.approx(20.0, rel=0.15)
    assert PACE.remaining(0.0, 0.0) == pytest.approx(40.0)


def test_a_stage_that_stands_still_does_not_let_the_time_left_fall():
    told = [PACE.remaining(0.6, elapsed) for elapsed in (30.0, 40.0, 60.0)]
    assert told == sorted(told)


def test_a_run_is_kept_and_comes_back_for_its_kind_alone(tmp_path):
    file = PaceFile(tmp_path / "pace.json")
    full = kind_of({"quality": "full", "face": 0}, first=False)
    assert full == kind_of({"quality": "full", "face": 3}, first=False)
    assert full != kind_of({"quality": "fast"}, first=False)
    assert full != kind_of({"quality": "full"}, first=True)
    file.keep(full, PACE)
    assert PaceFile(tmp_path / "pace.json").read(full) == PACE
    assert file.read(kind_of({"quality": "fast"}, first=False)) is None


def test_a_kind_that_never_ran_is_told_from_the_one_that_is_most_like_it(tmp_path):
    file = PaceFile(tmp_path / "pace.json")
    settings = {"quality": "full", "hair": "layer", "texture_size": 2048}
    file.keep(kind_of(settings, first=True), PACE)
    file.keep(kind_of(settings | {"hair": "none", "texture_size": 0}, first=True), Pace((0.0, 1.0), (0.0, 5.0)))
    assert file.read(kind_of(settings, first=False)) == PACE  # the worker's second head: the bar alone told a quarter
    assert file.read(kind_of(settings | {"texture_size": 1024}, first=False)) == PACE
    assert file.read(kind_of(settings | {"quality": "fast"}, first=False)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "no",
        '{"k": 3}',
        '{"k": [[0, 0]]}',
        '{"k": [[0, 5], [1, 2]]}',
        '{"k": [["a", 1], [1, 2]]}',
        "[" * 90000,
    ],
)
def test_a_damaged_file_costs_the_estimate_alone(tmp_path, text):
    (tmp_path / "pace.json").write_text(text, encoding="utf-8")
    file = PaceFile(tmp_path / "pace.json")
    assert file.read("k") is None
    file.keep("k", PACE)
    assert file.read("k") == PACE


def test_a_folder_that_is_not_there_costs_the_estimate_alone(tmp_path):
    file = PaceFile(tmp_path / "none" / "pace.json")
    file.keep("k", PACE)
    assert file.read("k") is None


def test_progress_that_falls_or_repeats_makes_no_crooked_run():
    pace = Pace.of([(0.1, 1.0), (0.1, 2.0), (0.05, 3.0), (0.5, 4.0), (1.0, 5.0)], 8.0)
    assert pace == Pace((0.0, 0.1, 0.5, 1.0), (0.0, 1.0, 4.0, 8.0))
    assert Pace.of([(0.5, 0.1)], 0.2) is None


def test_a_job_that_succeeds_teaches_the_next_one_and_a_failed_one_does_not(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    file = PaceFile(tmp_path / "pace.json")

    def run(state: State) -> list[float | None]:
        job, told = Job(tmp_path / "a.jpg", {"quality": "full"}, paces=file), []
        job.begin(first=False)
        for total, seconds in ((0.05, 10.0), (0.5, 5.0), (0.9, 5.0)):
            told.append(job.remaining)
            clock[0] += seconds
            job.go_on("Fit", total)
        told.append(job.remaining)
        job.finish(state)
        assert job.remaining is None
        return told

    assert run(State.FAILED)[0] is None
    assert run(State.SUCCEEDED)[0] is None
    told = run(State.SUCCEEDED)
    assert told[0] == pytest.approx(20.0)
    assert told[1] == pytest.approx(10.0)
    assert told[3] == pytest.approx(0.0, abs=1e-6)
