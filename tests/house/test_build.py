from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import build
from seif_core.worker import runtime

ROOT = Path(build.__file__).resolve().parent
WORKER_FILES = sorted((ROOT / "seif_core" / "worker").glob("requirements-*.txt"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A private environment in a scratch folder, with pip and venv replaced by records of what was asked."""
    monkeypatch.setattr(build, "ENVIRONMENT", tmp_path / ".venv")
    calls = []

    def fake_pip(python, files):
        calls.append([path.name for path in files])
        return ""

    def fake_venv(command, **_):
        python = build.environment_python()
        python.parent.mkdir(parents=True)
        python.touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(build, "pip_install", fake_pip)
    monkeypatch.setattr(build, "pip_quietly", lambda _python, *arguments: calls.append([Path(arguments[-1]).name]))
    monkeypatch.setattr(build.subprocess, "run", fake_venv)
    monkeypatch.setattr(build, "find_python", lambda: sys.executable)
    monkeypatch.setattr(runtime, "find_accelerator", lambda: "cpu")
    monkeypatch.setattr(runtime, "index_answers", lambda _url: False)
    return calls


def test_build_script_starts_on_the_standard_library_alone():
    code = (
        "import sys; before = set(sys.modules); import build; loaded = set(sys.modules) - before;"
        "foreign = [n for n in loaded if n.split('.')[0] not in sys.stdlib_module_names | {'build', 'seif_core'}];"
        "assert not foreign, foreign; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, check=True)


def test_second_start_calls_no_pip(folder):
    build.environment(["blender.txt"])
    build.environment(["blender.txt"])
    assert folder == [["requirements-py311-cpu.txt", "blender.txt"], [ROOT.name]]


def test_test_tools_are_added_to_an_environment_that_stands(folder):
    build.environment(["blender.txt"])
    build.environment(["blender.txt", "test.txt"])
    build.environment(["blender.txt"])
    assert folder[2:] == [["requirements-py311-cpu.txt", "blender.txt", "test.txt"], [ROOT.name]]


def test_packages_that_must_come_alone_do_so_after_the_others(folder):
    build.environment(["blender.txt", "face-alignment-alone.txt"])
    assert folder == [["requirements-py311-cpu.txt", "blender.txt"], ["face-alignment-alone.txt"], [ROOT.name]]


def test_changed_requirements_are_installed(folder, monkeypatch):
    build.environment(["blender.txt"])
    before = build.file_hash
    monkeypatch.setattr(build, "file_hash", lambda name: "new" if name == "blender.txt" else before(name))
    build.environment(["blender.txt"])
    assert len(folder) == 4


def test_interrupted_installation_starts_afresh(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(build, "install", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            build.environment(["blender.txt"])
    torn = build.ENVIRONMENT / "torn-package"
    torn.touch()
    build.environment(["blender.txt"])
    assert not torn.exists()
    assert json.loads((build.ENVIRONMENT / build.STAMP).read_text())["worker"] == "requirements-py311-cpu.txt"


def test_foreign_environment_is_left_alone(folder):
    build.ENVIRONMENT.mkdir()
    (build.ENVIRONMENT / "mine.txt").touch()
    with pytest.raises(build.BuildError, match="not made by build"):
        build.environment([])
    assert (build.ENVIRONMENT / "mine.txt").exists()


def test_registry_build_of_torch_is_taken_where_the_small_one_cannot_be_had_and_its_size_told(
    folder, monkeypatch, capsys
):
    tried = []

    def refuse_first(python, files):
        tried.append(files[0].name)
        return "no matching distribution" if len(tried) == 1 else ""

    monkeypatch.setattr(build, "pip_install", refuse_first)
    monkeypatch.setattr(runtime.platform, "system", lambda: "Linux")
    build.environment([])
    assert tried == ["requirements-py311-cpu.txt", "requirements-py311-cuda.txt"]
    assert "6.5 GB" in capsys.readouterr().err


_STOPPED = """
import signal, sys
import build
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell's background jobs inherit it
build.COMMANDS["seif"] = lambda *_: build.run([sys.executable, "-c", sys.argv[1]])
sys.exit(build.main(["seif"]))
"""
_LONG = """
import signal, sys, time
signal.signal(signal.{name}, lambda *_: sys.exit(42))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C reaches all processes of the console")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_the_script_alone_stops_what_it_runs(name):
    command = [sys.executable, "-c", _STOPPED, _LONG.format(name=name)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.wait(20) == 42


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for pip is a shell script")
def test_pip_ends_when_the_script_alone_is_interrupted(monkeypatch, tmp_path):
    ended = []
    monkeypatch.setattr(build, "pip_variables", lambda _python: dict(os.environ))
    monkeypatch.setattr(build.Bar, "show", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(build.subprocess.Popen, "terminate", lambda process: (ended.append(1), process.kill()))
    pip = tmp_path / "pip.py"
    pip.write_text("import time\nprint('Collecting x', flush=True)\ntime.sleep(60)\n")
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\nexec {sys.executable} {pip}\n")
    fake.chmod(0o755)
    with pytest.raises(KeyboardInterrupt):
        build.pip_install(fake, [])
    assert ended == [1]


def test_wrong_python_ends_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(build.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(build.shutil, "which", lambda _name: None)
    with pytest.raises(build.BuildError, match=r"this is Python 3\.9, but .* 3\.11"):
        build.find_python()


def test_unreachable_index_is_taken_out_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "index_answers", lambda _url: False)
    source = runtime.requirements_file("cpu", python=(3, 11))
    usable = runtime.reachable_requirements(source, tmp_path)
    assert "--extra-index-url" in source.read_text()
    assert usable.read_text() == source.read_text().replace(
        "--extra-index-url https://download.pytorch.org/whl/cpu\n", ""
    )


def test_every_python_system_and_accelerator_has_its_file():
    for python in ((3, 11), (3, 13)):
        for system, accelerators in (("Linux", ("cpu", "cuda")), ("Windows", ("cpu", "cuda")), ("Darwin", ("mps",))):
            for accelerator in accelerators:
                assert runtime.requirements_file(accelerator, python=python, system=system).is_file()
    with pytest.raises(ValueError, match=r"not for 3\.12"):
        runtime.requirements_file("cpu", python=(3, 12))


@pytest.mark.parametrize("path", [*WORKER_FILES, *sorted((ROOT / "requirements").glob("*.txt"))], ids=lambda p: p.name)
def test_every_requirement_is_pinned_and_hashed(path):
    entries = [line for line in path.read_text().splitlines() if line and line[0].isalnum()]
    assert entries
    assert all("==" in line for line in entries)
    if path.name != "requirements-py311-cuda-windows.txt":  # the hash of one wheel is not known, see lock_requirements
        assert all(line.endswith("\\") for line in entries)


def test_blenders_pythons_get_the_numpy_that_blender_pins():
    for path in WORKER_FILES:
        numpy = next(line for line in path.read_text().splitlines() if line.startswith("numpy=="))
        major = int(numpy.split("==")[1].split(".")[0])
        assert major == (1 if "py311" in path.name else 2)


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the driver's program")
@pytest.mark.parametrize(("answer", "found"), [("GPU 0: NVIDIA H100", "cuda"), ("No devices were found", "cpu")])
def test_cuda_is_chosen_where_the_driver_lists_a_gpu(tmp_path, monkeypatch, answer, found):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert runtime.find_accelerator("Linux") == found
    assert runtime.find_accelerator("Darwin") == "mps"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["-n", "2", "--dist", "worksteal"]),
        (["--durations=15", "-x"], ["-n", "2", "--dist", "worksteal"]),
        (["-k", "roll"], ["-n", "2", "--dist", "worksteal"]),
        (["tests/blender"], ["-n", "2", "--dist", "worksteal"]),
        (["tests/house/test_build.py"], []),
        (["tests/house/test_build.py::test_wrong_python_ends_in_a_sentence"], []),
        (["-n", "0"], []),
        (["-n0"], []),
        (["--pdb"], []),
        (["-s"], []),
    ],
)
def test_the_suite_is_run_by_as_many_processes_as_there_are_cores(monkeypatch, arguments, expected):
    monkeypatch.setattr(build.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert build.side_by_side(arguments) == expected
    monkeypatch.setattr(build.os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert build.side_by_side(arguments) == []


def test_the_demo_tells_that_options_of_a_reconstruction_may_follow(capsys):
    with pytest.raises(SystemExit):
        build.main(["demo", "--help"])
    assert "seif reconstruct" in " ".join(capsys.readouterr().out.split())
