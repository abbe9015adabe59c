"""What a person sees in a terminal: one line a stage, with a bar that moves where the terminal can."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TextIO, cast

_WIDTH: Final = 24
_NAME: Final = 10
"""Letters of the bar, and of a stage's name before it."""
_PAUSE: Final = 0.05
"""Seconds between two drawings of the bar."""
_OBEYED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""ISO 6429's control characters but tab and line feed."""


class StageLines:
    """A `Progress` listener that draws a bar for the running stage and leaves a line with its time behind.

    Args:
        stream: where to write; standard output when None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._stage = ""
        self._start = 0.0
        self._drawn = 0.0
        self._done = ""

    def __call__(self, stage: str, fraction: float) -> None:
        """Take a report of `Progress`."""
        now = time.perf_counter()
        if stage == self._done and fraction >= 1.0:
            return
        if stage != self._stage:
            self.close()
            self._stage, self._start, self._drawn, self._done = stage, now, 0.0, ""
        if fraction >= 1.0:
            self._finish(now)
        elif self._live and now - self._drawn > _PAUSE:
            self._drawn = now
            self._stream.write(f"\r  {stage:<{_NAME}} [{_bar(fraction)}] {fraction:4.0%} {now - self._start:6.1f} s")
            self._stream.flush()

    def close(self) -> None:
        """Leave a stage that did not come to its end on a line of its own."""
        if self._stage and self._live:
            self._stream.write("\n")
            self._stream.flush()
        self._stage = ""

    def _finish(self, now: float) -> None:
        start = "\r" if self._live else ""
        self._stream.write(f"{start}  {self._stage:<{_NAME}} [{_bar(1.0)}] 100% {now - self._start:6.1f} s\n")
        self._stream.flush()
        self._stage, self._done = "", self._stage


class PatientStream:
    """A text stream to somebody who may go away: from then on what is written is lost, and nothing else happens.

    Args:
        stream: the stream itself.
    """

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - a text stream, or a stand-in
        self._stream = stream
        self.lost = False
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        """Write, or lose it."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:  # the reader has gone, the disk is full; or the stream was closed
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush, or lose it."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    def _give_up(self, error: OSError | ValueError) -> None:
        """Let the stream write into nothing, so that Python finds no fault with what is still in its buffer."""
        self.lost = True
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            self.fault = error
        with suppress(OSError, ValueError):
            number = self._stream.fileno()
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, number)
            os.close(sink)
        with suppress(OSError, ValueError):
            self._stream.flush()


@contextmanager
def patient_streams() -> Iterator[PatientStream]:
    """Inside, a terminal or pipe that goes away, or was never there, ends no work; gives standard output."""
    open_descriptors()
    before = sys.stdout, sys.stderr
    output = PatientStream(sys.stdout)
    sys.stdout, sys.stderr = cast("TextIO", output), cast("TextIO", PatientStream(sys.stderr))
    try:
        yield output
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def open_descriptors() -> None:
    """Point each of the descriptors 0, 1, 2 that is closed at the null device.

    Else the next file that is opened would get its number, and whatever a library prints would land in that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            sink = os.open(os.devnull, os.O_RDWR)
            if sink != number:
                os.dup2(sink, number)
                os.close(sink)
            os.set_inheritable(number, True)  # noqa: FBT003 - the function's own signature
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # so Python says that it was started without
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the process


def tell(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(_harmless(text) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line on standard error."""
    sys.stdout.flush()
    sys.stderr.write(_harmless(text) + "\n")
    sys.stderr.flush()


def _harmless(text: str) -> str:
    """The text without what a terminal obeys: names of files and texts in them may hold its control characters."""
    return _OBEYED.sub("\ufffd", text)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Inside, what libraries write straight to descriptor 2 stays off the terminal; `sys.stderr` still reaches it."""
    try:
        ours = sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):  # closed, or a stand-in without a descriptor
        ours = False
    if not ours:
        yield
        return
    before, terminal = sys.stderr, os.dup(2)
    before.flush()
    with os.fdopen(terminal, "w", buffering=1, encoding="utf-8", errors="replace") as stream:
        with Path(os.devnull).open("wb") as sink:
            os.dup2(sink.fileno(), 2)
        sys.stderr = cast("TextIO", PatientStream(stream))
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(terminal, 2)


def _bar(fraction: float) -> str:
    filled = round(_WIDTH * fraction)
    return "#" * filled + "." * (_WIDTH - filled)
