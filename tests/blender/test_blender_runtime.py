"""Installing the worker's libraries: into a folder of their own, whole or not at all, and finding them again."""

from __future__ import annotations

import hashlib
import http.server
import os
import shutil
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from seif_blender import core
from seif_blender.runtime import installation, location
from seif_core.errors import BusyError, DependencyError
from seif_core.worker import runtime

ROOT = Path(__file__).resolve().parents[2]
TAG = f"py{sys.version_info[0]}{sys.version_info[1]}"


def make_wheel(folder: Path, name: str = "seiftest") -> Path:
    """A tiny wheel, version 1.0."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    files = {
        f"{name}.py": "answer = 42\n",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{name}-1.0.dist-info/RECORD"] = "".join(f"{n},,\n" for n in [*files, f"{name}-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A library with the real `runtime` module and requirement files for one tiny package; its wheel in `wheels`."""
    worker = tmp_path / "root" / "seif_core" / "worker"
    worker.mkdir(parents=True)
    (worker.parent / "__init__.py").touch()
    (worker / "__init__.py").touch()
    shutil.copy(runtime.__file__, worker / "runtime.py")
    (tmp_path / "wheels").mkdir()
    wheel = make_wheel(tmp_path / "wheels")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for accelerator in runtime.ACCELERATORS:
        for suffix in ("", "-windows"):
            file = worker / f"requirements-{TAG}-{accelerator}{suffix}.txt"
            file.write_text(f"# {accelerator}\nseiftest==1.0 --hash=sha256:{digest}\n")
    (tmp_path / "runtimes").mkdir()
    monkeypatch.setattr(core, "ROOT", tmp_path / "root")
    return tmp_path


def wait(run: installation.Installation, seconds: float = 60.0) -> installation.Installation:
    end = time.monotonic() + seconds
    while not run.poll():
        assert time.monotonic() < end, run.detail
        time.sleep(0.02)
    return run


def test_installed_from_a_folder_of_wheels_and_found_again(project):
    run = installation.Installation(project / "runtimes", str(project / "wheels"))
    run.start()
    wait(run)
    assert run.error == ""
    assert run.fraction == 1.0
    made = list((project / "runtimes").iterdir())
    assert len(made) == 1
    assert (made[0] / "seiftest.py").read_text() == "answer = 42\n"
    assert len(made[0].name) == 16


def test_what_cannot_be_installed_is_a_sentence_and_leaves_nothing(project):
    (project / "wheels" / "seiftest-1.0-py3-none-any.whl").unlink()
    run = installation.Installation(project / "runtimes", str(project / "wheels"))
    run.start()
    wait(run)
    assert "seiftest" in run.error
    assert run.error.endswith(".")
    assert list((project / "runtimes").iterdir()) == []


