"""Set up and run SeIF for Blender: `python build.py demo [PHOTO]`. Starts on the standard library alone.

Makes a private environment in `.venv` (Python 3.11, pinned libraries, the torch build that suits the machine), then
runs one command in it. A second run finds the environment as it is and starts at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
STAMP = "seif-installed.json"
UNFINISHED = "seif-unfinished"
PYTHON = (3, 11)
ALONE = "-alone"
"""In the name of a requirement file whose package is installed without its dependencies."""
TEST_PROCESSES = 4
"""Processes that test at once, at most: each grows to 1.2 GB. Chosen by hand."""
SEEN = ("Collecting ", "Processing ", "Requirement already satisfied: ")
"""How pip's lines about one more package start."""

sys.path.insert(0, str(ROOT))
from seif_core.worker import runtime  # noqa: E402 - standard library only, once the repository is on the path


class BuildError(Exception):
    """One sentence for the terminal: what came, what was expected, what to do."""


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    told = (__doc__ or "").split("\n", maxsplit=1)[0]
    parser = argparse.ArgumentParser(prog="build.py", description=told, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="reconstruct PHOTO, or a portrait that ships with a library",
        description="Make a head of PHOTO, with its preview, in OUT/<photo name>.",
        epilog="Options of `seif reconstruct` may follow PHOTO, such as --quality fast or --hair none; "
        "`build.py seif reconstruct --help` lists them. The first run makes a private environment (about 2 GB).",
        allow_abbrev=False,
    )
    demo.add_argument("photo", nargs="?", type=Path, metavar="PHOTO", help="the picture; the astronaut if left out")
    demo.add_argument("--out", type=Path, default=ROOT / "out", help="folder for the results (default: out)")
    commands.add_parser("test", help="run the tests; further arguments go to pytest", add_help=False)
    commands.add_parser("check", help="run ruff and pyright over the code")
    commands.add_parser("blenders", help="run the add-on's tests in every supported Blender", add_help=False)
    commands.add_parser(
        "extension",
        help="build dist/seif_blender-<version>.zip; --bundle-runtime [cpu|cuda|mps], --split-platforms, --repository",
        add_help=False,
    )
    commands.add_parser("release", help="write dist/release-<version>: zip, index, changes, checksums, licences")
    commands.add_parser("face-alignment", help="install face-alignment, the second landmark detector")
    commands.add_parser("seif", help="run the command line `seif` with further arguments", add_help=False)
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command in ("check", "release", "face-alignment"):
        parser.error(f"unknown arguments: {' '.join(rest)}")
    try:
        with stop_signals(signal.default_int_handler):
            return COMMANDS[options.command](options, rest)
    except BuildError as error:
        say(f"build.py: {error}")
        return 1
    except OSError as error:
        say(f"build.py: {error.strerror or error} ({error.filename or ENVIRONMENT}); free some space or move it.")
        return 1
    except KeyboardInterrupt:
        say("\nbuild.py: stopped; run the same command again to go on.")
        return 130


