"""What can go wrong while libraries are installed: each a sentence, nothing half made, and the next attempt works."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from test_blender_runtime import ROOT, TAG, make_wheel, project, wait  # noqa: F401 - `project` is a fixture

from seif_blender.runtime import installation, location
from seif_blender.runtime.failures import explained, sentence
from seif_core.worker import runtime


class Index:
    """A package index on this machine, as pip asks it: ``/simple/NAME/`` lists wheels, ``/files/NAME`` is one.

    Attributes:
        asked: paths that were asked for, in order.
        broken: names of wheels that break off in the middle.
        silent: names of wheels that never arrive.
    """

    def __init__(self, wheels: list[Path]) -> None:
        self.wheels = {wheel.name: wheel for wheel in wheels}
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                index.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/simple"

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        name = request.path.rstrip("/").rsplit("/", 1)[-1]
        if request.path.startswith("/files/"):
            content = self.wheels[name].read_bytes()
        else:
            links = [f'<a href="/files/{w}">{w}</a>' for w in self.wheels if w.startswith(f"{name}-")]
            content = "".join(links).encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html" if name not in self.wheels else "application/octet-stream")
        request.send_header("Content-Length", str(len(content)))
        request.send_header("ETag", hashlib.sha256(content).hexdigest())
        request.send_header("Cache-Control", "max-age=365000000" if name in self.wheels else "max-age=0")
        request.end_headers()
        if name in self.silent:
            time.sleep(60)
        request.wfile.write(content[: len(content) // 2] if name in self.broken else content)
        if name in self.broken:
            request.wfile.flush()
            request.connection.close()

    def fetched(self, name: str) -> int:
        return sum(path == f"/files/{name}" for path in self.asked)


def add_requirement(project: Path, name: str) -> Path:  # noqa: F811 - the fixture's value
    """A second tiny package, and both in the requirement files."""
    made = [next((project / "wheels").glob("*.whl")), make_wheel(project / "wheels", name)]
    pins = [f"{w.name.split('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(w.read_bytes()).hexdigest()}" for w in made]
    for file in (project / "root" / "seif_core" / "worker").glob("requirements-*.txt"):
        file.write_text("\n".join([f"# {file.name}", *pins, ""]))
    return made[1]


@pytest.fixture
def index(project, monkeypatch):  # noqa: F811
    wheel = add_requirement(project, "seifmore")
    made = Index([wheel, next((project / "wheels").glob("seiftest*.whl"))])
    monkeypatch.setenv("PIP_INDEX_URL", made.url)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_TRUSTED_HOST", made.url.split("/")[2])  # pip keeps what comes from hosts that it trusts
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_TIMEOUT", "10")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield made
    made.server.shutdown()


def installed(project: Path) -> list[Path]:  # noqa: F811
    return [path for path in (project / "runtimes").iterdir() if not path.name.startswith(".")]


def attempt(project: Path, wheels: str = "") -> installation.Installation:  # noqa: F811
    run = installation.Installation(project / "runtimes", wheels, "cpu")
    run.start()
    return wait(run)


def test_half_a_package_is_told_in_a_sentence_that_names_it_without_pips_alarm():
    lines = [
        "Downloading numpy-2.3.5-cp313-cp313-manylinux_2_27_x86_64.whl (16.5 MB)",
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package "
            "versions, please update the hashes. Otherwise, examine the package contents carefully; someone may have "
            "tampered with them."
        ),
        "    numpy==2.3.5 from https://files.example.org/numpy-2.3.5-cp313.whl (from -r requirements.txt (line 7)):",
        "        Expected sha256 00aa",
    ]
    told = sentence(explained(lines))
    assert told.startswith("A package arrived incomplete, or is another than the one that was checked (numpy); ")
    assert "try again" in told
    assert len(told) < 260


def test_a_download_that_breaks_off_is_told_and_the_next_attempt_goes_on_from_there(project, index):  # noqa: F811
    index.broken = {"seifmore-1.0-py3-none-any.whl"}
    run = attempt(project)
    assert "try again" in run.error
    assert installed(project) == []
    assert not list((project / "runtimes").glob(".unfinished-*"))
    before = index.fetched("seiftest-1.0-py3-none-any.whl")
    assert before == 1
    index.broken = set()
    run = attempt(project)
    assert run.error == ""
    assert index.fetched("seiftest-1.0-py3-none-any.whl") == before  # it was kept
    made = installed(project)
    assert [(made[0] / f"{name}.py").is_file() for name in ("seiftest", "seifmore")] == [True, True]
    assert list((project / "runtimes").iterdir()) == made  # what was fetched is gone


def test_without_a_network_a_sentence_says_so_and_the_next_attempt_works(project, index, monkeypatch):  # noqa: F811
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert attempt(project).error.startswith("The package index cannot be reached")
    assert installed(project) == []
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert attempt(project).error == ""


def change_library(project: Path, line: str) -> None:  # noqa: F811
    with (project / "root" / "seif_core" / "worker" / "runtime.py").open("a") as file:
        file.write(f"\n{line}\n")


def test_too_little_space_is_found_out_before_anything_is_fetched(project, index):  # noqa: F811
    change_library(project, 'DISK_BYTES = {"cpu": 10**18}')
    error = attempt(project).error
    assert "GB are free" in error.replace("\n", " ")
    assert "free some space" in error
    assert index.asked == []


def test_a_python_without_requirement_files_is_told_before_anything_is_fetched(project, index):  # noqa: F811
    change_library(project, "PYTHON_TAGS = ('py399',)")
    error = attempt(project).error
    assert "pinned for Python 3.11 and 3.13" in error
    assert "preferences" in error
    assert index.asked == []


def test_a_build_larger_than_the_artist_was_told_is_named_with_its_size_and_not_fetched(project, index):  # noqa: F811
    change_library(project, "def candidates(kind, *, system=None): return [*{'cpu': ['cpu']}.get(kind, []), 'cuda']")
    small = project / "root" / "seif_core" / "worker" / f"requirements-{TAG}-cpu.txt"
    small.write_text(f"torchless==1.0 --hash=sha256:{'0' * 64}\n")
    error = attempt(project).error
    assert "6.5 GB" in error
    assert "choose NVIDIA" in error
    assert index.fetched("seiftest-1.0-py3-none-any.whl") == 0
    run = installation.Installation(project / "runtimes", "", "cuda")
    run.start()
    assert wait(run).error == ""


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: There is not enough space on the disk", "The disk is full"),
        ("WARNING: Retrying after connection broken by 'NewConnectionError()'", "The package index"),
        ("ERROR: Exception: urllib3.exceptions.IncompleteRead: IncompleteRead(1 bytes read)", "A download broke off"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "A package arrived incomplete"),
        ("ERROR: Could not find a version that satisfies torch==2 (from versions: none)", "There is no build"),
    ],
)  # fmt: skip
def test_what_pip_says_becomes_a_sentence_with_what_to_do(said, cause):
    told = sentence(explained(["Collecting torch", said, "exit 1"]))
    assert told.startswith(cause)
    assert told.endswith(".")
    assert ";" in told


def test_what_pip_says_and_nobody_knows_is_repeated():
    assert "something else" in sentence(explained(["ERROR: something else", "exit 1"]))


def test_repaired_the_runtime_is_whole_again_and_its_size_is_known_until_it_is_removed(project):  # noqa: F811
    assert attempt(project, str(project / "wheels")).error == ""
    (made,) = installed(project)
    (made / "seiftest.py").unlink()
    assert attempt(project, str(project / "wheels")).error == ""
    assert (made / "seiftest.py").is_file()
    assert installed(project) == [made]
    told = location.runtime_record(made)
    assert told.accelerator == "cpu"
    assert told.size == location.disk_use(project / "runtimes") > 40
    location.remove_runtimes(project / "runtimes")
    assert list((project / "runtimes").iterdir()) == []
    assert location.disk_use(project / "runtimes") == 0


def test_a_repair_that_fails_leaves_the_runtime_that_is_there(project):  # noqa: F811
    assert attempt(project, str(project / "wheels")).error == ""
    (made,) = installed(project)
    next((project / "wheels").glob("*.whl")).unlink()
    assert attempt(project, str(project / "wheels")).error != ""
    assert (made / "seiftest.py").is_file()


def test_a_runtime_that_came_with_the_extension_is_found_unless_the_artist_installed_one(project):  # noqa: F811
    name = location.runtime_names()[0]
    bundled, own = project / "root" / location.BUNDLED / name, project / "runtimes" / name
    (bundled / "x-1.dist-info").mkdir(parents=True)
    assert location.installed_runtime(project / "runtimes") == bundled
    assert location.runtime_record(bundled).bundled
    (own / "x-1.dist-info").mkdir(parents=True)
    assert location.installed_runtime(project / "runtimes") == own


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL; Windows' pipes close likewise")
def test_when_blender_is_killed_the_installer_ends_with_its_pip_and_takes_its_folder_away(project, index):  # noqa: F811
    index.silent = {"seifmore-1.0-py3-none-any.whl"}
    script = (
        "import sys, time, pathlib\n"
        "from seif_blender import core\n"
        "core.ROOT = pathlib.Path(sys.argv[1]) / 'root'\n"
        "from seif_blender.runtime import installation\n"
        "run = installation.Installation(pathlib.Path(sys.argv[1]) / 'runtimes', '', 'cpu')\n"
        "run.start()\n"
        "print(run._process.pid, flush=True)\n"
        "time.sleep(100)\n"
    )
    blender = subprocess.Popen(
        [sys.executable, "-c", script, str(project)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    installer = int(blender.stdout.readline())
    end = time.monotonic() + 60
    while not index.fetched("seifmore-1.0-py3-none-any.whl"):
        assert time.monotonic() < end
        time.sleep(0.05)
    children = Path(f"/proc/{installer}/task/{installer}/children")
    started = [int(pid) for pid in children.read_text().split()] if children.exists() else []
    blender.send_signal(signal.SIGKILL)
    blender.wait()
    while any(alive(pid) for pid in (installer, *started)):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not list((project / "runtimes").glob(".unfinished-*"))
    assert installed(project) == []


def test_what_an_installer_left_that_was_ended_from_outside_is_swept_by_the_next(project):  # noqa: F811
    left = project / "runtimes" / ".unfinished-abc"
    left.mkdir()
    assert attempt(project, str(project / "wheels")).error == ""
    assert not left.exists()


def test_cancelled_nothing_stays_of_what_was_fetched(project, index):  # noqa: F811
    index.silent = {"seifmore-1.0-py3-none-any.whl"}
    run = installation.Installation(project / "runtimes", "", "cpu")
    run.start()
    end = time.monotonic() + 60
    while not index.fetched("seifmore-1.0-py3-none-any.whl"):
        assert time.monotonic() < end
        run.poll()
        time.sleep(0.05)
    run.cancel()
    assert "cancelled" in run.error
    assert list((project / "runtimes").iterdir()) == []


def test_the_chosen_accelerator_decides_which_libraries_come(project):  # noqa: F811
    assert attempt(project, str(project / "wheels")).error == ""
    (made,) = installed(project)
    assert made.name == runtime.lock_hash([project / "root" / "seif_core" / "worker" / f"requirements-{TAG}-cpu.txt"])
    assert json.loads((made / location._RECORD).read_text())["accelerator"] == "cpu"
