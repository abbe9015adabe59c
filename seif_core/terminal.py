"""What a person sees in a terminal: one line a stage, with a bar that moves where the terminal can."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

_WIDTH: Final = 24
_NAME: Final = 10


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
        elif self._live and now - self._drawn > 0.05:
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


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Inside, what libraries write straight to descriptor 2 stays off the terminal; `sys.stderr` still reaches it."""
    try:
        ours = sys.stderr.fileno() == 2
    except (OSError, ValueError):  # closed, or a stand-in without a descriptor
        ours = False
    if not ours:
        yield
        return
    before, terminal = sys.stderr, os.dup(2)
    before.flush()
    with os.fdopen(terminal, "w", buffering=1, encoding="utf-8", errors="replace") as stream:
        with Path(os.devnull).open("wb") as sink:
            os.dup2(sink.fileno(), 2)
        sys.stderr = stream
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(terminal, 2)


def _bar(fraction: float) -> str:
    filled = round(_WIDTH * fraction)
    return "#" * filled + "." * (_WIDTH - filled)