def demo(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the main job on one photo."""
    photo = options.photo.resolve() if options.photo else None
    if photo is not None and not photo.exists():
        raise BuildError(
            f"there is no photo {options.photo}; name the photo first: build.py demo PHOTO [--option VALUE]."
        )
    python = environment(["blender.txt"])
    photo = photo or sample_portrait()
    formats = ["--formats", "blend,glb,npz"] if not any(r.startswith("--formats") for r in rest) else []
    return run([python, "-m", "seif_core", "reconstruct", photo, "--out", options.out.resolve(), *formats, *rest])


def test(_options: argparse.Namespace, rest: list[str]) -> int:
    """Run pytest."""
    python = environment(["blender.txt", "test.txt", "anny-alone.txt"])
    return run([python, "-m", "pytest", *side_by_side(rest), *rest])


def side_by_side(arguments: list[str]) -> list[str]:
    """What pytest is told so that much is tested by several processes, which hand each other what is left.

    Nothing where one file of tests is named, for starting them takes longer than that, and where the arguments ask for
    something that one process alone has (`-s`, `--pdb`), or say it themselves (`-n 0`).
    """
    named = [word for word in arguments if not word.startswith("-") and (ROOT / word.partition("::")[0]).exists()]
    own = any(word.startswith(("-n", "--numprocesses", "--dist", "--pdb", "-s")) for word in arguments)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if own or cores == 1 or (len(named) == 1 and ".py" in named[0]):
        return []
    return ["-n", str(min(cores, TEST_PROCESSES)), "--dist", "worksteal"]


def check(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Run the linter, the formatter's check and the type checker; all of them, also when one complains."""
    python = environment(["blender.txt", "test.txt", "anny-alone.txt"])
    codes = [
        run([python, "-m", "ruff", "check", "."]),
        run([python, "-m", "ruff", "format", "--check", "."]),
        run([python, "-m", "pyright", "--pythonpath", python]),
    ]
    return max(codes)


def blenders(_options: argparse.Namespace, rest: list[str]) -> int:
    """Run the add-on's tests in every Blender that can be had as a module here."""
    python = environment(["blender.txt", "test.txt", "anny-alone.txt"])
    return run([python, ROOT / "tools" / "run_blenders.py", *rest])


def extension(_options: argparse.Namespace, rest: list[str]) -> int:
    """Stage, build and validate the add-on's zip with Blender's own tool."""
    python = environment(["blender.txt"])
    return run([python, ROOT / "tools" / "stage_extension.py", *rest])


def release(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Write all that a release publishes."""
    return run([environment(["blender.txt"]), ROOT / "tools" / "make_release.py"])


def face_alignment(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Install the optional landmark detector, without its OpenCV, which would overwrite the headless one."""
    environment(["blender.txt", "face-alignment.txt", "face-alignment-alone.txt"])
    say("face-alignment is installed; use it with --landmarks face-alignment.")
    return 0


def seif(_options: argparse.Namespace, rest: list[str]) -> int:
    """Run `seif` in the private environment, in the caller's folder."""
    return run([environment(["blender.txt"]), "-m", "seif_core", *rest], folder=Path.cwd())


COMMANDS = {
    "demo": demo,
    "test": test,
    "check": check,
    "blenders": blenders,
    "extension": extension,
    "release": release,
    "face-alignment": face_alignment,
    "seif": seif,
}


def environment(extra: list[str]) -> Path:
    """Make or bring up to date the private environment; returns its Python.

    Args:
        extra: files in `requirements/` that this command needs beyond the worker's libraries.
    """
    python, stamp = environment_python(), ENVIRONMENT / STAMP
    done = read_stamp(stamp)
    installed, worker = done.get("files", {}), done.get("worker", "")
    if worker and python.exists() and all(installed.get(name) == file_hash(name) for name in [worker, *extra]):
        return python
    start = time.perf_counter()
    make_environment()
    (ENVIRONMENT / UNFINISHED).touch()
    with contextlib.suppress(FileNotFoundError):
        stamp.unlink()
    names = sorted({*extra, *(name for name in installed if (REQUIREMENTS / name).exists())})
    worker = install(python, [REQUIREMENTS / name for name in names])
    record = {"worker": worker, "files": {name: file_hash(name) for name in [worker, *names]}}
    stamp.write_text(json.dumps(record, indent=1), encoding="utf-8")
    (ENVIRONMENT / UNFINISHED).unlink()
    say(f"The private environment is ready in {ENVIRONMENT} ({time.perf_counter() - start:.0f} s).")
    return python


def file_hash(name: str) -> str:
    """Hash of the requirement file of that name, the repository's or the worker's; empty when there is none."""
    found = [path for path in (REQUIREMENTS / name, Path(runtime.__file__).parent / name) if path.is_file()]
    return runtime.lock_hash(found[:1]) if found else ""


def environment_python() -> Path:
    """The interpreter inside the private environment."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_stamp(path: Path) -> dict:
    """What a finished installation left, or nothing."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def make_environment() -> None:
    """Create `.venv`; one whose installation was interrupted is made anew, one made by somebody else is left alone."""
    unfinished, stamp = ENVIRONMENT / UNFINISHED, ENVIRONMENT / STAMP
    if ENVIRONMENT.exists() and stamp.exists() and environment_python().exists():
        return
    if ENVIRONMENT.exists():
        if not (unfinished.exists() or stamp.exists()) and any(ENVIRONMENT.iterdir()):
            raise BuildError(
                f"the folder {ENVIRONMENT} was not made by build.py; rename or remove it and run this again."
            )
        say("The last installation did not finish; starting it afresh.")
        shutil.rmtree(ENVIRONMENT)
    ENVIRONMENT.mkdir()
    unfinished.touch()
    creator = find_python()
    say(f"Making a private environment with {creator} ...")
    made = subprocess.run([creator, "-m", "venv", str(ENVIRONMENT)], capture_output=True, text=True, check=False)
    if made.returncode:
        hint = "on Debian and Ubuntu install python3.11-venv" if sys.platform.startswith("linux") else "repair Python"
        raise BuildError(f"Python could not make an environment ({last_line(made.stdout + made.stderr)}); {hint}.")


def find_python() -> str:
    """A Python 3.11: the one that runs, or another on this machine."""
    if sys.version_info[:2] == PYTHON:
        return sys.executable
    for command in (["python3.11"], ["py", "-3.11"], ["python3"], ["python"]):
        program = shutil.which(command[0])
        if program is None:
            continue
        question = [program, *command[1:], "-c", "import sys; print(sys.executable, *sys.version_info[:2], sep='|')"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            answer = subprocess.run(question, capture_output=True, text=True, timeout=30, check=False).stdout.strip()
            if answer.endswith("|3|11"):
                return answer.split("|")[0]
    raise BuildError(
        f"this is Python {sys.version_info[0]}.{sys.version_info[1]}, but Blender's module needs 3.11; "
        "install Python 3.11 from python.org and run `python3.11 build.py` (Windows: `py -3.11 build.py`)."
    )


def install(python: Path, extra: list[Path]) -> str:
    """Install the libraries in one pip call, then `seif` itself; returns the name of the file used."""
    accelerator = os.environ.get("SEIF_ACCELERATOR") or runtime.find_accelerator()
    complaint = ""
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(runtime.candidates(accelerator)):
            source = runtime.requirements_file(name, python=PYTHON)
            if number:
                size = runtime.DISK_BYTES[name] / 1e9
                say(f"That build of torch cannot be had here ({complaint}); taking {name}'s, about {size:.1f} GB.")
            usable = runtime.reachable_requirements(source, Path(folder))
            complaint = pip_install(python, [usable, *(path for path in extra if ALONE not in path.name)])
            if not complaint:
                for path in extra:
                    if ALONE in path.name:
                        pip_quietly(python, "--only-binary", ":all:", "--require-hashes", "--requirement", str(path))
                pip_quietly(python, "--no-build-isolation", "--editable", str(ROOT))
                return source.name
    raise BuildError(f"the libraries could not be installed ({complaint}); check the network and run this again.")


def pip_quietly(python: Path, *arguments: str) -> None:
    """Install something small without its dependencies: a package of its own, or the command `seif` itself."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=pip_variables(python), check=False)
    if done.returncode:
        raise BuildError(f"{Path(arguments[-1]).name} could not be installed ({last_line(done.stdout + done.stderr)}).")


def pip_install(python: Path, files: list[Path]) -> str:
    """Run pip once, with a progress bar; returns what went wrong, or nothing."""
    total = sum(runtime.package_count(path) for path in files)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "--only-binary", ":all:"]
    for path in files:
        command += ["-r", str(path)]
    lines: list[str] = []
    bar, seen = Bar("Installing libraries"), 0
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=pip_variables(python),
            encoding="utf-8",
            errors="replace",
        ) as process,
        ended_on_interrupt(process),
    ):
        for line in process.stdout or ():
            lines.append(line.strip())
            if line.startswith(SEEN):
                seen += 1
                name = Path(line.split(": " if ": " in line else " ", 1)[1].split()[0]).name
                bar.show(min(0.95, seen / max(1, total)), re.split(r"[=<>]|-\d", name)[0])
            elif line.startswith("Installing collected"):
                bar.show(0.95, "unpacking")
    bar.end(ok=process.returncode == 0)
    if process.returncode == 0:
        return ""
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return last_line(errors[-1] if errors else "pip said nothing")


class Bar:
    """A progress bar in a terminal, a few plain lines elsewhere."""

    def __init__(self, title: str) -> None:
        self.title, self.start, self.tenth = title, time.perf_counter(), -1
        self.live = sys.stderr is not None and sys.stderr.isatty()

    def show(self, fraction: float, detail: str) -> None:
        """Draw the bar at `fraction`."""
        if self.live:
            filled = round(24 * fraction)
            say(f"\r{self.title} [{'#' * filled:<24}] {fraction:4.0%} {detail[:30]:<30}", end="")
        elif int(fraction * 5) > self.tenth:
            self.tenth = int(fraction * 5)
            say(f"{self.title} {fraction:4.0%} {detail}")

    def end(self, *, ok: bool) -> None:
        """Close the line."""
        text = f"{self.title} {'done' if ok else 'failed'}, {time.perf_counter() - self.start:.0f} s"
        say(f"\r{text:<80}" if self.live else text)


def sample_portrait() -> Path:
    """The public-domain portrait of Eileen Collins that scikit-image ships."""
    found = sorted(ENVIRONMENT.glob("**/skimage/data/astronaut.png"))
    if not found:
        raise BuildError(
            "scikit-image's astronaut portrait is missing; remove .venv and run this again, or name a photo."
        )
    return found[0]


def clean_variables() -> dict[str, str]:
    """The environment variables for the private Python: nothing of another Python leaks in."""
    hidden = (
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "__PYVENV_LAUNCHER__",
    )
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    return variables | {"PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


def pip_variables(python: Path) -> dict[str, str]:
    """The environment variables for the private Python's pip: it installs there, wherever the user's pip would."""
    return runtime.pip_variables(clean_variables(), [str(python), "-m", "pip"])


def run(command: list[object], folder: Path = ROOT) -> int:
    """Run a command to its end and return its exit code; a signal that asks to stop is passed on to it."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not in_front():
            process.send_signal(number)

    words = [str(part) for part in command]
    with subprocess.Popen(words, cwd=folder, env=clean_variables()) as process, stop_signals(pass_on):
        return process.wait()


@contextlib.contextmanager
def stop_signals(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Inside, signals that ask to stop go to `handler`, inherited deafness or not; only ``nohup``'s is kept."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in numbers}
    if before.get(getattr(signal, "SIGHUP", None)) is signal.SIG_IGN:
        del before[signal.SIGHUP]
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextlib.contextmanager
def ended_on_interrupt(process: subprocess.Popen) -> Iterator[None]:
    """End the process when the block is interrupted, for it may not have heard of it."""
    try:
        yield
    except KeyboardInterrupt:
        process.terminate()
        raise


def in_front() -> bool:
    """Whether a terminal's Ctrl-C goes to this process and all that it started; then they have heard it themselves."""
    if os.name == "nt":
        return True
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def say(text: str, end: str = "\n") -> None:
    """Write to the terminal; standard output belongs to the command that runs afterwards."""
    print(text, end=end, file=sys.stderr, flush=True)


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no message"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
