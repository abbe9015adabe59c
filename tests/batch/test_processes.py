"""The processes of a batch: a photo that fails, or takes its process with it, does not stop the rest."""

from __future__ import annotations

import multiprocessing
import os
import time

from batch_work import FAILED, photos, work

from seif_core.batch.plan import plan_batch
from seif_core.batch.processes import run_in_processes, threads_each
from seif_core.settings import ReconstructionSettings


def jobs_of(tmp_path, *names):
    folder = photos(tmp_path / "in", *names)
    return plan_batch(folder, tmp_path / "out", ReconstructionSettings(), ("npz",))


def test_a_photo_that_fails_or_kills_its_process_is_told_and_the_others_are_done(tmp_path):
    jobs = jobs_of(tmp_path, "a.jpg", "b_dies.jpg", "c_noface.jpg", "d.jpg", "e.jpg")
    ended = {outcome.job.name: outcome for outcome in run_in_processes(jobs, work, 2)}
    assert len(ended) == 5
    assert {name for name, outcome in ended.items() if outcome.kind == "failed"} == {"b_dies.jpg", "c_noface.jpg"}
    assert ended["c_noface.jpg"].words == FAILED
    assert "fewer --processes" in ended["b_dies.jpg"].words or os.name == "nt"
    assert ended["b_dies.jpg"].exit_code == 1
    assert not multiprocessing.active_children()


def test_the_processes_share_the_cores(tmp_path):
    told = [outcome.warnings for outcome in run_in_processes(jobs_of(tmp_path, "a.jpg", "b.jpg"), work, 64)]
    assert {threads for threads, _ in told} == {"1"}
    assert threads_each(1) >= threads_each(2) >= threads_each(1024) == 1


def test_a_run_that_is_left_early_leaves_no_process(tmp_path):
    jobs = jobs_of(tmp_path, "a.jpg", "slow.jpg")
    (tmp_path / "out").mkdir()
    running = run_in_processes(jobs, work, 2)
    assert next(running).job.name == "a.jpg"
    begun = jobs[1].target.with_suffix(".begun")
    end = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < end:
        time.sleep(0.01)
    running.close()
    assert not multiprocessing.active_children()
