"""head.blend, written by Blender's module in a process of its own: the library itself never imports `bpy`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from .capture.playback import Playback
from .errors import DependencyError, OutputError
from .progress import Progress
from .shapes import UInt8


def blender_is_here() -> bool:
    """Whether Blender's Python module is installed."""
    return importlib.util.find_spec("bpy") is not None


class BlendProcess:
    """A running Blender that writes one file; see `blend_writer`."""

    def __init__(self, process: subprocess.Popen, log: IO[bytes], out: Path) -> None:
        self._process = process
        self._log = log
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
            time.sleep(0.02)
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
) -> Iterator[BlendProcess]:
    """Start writing head.npz as a .blend file; other work may go on until `finish`. Leaving early ends Blender.

    Args:
        head: the head.npz.
        out: the .blend file.
        photo: (H, W, 3) uint8 sRGB, the upright photo, which becomes the camera's background; None for none.
        keys: expression sets and spelling, in the words of `expression_choice.parse_choice`.
        performance: a performance.npz that becomes an action of the head, and how it is played.

    Raises:
        DependencyError: Blender's module is not installed.
    """
    if not blender_is_here():
        raise DependencyError("head.blend needs Blender's Python module bpy 5.0.1; install it or leave out 'blend'.")
    command = [sys.executable, "-m", "seif_blender.write_blend", str(head.resolve()), str(out.resolve())]
    command += ["--parent", str(os.getpid()), "--expressions", keys[0], "--spelling", keys[1]]
    if performance is not None:
        file, playback = performance
        command += ["--performance", str(file.resolve()), "--head-pose", playback.head]
        command += ["--bones"] if playback.bones else []
    with tempfile.TemporaryDirectory(prefix=".blend-", dir=out.parent) as scratch, tempfile.TemporaryFile() as log:
        if photo is not None:
            upright = Path(scratch) / "photo.jpg"
            Image.fromarray(photo).save(upright, quality=92)
            command += ["--photo", str(upright.resolve())]
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parent.parent,
            env={**variables, "PYTHONNOUSERSITE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield BlendProcess(process, log, out)
        finally:
            process.kill()  # nothing to a process that has ended
            process.wait()
