"""Signals, kills and second runs: nothing half-written stays, nothing is mixed, no process stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fake_stages import fake_stages, fake_writers

from seif_core import cli, results
from seif_core.errors import BusyError
from seif_core.folder_lock import scratch_of
from seif_core.results import staging

ROOT = Path(__file__).resolve().parents[2]
FAKE_RUN = ROOT / "tests" / "support" / "fake_run.py"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def writing(tmp_path):
    """Start a run and wait until it is in the middle of Write; ends what is left of it."""
    (tmp_path / "face.jpg").write_bytes(b"a photo")
    started = []

    def start(*, ignoring=(), formats="glb,npz", blender=False):
        def ignore():
            for number in ignoring:
                signal.signal(number, signal.SIG_IGN)

        reached = tmp_path / "reached"
        arguments = ["reconstruct", tmp_path / "face.jpg", "--out", tmp_path / "out", "--formats", formats]
        process = subprocess.Popen(
            [sys.executable, FAKE_RUN, *arguments, "--texture-size", "64"],
            env={**os.environ, "FAKE_PAUSE": str(reached), **({"FAKE_BLENDER": "1"} if blender else {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=ignore,  # noqa: PLW1509 - what a shell does with its background jobs
        )
        started.append(process)
        wait_for(lambda: reached.exists() or process.poll() is not None)
        assert process.poll() is None, process.stderr.read()
        reached.unlink()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_results_are_written_leaves_nothing(writing, tmp_path, name):
    process = writing()
    assert list((tmp_path / "out").iterdir())
    process.send_signal(getattr(signal, name))
    assert process.wait(30) == 128 + getattr(signal, name)
    assert not (tmp_path / "out").exists()


def test_ctrl_c_is_heard_by_a_run_that_a_shell_started_with_it_ignored(writing, tmp_path):
    process = writing(ignoring=(signal.SIGINT,))
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert not (tmp_path / "out").exists()


def test_a_run_under_nohup_survives_the_hang_up(writing, tmp_path):
    process = writing(ignoring=(signal.SIGHUP,))
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)


def test_what_a_killed_run_left_is_cleared_away_by_the_next(writing, tmp_path, monkeypatch):
    process = writing()
    process.kill()
    process.wait()
    assert [p.name[:6] for p in (tmp_path / "out").iterdir()] == [".seif-"] * 2
    with staging(tmp_path / "out" / "another") as folder:
        (folder / "head.npz").write_bytes(b"x")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["another"]


def test_leftovers_of_earlier_versions_are_cleared_away_and_what_runs_is_not(tmp_path):
    (tmp_path / ".seif-abc123_x").mkdir()
    with staging(tmp_path / "a") as first:
        (first / "head.npz").write_bytes(b"a")
        with staging(tmp_path / "b") as second:
            (second / "head.npz").write_bytes(b"b")
        assert (first / "head.npz").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def blender_processes(parent: int) -> list[int]:
    found, told = [], b"--parent\0%d\0" % parent
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if b"seif_blender.write_blend" in command and told in command:
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_blender_dies_with_the_run_that_started_it(writing, name):
    process = writing(formats="blend", blender=True)
    stopped = blender_processes(process.pid)
    assert stopped
    for pid in stopped:
        wait_for(lambda pid=pid: len(list(Path(f"/proc/{pid}/task").iterdir())) > 1)  # it watches its parent
        os.kill(pid, signal.SIGSTOP)  # so that it is there, whatever it does, until somebody ends it
    process.send_signal(getattr(signal, name))
    process.wait(30)
    wait_for(lambda: not [p for p in blender_processes(process.pid) if state(p) != "Z"], 3.0)


def state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return "Z"


def test_two_runs_into_one_folder_are_refused_in_words_before_any_work(writing, tmp_path, monkeypatch, capsys):
    writing()
    fake_writers(monkeypatch)
    monkeypatch.setattr(results, "blender_is_here", lambda: False)
    (tmp_path / "other.jpg").write_bytes(b"another")
    photos = [str(tmp_path / name) for name in ("face.jpg", "other.jpg")]
    assert (
        cli.main(["reconstruct", *photos, "--out", str(tmp_path / "out"), "--texture-size", "64"], stages=fake_stages())
        == BusyError.exit_code
    )
    told = capsys.readouterr()
    assert "Another run is writing to" in told.err
    assert "1 of 2" in told.err
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {
        "other",
        scratch_of(tmp_path / "out" / "face").name,
        scratch_of(tmp_path / "out" / "face").name + ".lock",
    }


def test_a_run_that_fails_does_not_take_the_folder_of_another(tmp_path):
    def fail_around_another():
        with staging(tmp_path / "out" / "a"):
            with staging(tmp_path / "out" / "b") as folder:
                (folder / "head.npz").write_bytes(b"b")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_around_another()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["b"]


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o700), (0o022, 0o755), (0o027, 0o750)])
def test_the_umask_decides_who_may_read_the_results(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        with staging(tmp_path / "out" / "face") as folder:
            assert folder.stat().st_mode & 0o777 == mode
            (folder / "head.npz").write_bytes(b"x")
    finally:
        os.umask(before)
    for path in (tmp_path / "out", tmp_path / "out" / "face"):
        assert path.stat().st_mode & 0o777 == mode
    assert (tmp_path / "out" / "face" / "head.npz").stat().st_mode & 0o777 == mode & 0o666


def test_ctrl_c_while_results_are_moved_stops_before_the_next_photo(tmp_path, monkeypatch):
    fake_writers(monkeypatch)
    monkeypatch.setattr(results, "blender_is_here", lambda: False)
    move = results._move

    def interrupted_move(*moved):
        os.kill(os.getpid(), signal.SIGINT)
        move(*moved)

    monkeypatch.setattr(results, "_move", interrupted_move)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"a photo")
    photos = [str(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    assert (
        cli.main(["reconstruct", *photos, "--out", str(tmp_path / "out"), "--texture-size", "64"], stages=fake_stages())
        == 130
    )
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a"]


def test_ctrl_c_while_the_libraries_load_is_told_in_a_sentence(tmp_path):
    (tmp_path / "early.py").write_text(
        "import sys, runpy\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'seif_core.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv = ['seif', 'info']\n"
        "runpy.run_module('seif_core', run_name='__main__')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "early.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 130
    assert "cancelled" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no TERM")
def test_term_to_the_bootstrap_ends_what_it_started(tmp_path):
    code = (
        "import build, sys; sys.exit(build.run([sys.executable, '-c', "
        '\'import time, pathlib; pathlib.Path("begun").touch(); time.sleep(30); pathlib.Path("done").touch()\'],'
        f"folder=build.Path({str(tmp_path)!r})))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        assert process.wait(20) != 0
    assert not (tmp_path / "done").exists()
