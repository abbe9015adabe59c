from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fake_stages import fake_stages
from PIL import Image

from seif_core.errors import OutputError, PhotoNotFoundError, SettingsError
from seif_core.head import Head
from seif_core.progress import Progress
from seif_core.worker import jobs
from seif_core.worker.channel import LONGEST_LINE, ProtocolError, Sender, read_messages

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


class Client:
    """The other end of the pipes."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=os.name != "nt",
        )
        self.messages = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.messages.put(json.loads(line))

    def send(self, **message) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def next(self, *kinds: str) -> dict:
        while True:
            message = self.messages.get(timeout=PATIENCE)
            if not kinds or message["type"] in kinds:
                return message

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stderr):
            pipe.close()


@pytest.fixture
def client():
    client = Client("tests/support/fake_worker.py")
    assert client.next()["type"] == "ready"
    yield client
    client.close()


def test_job_reports_progress_that_never_falls_and_then_its_result(client):
    client.send(type="quick", id="a", word="ä\u2028")
    seen = [client.next()]
    while seen[-1]["type"] == "progress":
        seen.append(client.next())
    assert [m["id"] for m in seen] == ["a"] * len(seen)
    assert {m["stage"] for m in seen[:-1]} == {"Prepare", "Portrait", "Fit"}
    totals = [m["total"] for m in seen[:-1]]
    assert totals == sorted(totals)
    assert seen[-1] == {"type": "result", "id": "a", "report": {"echo": "ä\u2028"}}


def test_cancel_ends_the_running_job_and_the_worker_lives_on(client):
    client.send(type="patient", id="a")
    client.next("progress")
    client.send(type="cancel", id="another")
    client.send(type="cancel", id="a")
    answer = client.next("error", "result")
    assert (answer["id"], answer["code"]) == ("a", "cancelled")
    client.send(type="cancel", id="a")
    client.send(type="quick", id="b")
    assert client.next("error", "result")["type"] == "result"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends CTRL_BREAK instead")
def test_interrupt_ends_a_job_that_does_not_ask_and_the_worker_lives_on(client):
    client.send(type="deaf", id="a")
    time.sleep(0.3)
    client.process.send_signal(signal.SIGINT)
    assert client.next("error", "result")["code"] == "cancelled"
    client.send(type="quick", id="b")
    assert client.next("error", "result")["type"] == "result"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends CTRL_BREAK instead")
def test_a_worker_whose_import_an_interrupt_tore_ends_and_says_so(client):
    client.send(type="importer", id="a")
    client.next("progress")
    time.sleep(0.3)
    client.process.send_signal(signal.SIGINT)
    answer = client.next("error", "result")
    assert answer["code"] == "cancelled"
    assert answer["ending"] is True
    assert client.process.wait(PATIENCE) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows sends CTRL_BREAK instead")
def test_interrupt_without_a_job_ends_the_worker(client):
    client.process.send_signal(signal.SIGINT)
    assert client.process.wait(PATIENCE) == 0


def test_a_second_job_is_told_that_the_worker_is_busy(client):
    client.send(type="patient", id="a")
    client.next("progress")
    client.send(type="quick", id="b")
    answer = client.next("error", "result")
    assert (answer["id"], answer["code"]) == ("b", "busy")
    client.send(type="cancel", id="a")
    assert client.next("error", "result")["id"] == "a"


@pytest.mark.parametrize("job", [None, "deaf"])
def test_worker_ends_when_its_input_closes_also_in_the_middle_of_a_job(client, job):
    if job:
        client.send(type=job, id="a")
        time.sleep(0.2)
    client.process.stdin.close()
    assert client.process.wait(PATIENCE) == 0


def test_what_a_library_prints_lands_in_the_log_and_not_in_the_protocol(client):
    client.send(type="noisy", id="a")
    assert client.next("result", "error") == {"type": "result", "id": "a"}
    client.process.stdin.close()
    assert b"not a message" in client.process.stderr.read()


def test_running_out_of_memory_is_an_answer(client):
    client.send(type="hungry", id="a")
    answer = client.next("error", "result")
    assert answer["code"] == "device"
    assert "memory" in answer["message"]


def test_an_error_nobody_foresaw_is_an_answer_with_its_trace_in_the_log_and_the_worker_lives_on(client):
    client.send(type="broken", id="a")
    answer = client.next("error", "result")
    assert (answer["id"], answer["code"]) == ("a", "unforeseen")
    assert "ZeroDivisionError" in answer["message"]
    client.send(type="quick", id="b")
    assert client.next("error", "result")["type"] == "result"
    client.process.stdin.close()
    assert b"ZeroDivisionError" in client.process.stderr.read()


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\n",
        b"[1, 2]\n",
        b'{"type": 5}\n',
        b'{"type": "quick"}\n',
        b'{"type": "quick", "id": 7}\n',
        b'{"type": "dance", "id": "x"}\n',
        b'{"type": "quick", "id": "x", "word": NaN}\n',
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
        b" " * LONGEST_LINE + b'{"type": "quick", "id": "x"}\n',
    ],
)
def test_garbage_is_answered_and_the_next_message_is_understood(client, line):
    client.write(line)
    assert client.next()["code"] == "protocol"
    client.send(type="quick", id="b")
    assert client.next("error", "result") == {"type": "result", "id": "b", "report": {"echo": None}}


def test_lines_are_read_whole_also_the_last_without_an_end(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b'\n{"type": "a"}\r\n' + b"x" * (3 * LONGEST_LINE) + b'\n{"type": "b"}')
    with path.open("rb") as stream:
        kinds = [m["type"] if isinstance(m, dict) else type(m) for m in read_messages(stream)]
    assert kinds == ["a", ProtocolError, "b"]


def test_real_worker_is_ready_without_torch_and_answers_info():
    client = Client("-m", "seif_core.worker")
    try:
        assert client.next() == {
            "type": "ready",
            "protocol": 1,
            "version": __import__("seif_core").__version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "pid": client.process.pid,
        }
        client.send(type="reconstruct", id="a", photo="relative.jpg", out="head.npz")
        assert client.next("error", "result")["code"] == "settings"
        client.send(type="info", id="b")
        assert "torch" in client.next("error", "result")["report"]["versions"]
    finally:
        client.close()


def test_worker_main_loads_no_torch_before_ready():
    code = (
        "import sys; import seif_core.worker.server, seif_core.worker.jobs;"
        "assert not {'torch', 'numpy', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.fixture
def request_(tmp_path):
    photo = tmp_path / "face.jpg"
    photo.write_bytes(b"a photo")
    out = tmp_path / "job"
    out.mkdir()
    return {
        "type": "reconstruct",
        "id": "1",
        "photo": str(photo),
        "out": str(out / "head.npz"),
        "photo_out": str(out / "photo.png"),
        "settings": {"texture_size": 64},
    }


def test_reconstruct_writes_the_head_and_the_upright_photo(request_):
    answer = jobs.reconstruct(request_, Progress(), stages=fake_stages())
    head = Head.load(Path(answer["head"]))
    picture = Image.open(answer["photo"])
    assert picture.size == (head.photo_camera.width, head.photo_camera.height)
    assert answer["report"]["outputs"][0]["bytes"] == Path(answer["head"]).stat().st_size
    json.dumps(answer, allow_nan=False)
    assert len(list(Path(answer["head"]).parent.iterdir())) == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"photo": "relative.jpg"}, SettingsError),
        ({"photo": None}, SettingsError),
        ({"photo": "/no/such/photo.jpg"}, PhotoNotFoundError),
        ({"photo": "/zero\0byte.jpg"}, SettingsError),
        ({"photo": "/" + "x" * 5000}, SettingsError),
        ({"photo": "/half\ud800character.jpg"}, SettingsError),
        ({"out": "/zero\0byte.npz"}, SettingsError),
        ({"photo_out": "/" + "x" * 5000 + ".png"}, SettingsError),
        ({"settings": {"normal_model": "/zero\0byte"}}, SettingsError),
        ({"settings": {"normal_model": "/" + "x" * 5000}}, SettingsError),
        ({"out": 5}, SettingsError),
        ({"photo_out": "/tmp/photo.gif"}, SettingsError),
        ({"settings": []}, SettingsError),
        ({"settings": {"beauty": 1}}, SettingsError),
        ({"settings": {"seed": "1"}}, SettingsError),
        ({"out": "/no/such/folder/head.npz"}, OutputError),
    ],
)
def test_requests_that_make_no_sense_end_in_a_typed_error_and_write_nothing(request_, change, error):
    folder = Path(request_["out"]).parent
    with pytest.raises(error):
        jobs.reconstruct(request_ | change, Progress(), stages=fake_stages())
    assert list(folder.iterdir()) == []


def test_totals_of_a_job_count_the_stages_that_it_goes_through_alone():
    assert set(jobs.shares({"settings": {"quality": "fast", "texture_size": 0}})) == {
        "Prepare",
        "Portrait",
        "Fit",
        "Head",
    }
    for odd in ({}, {"settings": None}, {"settings": []}):
        assert sum(jobs.shares(odd).values()) == pytest.approx(1)


def test_a_result_is_never_written_over_the_photo(request_):
    photo = Path(request_["photo"])
    for change in ({"out": str(photo)}, {"photo_out": str(photo)}):
        with pytest.raises(SettingsError, match="over the photo"):
            jobs.reconstruct(request_ | change, Progress(), stages=fake_stages())
    assert photo.read_bytes() == b"a photo"


@pytest.mark.skipif(os.name == "nt", reason="names of POSIX file systems")
def test_a_photo_whose_name_is_not_utf_8_becomes_a_head(request_):
    photo = Path(request_["photo"]).with_name(os.fsdecode(b"x\xffy.jpg"))
    photo.write_bytes(b"a photo")
    answer = jobs.reconstruct(request_ | {"photo": str(photo)}, Progress(), stages=fake_stages())
    assert Head.load(Path(answer["head"])).photo_name == "x\ufffdy.jpg"
    json.dumps(answer).encode()


def test_an_answer_that_is_no_json_is_an_error_and_the_worker_lives_on(client):
    client.send(type="wild", id="a")
    assert client.next("error", "result")["code"] == "unforeseen"
    client.send(type="quick", id="b")
    assert client.next("error", "result")["type"] == "result"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_worker_that_is_told_to_end_leaves_nothing_half_written(client, tmp_path, name):
    client.send(type="halfway", id="a", out=str(tmp_path / "head.npz"))
    client.next("progress")
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    client.process.send_signal(getattr(signal, name))
    assert client.process.wait(PATIENCE) == 128 + getattr(signal, name)
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_goes_away_leaves_nothing_half_written(client, tmp_path):
    client.send(type="halfway", id="a", out=str(tmp_path / "head.npz"))
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    client.process.stdin.close()
    assert client.process.wait(PATIENCE) == 0
    assert list(tmp_path.iterdir()) == []


class Recorder(Sender):
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.messages = []

    def send_line(self, encoded):
        self.messages.append(json.loads(encoded))


def test_too_little_memory_to_import_the_libraries_is_an_answer():
    from seif_core.worker.server import Job, Server

    ends, said = [], Recorder()

    def warm_up():
        raise ImportError("libtorch.so: failed to map segment from shared object")

    server = Server(said, {"quick": lambda *_: {}}, lambda _: {}, warm_up)
    server._end = ends.append
    server._work(Job({"type": "quick", "id": "a"}))
    assert said.messages[-1]["code"] == "device"
    assert ends == [1]  # with halves of a library nobody can go on