def test_a_wheel_with_another_content_is_refused(project):
    with zipfile.ZipFile(project / "wheels" / "seiftest-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("evil.py", "")
    run = installation.Installation(project / "runtimes", str(project / "wheels"))
    run.start()
    wait(run)
    assert "another than the one that was checked (seiftest)" in run.error
    assert list((project / "runtimes").iterdir()) == []


SENT_ELSEWHERE = ["PIP_ROOT", "PIP_TARGET", "PIP_PREFIX", "PIP_DRY_RUN", "PIP_USER", "PIP_NO_BINARY", "PIP_REQUIREMENT"]


@pytest.mark.parametrize("place", ["variable", "file"])
def test_the_user_s_settings_of_pip_cannot_send_the_libraries_elsewhere(project, monkeypatch, place):
    elsewhere = project / "elsewhere"
    values = {"PIP_ROOT": str(elsewhere), "PIP_PREFIX": str(elsewhere), "PIP_DRY_RUN": "1", "PIP_NO_DEPS": "0"}
    if place == "variable":
        for name, value in values.items():
            monkeypatch.setenv(name, value)
    else:
        lines = [f"{name[4:].lower().replace('_', '-')} = {value}" for name, value in values.items()]
        (project / "pip.conf").write_text("\n".join(["[install]", *lines, ""]))
        monkeypatch.setenv("PIP_CONFIG_FILE", str(project / "pip.conf"))
    run = installation.Installation(project / "runtimes", str(project / "wheels"))
    run.start()
    wait(run)
    assert run.error == ""
    assert (next((project / "runtimes").iterdir()) / "seiftest.py").is_file()
    assert not elsewhere.exists()


def test_only_settings_that_say_where_packages_come_from_are_heeded(tmp_path):
    told = dict.fromkeys(SENT_ELSEWHERE, "x") | {"PIP_INDEX_URL": "https://example.org", "PATH": "p"}
    made = runtime.pip_variables(told)
    assert made == {"PIP_INDEX_URL": "https://example.org", "PATH": "p", "PIP_CONFIG_FILE": os.devnull}
    assert "PIP_INDEX_URL" not in runtime.pip_variables(told, wheels=True)


def test_settings_in_pip_s_files_are_heeded_where_they_say_where_packages_come_from(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://example.org\nroot = /elsewhere\n")
    asked = {**os.environ, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    made = runtime.pip_variables(asked, [sys.executable, "-m", "pip"])
    assert made["PIP_INDEX_URL"] == "https://example.org"
    assert "PIP_ROOT" not in made


@pytest.mark.parametrize("wheels", ["http://127.0.0.1:{port}/", "page.html"])
def test_wheels_are_never_fetched_from_a_network(project, wheels):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        (project / "wheels" / "seiftest-1.0-py3-none-any.whl").unlink()
        link = f'<a href="http://127.0.0.1:{port}/seiftest-1.0-py3-none-any.whl">seiftest</a>'
        (project / "wheels" / "page.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
        chosen = str(project / "wheels") if wheels == "page.html" else wheels.format(port=port)
        run = installation.Installation(project / "runtimes", chosen)
        run.start()
        wait(run)
        server.shutdown()
    assert run.error.endswith(".")
    assert asked == []
    assert list((project / "runtimes").iterdir()) == []


def test_an_empty_runtime_does_not_count_as_installed(tmp_path):
    (tmp_path / location.runtime_names()[0]).mkdir()
    assert location.installed_runtime(tmp_path) is None


def test_cancelled_leaves_nothing(project):
    run = installation.Installation(project / "runtimes", str(project / "wheels"))
    run.start()
    run.cancel()
    assert run.poll()
    assert "cancelled" in run.error
    assert list((project / "runtimes").iterdir()) == []


def test_one_installation_at_a_time(project):
    installation.begin(project / "runtimes", str(project / "wheels"))
    try:
        with pytest.raises(BusyError, match="being installed already"):
            installation.begin(project / "runtimes", "")
    finally:
        installation.shutdown()


def test_no_runtime_is_a_sentence(tmp_path):
    with pytest.raises(DependencyError, match="Install Runtime"):
        location.worker_command("", tmp_path)


def test_a_python_that_is_no_file_is_a_sentence(tmp_path):
    with pytest.raises(DependencyError, match="no file"):
        location.worker_command(str(tmp_path / "python"), tmp_path)


def test_the_installed_runtime_is_used_with_blender_s_python(tmp_path):
    names = location.runtime_names()
    assert len(names) == len(set(names)) == len(runtime.ACCELERATORS)
    (tmp_path / names[-1] / "numpy-1.0.dist-info").mkdir(parents=True)
    command = location.worker_command("", tmp_path)
    assert (command.python, command.runtime) == (Path(sys.executable), tmp_path / names[-1])
    assert command.arguments()[-2:] == [str(ROOT), str(tmp_path / names[-1])]


def test_a_python_from_the_preferences_wins(tmp_path):
    command = location.worker_command(sys.executable, tmp_path)
    assert (command.python, command.runtime) == (Path(sys.executable), None)
