"""head.blend, written by Blender's module in a process of its own: the library itself never imports `bpy`."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import numpy as np
from PIL import Image

from .capture.playback import Playback
from .errors import DependencyError, OutputError
from .progress import Progress
from .shapes import UInt8

_PAUSE: Final = 0.02
"""Seconds between two looks at whether Blender has ended: a wish to cancel waits no longer. Chosen by hand."""


def blender_is_here() -> bool:
    """Whether Blender's Python module is installed."""
    return importlib.util.find_spec("bpy") is not None


def require_blender() -> None:
    """See, before there is any work, that head.blend can be written here.

    Raises:
        DependencyError: Blender's module is not installed.
    """
    if not blender_is_here():
        raise DependencyError("head.blend needs Blender's Python module bpy 5.0.1; install it or leave out 'blend'.")


class Blender:
    """A process with Blender in it that waits for the one file that it is to write; see `waiting_blender`."""

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self.process = process
        self.log = log

    def ask(self, arguments: list[str]) -> None:
        """Tell it what to write: the arguments of `seif_blender.write_blend`. Once."""
        if self.process.stdin is not None:
            with suppress(OSError):  # it has ended: its log tells why
                self.process.stdin.write(json.dumps(arguments).encode("ascii") + b"\n")
                self.process.stdin.close()


@contextmanager
def waiting_blender() -> Iterator[Blender]:
    """Start Blender before there is a head: it takes half a second, which other work need not wait for.

    Leaving the context ends it, whether or not it was asked for anything.

    Raises:
        DependencyError: Blender's module is not installed.
    """
    require_blender()
    with running_blender(["seif_blender.write_blend", "--wait"]) as blender:
        yield blender


@contextmanager
def running_blender(arguments: list[str]) -> Iterator[Blender]:
    """A process of Blender's module, which ends with this one; leaving the context ends it.

    Args:
        arguments: the module that it runs, and what that module is told.
    """
    command = [sys.executable, "-m", *arguments, "--parent", str(os.getpid())]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parent.parent,
            env={**variables, "PYTHONNOUSERSITE": "1"},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Blender(process, log)
        finally:
            process.kill()  # nothing to a process that has ended
            process.wait()
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()


class BlendProcess:
    """A running Blender that writes one file; see `blend_writer`."""

    def __init__(self, blender: Blender, out: Path) -> None:
        self._process = blender.process
        self._log = blender.log
        self._out = out

    def finish(self, progress: Progress | None = None) -> None:
        """Wait until the file is there.

        Args:
            progress: asked whether to go on.

        Raises:
            OutputError: Blender failed to write the file.
            CancelledError: the user cancelled.
        """
        progress = progress or Progress()
        while self._process.poll() is None:
            progress.step(0.8)
            time.sleep(_PAUSE)
        if self._process.returncode != 0 or not self._out.is_file():
            self._log.seek(0)
            lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
            raise OutputError(
                f"Blender could not write {self._out.name} ({lines[-1] if lines else 'it said nothing'})."
            )


@contextmanager
def blend_writer(
    head: Path,
    out: Path,
    photo: UInt8[np.ndarray, "H W 3"] | None = None,
    keys: tuple[str, str] = ("arkit", "apple"),
    performance: tuple[Path, Playback] | None = None,
    *,
    blender: Blender | None = None,
) -> Iterator[BlendProcess]:
    """Start writing head.npz as a .blend file; other work may go on until `finish`. Leaving early ends Blender.

    Args:
        head: the head.npz.
        out: the .blend file.
        photo: (H, W, 3) uint8 sRGB, the upright photo, which becomes the camera's background; None for none.
        keys: expression sets and spelling, in the words of `expression_choice.parse_choice`.
        performance: a performance.npz that becomes an action of the head, and how it is played.
        blender: one that waits already; a new one when None.

    Raises:
        DependencyError: Blender's module is not installed.
    """
    asked = [str(head.resolve()), str(out.resolve()), "--expressions", keys[0], "--spelling", keys[1]]
    if performance is not None:
        file, playback = performance
        asked += ["--performance", str(file.resolve()), "--head-pose", playback.head]
        asked += ["--bones"] if playback.bones else []
    with tempfile.TemporaryDirectory(prefix=".blend-", dir=out.parent) as scratch, ExitStack() as own:
        if photo is not None:
            upright = Path(scratch) / "photo.jpg"
            Image.fromarray(photo).save(upright, quality=92)
            asked += ["--photo", str(upright.resolve())]
        blender = blender or own.enter_context(waiting_blender())
        try:
            blender.ask(asked)
            yield BlendProcess(blender, out)
        finally:
            blender.process.kill()  # nothing to a process that has ended; before its folder goes
            blender.process.wait()
