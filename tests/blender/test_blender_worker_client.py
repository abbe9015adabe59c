"""The client of the worker against a fake worker that fails in every way: never an exception, always a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seif_blender.worker import client as client_module
from seif_blender.worker import environment, protocol, registry
from seif_blender.worker.client import WorkerClient
from seif_blender.worker.environment import WorkerCommand
from seif_blender.worker.job import Job, State, sweep
from seif_core import __version__
from seif_core.errors import BusyError, DependencyError

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "support"
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def fake_command(mode: str = "", python: str = sys.executable) -> WorkerCommand:
    return WorkerCommand(Path(python), ROOT, Path(mode) if mode else None, HERE / "misbehaving_worker.py")


@pytest.fixture
def make_client(monkeypatch):
    monkeypatch.setenv("FAKE_VERSION", __version__)
    clients = []

    def make(mode="", **options):
        made = WorkerClient(lambda: fake_command(mode, **options), __version__)
        clients.append(made)
        return made

    yield make
    for made in clients:
        made.close()


def pump(client, job, until=lambda job: job.over, seconds=10.0):
    end = time.monotonic() + seconds
    while not until(job):
        assert time.monotonic() < end, f"still {job.state}: {job.stage}"
        client.poll()
        time.sleep(0.005)
    return job


def run(client, name="ok.jpg", **settings):
    job = Job(Path(name), settings)
    client.submit(job)
    return pump(client, job)


def test_a_job_succeeds_and_leaves_its_file(make_client):
    client = make_client()
    job = run(client)
    assert job.state is State.SUCCEEDED
    assert job.head_file.read_bytes() == b"head"
    assert job.report == {"seconds": 1}
    assert not client.busy
    job.discard()


def test_no_job_is_sent_to_a_worker_that_said_that_it_ends(make_client):
    client = make_client()
    run(client, "torn.jpg")
    assert run(client).state is State.SUCCEEDED


def test_what_a_killed_blender_left_is_swept_and_that_of_a_living_one_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "import os, pathlib; from seif_blender.worker.job import Job; Job(pathlib.Path('a')).folder; os._exit(9)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, check=False)
    own, others = Job(Path("b")).folder, tmp_path / "seif-other"
    others.mkdir()
    assert len(list(tmp_path.iterdir())) == 3
    sweep()
    assert sorted(tmp_path.iterdir()) == sorted([own, others])


def test_the_worker_is_started_lazily_and_kept(make_client):
    client = make_client()
    assert client._process is None
    run(client).discard()
    first = client._process.pid
    run(client).discard()
    assert client._process.pid == first


def test_progress_arrives_and_never_falls(make_client):
    client = make_client()
    job = Job(Path("gentle.jpg"))
    client.submit(job)
    seen = []

    def watch(job):
        seen.append(job.total)
        return job.stage == "Working" and job.total > 0.3

    pump(client, job, watch)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("crash.jpg", "worker", "the library fell over"),
        ("traceback.jpg", "worker", "IndexError: out of range"),
        pytest.param("killed.jpg", "worker", "want of memory", marks=posix),
        ("garbage.jpg", "worker", "not its protocol"),
        ("endless-line.jpg", "worker", "not its protocol"),
        ("noface.jpg", "photo-unsuitable", "No face was found"),
        ("nofile.jpg", "worker", "wrote no file"),
    ],
)
def test_every_failure_of_a_job_is_a_sentence_and_the_next_job_works(make_client, name, code, words):
    client = make_client()
    job = run(client, name)
    assert (job.state, job.code) == (State.FAILED, code)
    assert words in job.message
    assert job.message.endswith(".")
    assert job._folder is None
    again = run(client)
    assert again.state is State.SUCCEEDED
    again.discard()


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("missing-library", "No module named 'torch'"),
        ("other-version", "install both from one release"),
        ("other-protocol", "install both from one release"),
        ("noisy", "not its protocol"),
    ],
)
def test_every_failure_to_start_is_a_sentence(make_client, mode, words):
    job = run(make_client(mode))
    assert job.state is State.FAILED
    assert words in job.message


def test_no_such_python_is_a_sentence(make_client):
    job = run(make_client(python="/no/such/python"))
    assert (job.state, job.code) == (State.FAILED, "runtime")
    assert "preferences" in job.message


def test_no_runtime_at_all_is_a_sentence():
    def command():
        raise DependencyError("No Python is set; install the runtime in the preferences.")

    job = run(WorkerClient(command, __version__))
    assert (job.state, job.code) == (State.FAILED, "runtime")
    assert "install the runtime" in job.message


def test_a_worker_that_never_answers_is_stopped(make_client, monkeypatch):
    monkeypatch.setattr(client_module, "READY_SECONDS", 0.3)
    client = make_client("silent")
    job = run(client)
    assert job.state is State.FAILED
    assert "did not answer" in job.message
    assert client._process is None


def test_a_library_that_prints_disturbs_nothing(make_client):
    client = make_client()
    job = run(client, "print.jpg")
    assert job.state is State.SUCCEEDED
    job.discard()


def test_unknown_fields_and_wild_fractions_are_taken(make_client):
    job = run(make_client(), "unknown-fields.jpg")
    assert job.state is State.SUCCEEDED
    job.discard()


def test_a_second_job_is_refused_in_words(make_client):
    client = make_client()
    client.submit(Job(Path("gentle.jpg")))
    with pytest.raises(BusyError, match=r"gentle\.jpg is still running"):
        client.submit(Job(Path("ok.jpg")))


@pytest.mark.parametrize(
    ("name", "keeps_worker"),
    [("gentle.jpg", True), pytest.param("interruptible.jpg", True, marks=posix), ("stubborn.jpg", False)],
)
def test_cancel_ends_any_job_within_a_second(make_client, name, keeps_worker):
    client = make_client()
    job = Job(Path(name))
    client.submit(job)
    pump(client, job, lambda job: job.stage in ("Landmarks", "Working"))
    client.cancel()
    assert job.state is State.CANCELLING
    start = time.monotonic()
    pump(client, job)
    assert time.monotonic() - start < 1.0 + 0.5  # the second, and a loaded machine's slack
    assert (job.state, job.code) == (State.CANCELLED, "cancelled")
    assert job._folder is None
    assert (client._process is not None) == keeps_worker
    again = run(client)
    assert again.state is State.SUCCEEDED
    again.discard()


def test_cancel_while_the_worker_starts_is_immediate(make_client):
    client = make_client("slow-start")
    job = Job(Path("ok.jpg"))
    client.submit(job)
    client.cancel()
    assert job.state is State.CANCELLED
    again = run(client)
    assert again.state is State.SUCCEEDED
    again.discard()


def test_settle_ends_a_job_that_nobody_pumps(make_client):
    client = make_client()
    job = Job(Path("stubborn.jpg"))
    client.submit(job)
    pump(client, job, lambda job: job.stage == "Landmarks")
    client.settle()
    assert job.state is State.CANCELLED
    assert not client.busy


def test_close_ends_the_worker_also_in_the_middle_of_a_job(make_client):
    client = make_client()
    job = Job(Path("stubborn.jpg"))
    client.submit(job)
    pump(client, job, lambda job: job.stage == "Landmarks")
    process = client._process
    client.close()
    assert not process.alive
    assert job.state is State.CANCELLED


@posix
def test_killed_between_jobs_the_next_job_starts_a_new_worker(make_client):
    client = make_client()
    run(client).discard()
    os.kill(client._process.pid, signal.SIGKILL)
    client._process._process.wait(5)
    job = run(client)
    assert job.state is State.SUCCEEDED
    job.discard()


def test_another_python_in_the_preferences_starts_a_new_worker(monkeypatch):
    monkeypatch.setenv("FAKE_VERSION", __version__)
    commands = [fake_command(), fake_command(), fake_command("slow-start")]
    client = WorkerClient(lambda: commands.pop(0), __version__)
    run(client).discard()
    first = client._process.pid
    run(client).discard()
    assert client._process.pid == first
    run(client).discard()
    assert client._process.pid != first
    client.close()


def test_environment_keeps_other_pythons_out():
    made = environment.worker_environment({"PYTHONPATH": "x", "PYTHONHOME": "y", "HOME": "z"})
    assert made == {"HOME": "z", "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def test_registry_tells_of_the_last_job_and_shuts_down(monkeypatch):
    monkeypatch.setenv("FAKE_VERSION", __version__)
    assert registry.current_job() is None
    job = Job(Path("ok.jpg"))
    registry.submit(job, fake_command)
    assert registry.current_job() is job
    while not job.over:
        registry.poll()
        time.sleep(0.005)
    assert registry.last_job() is job
    folder = job.folder
    registry.shutdown()
    assert registry.last_job() is None
    assert not folder.exists()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b"null\n",
        b'{"type":"news"}\n',
        b'{"type":"progress","id":"a"}\n',
        b"{" * 100_000 + b"\n",
        b"\xff\n",
    ],
)
def test_whatever_is_no_message_is_refused(line):
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(line + b"\n")


def test_messages_keep_any_file_name():
    line = protocol.encode({"type": "reconstruct", "photo": 'Zoë "1"\n.jpg'})
    assert line.count(b"\n") == 1


def test_the_client_imports_without_blender_or_torch():
    code = (
        "import sys; import seif_blender.worker.registry; "
        "sys.exit(any(m in sys.modules for m in ('bpy', 'torch', 'cv2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@posix
def test_a_worker_hears_an_interrupt_also_where_blender_was_started_with_it_ignored(make_client):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        client = make_client()
        job = Job(Path("interruptible.jpg"))
        client.submit(job)
        pump(client, job, lambda job: job.stage == "Landmarks")
        client.cancel()
        pump(client, job)
        assert client._process is not None  # it was interrupted, not killed
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@posix
def test_a_photo_whose_name_is_not_utf_8_reaches_the_worker(make_client):
    job = run(make_client(), os.fsdecode(b"ok\xff.jpg"))
    assert job.state is State.SUCCEEDED, job.message
    job.discard()
