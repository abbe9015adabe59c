"""An installation that runs: the installer's process, its progress, cancelling it; no `bpy`."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .. import core
from ..worker.environment import process_options, worker_environment

DOWNLOADS = ".downloads"
"""Folder beside the runtimes that keeps what was fetched until everything is there (`installer.DOWNLOADS`)."""
_INSTALLER = Path(__file__).resolve().with_name("installer.py")


@dataclass(eq=False)
class Installation:
    """One run of the installer.

    Attributes:
        folder: where runtimes are installed.
        wheels: folder of wheels to install from, empty for the package index.
        accelerator: one of the library's `ACCELERATORS`, empty to detect it.
        fraction: how far it is, 0..1.
        detail: what it does.
        error: sentence once it failed.
        done: whether it is over.
    """

    folder: Path
    wheels: str = ""
    accelerator: str = ""
    fraction: float = 0.0
    detail: str = "looking for packages"
    error: str = ""
    done: bool = False
    _process: subprocess.Popen | None = None
    _lines: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)

    def start(self) -> None:
        """Start the installer."""
        self._sweep()
        arguments = [sys.executable, "-s", str(_INSTALLER), str(core.ROOT), str(self.folder), "--watch"]
        arguments += ["--wheels", self.wheels] if self.wheels else []
        arguments += ["--accelerator", self.accelerator] if self.accelerator else []
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,  # held open: when it closes, with this process, the installer ends
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=worker_environment(),
                **process_options(),
            )
        except OSError as error:
            self._end(f"Python could not be started ({error.strerror or error}).")
            return
        self._process = process
        threading.Thread(target=_read, args=(process.stdout, self._lines), daemon=True).start()

    def poll(self) -> bool:
        """Take in what the installer said; True once it is over."""
        while not self.done:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                break
            if line is None:
                self._end(self.error or "The installation ended unexpectedly; please try again.")
            else:
                self._take_in(line)
        return self.done

    def cancel(self) -> None:
        """End the installer and remove what it had so far, with what it had fetched."""
        if not self.done:
            self._end("The installation was cancelled.")
            shutil.rmtree(self.folder / DOWNLOADS, ignore_errors=True)

    def _take_in(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            if "folder" in message:
                self.fraction = 1.0
                self._end("")
            elif "error" in message:
                self._end(str(message["error"]))
            else:
                self.fraction, self.detail = float(message["fraction"]), str(message["detail"])
        except (ValueError, TypeError, KeyError):
            self.detail = line.decode("utf-8", "replace").strip()

    def _end(self, error: str) -> None:
        self.error, self.done = error, True
        if self._process is None:
            return
        if error:
            _kill_group(self._process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._sweep()

    def _sweep(self) -> None:
        """Remove unfinished folders: this one's, or those of an installer that was ended from outside."""
        for leftover in self.folder.glob(".unfinished-*"):
            shutil.rmtree(leftover, ignore_errors=True)


def _kill_group(process: subprocess.Popen) -> None:
    """End the installer together with its pip."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            killer = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(killer, capture_output=True, check=False)
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _read(stream: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            lines.put(line)
    lines.put(None)


class _Registry:
    current: Installation | None = None


def current() -> Installation | None:
    """The installation that was started last in this Blender, over or not."""
    return _Registry.current


def begin(folder: Path, wheels: str, accelerator: str = "") -> Installation:
    """Start an installation; for the arguments see `Installation`.

    Raises:
        BusyError: one runs already.
    """
    if _Registry.current is not None and not _Registry.current.done:
        raise core.errors.BusyError("The libraries are being installed already; wait for it or cancel it first.")
    _Registry.current = Installation(folder, wheels, accelerator)
    _Registry.current.start()
    return _Registry.current


def shutdown() -> None:
    """End a running installation."""
    if _Registry.current is not None:
        _Registry.current.cancel()
    _Registry.current = None
