"""Signals that ask the process to stop: one exception in the main thread, so that what was begun is cleared away.

Their handling is set, not inherited: a shell starts its background jobs with SIGINT ignored, and a process started from
one would never hear Ctrl-C. Only the hang-up is left ignored where it is, since that is what ``nohup`` means by it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
STOPPING: Final = tuple(signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__)
"""Signals that ask a program to stop, those that this system has."""


class StopSignalError(KeyboardInterrupt):
    """The process was asked to stop.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.exit_code = 128 + number
        """What shells tell of a process that a signal ended: 130 after Ctrl-C, 143 after ``kill``."""


class _State:
    listening = False
    holds = 0
    waiting: int | None = None


@contextmanager
def stop_signals() -> Iterator[None]:
    """Inside, the first signal of `STOPPING` raises `StopSignalError` in the main thread, whatever was inherited."""
    if threading.current_thread() is not threading.main_thread() or _State.listening:
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    _State.listening, _State.waiting = True, None
    try:
        for number in heard():
            signal.signal(number, _on_signal)
        unblock()
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        _State.listening = False


def heard() -> tuple[signal.Signals, ...]:
    """Those of `STOPPING` whose handling is to be set: all but a hang-up that ``nohup`` told to ignore."""
    ignored = {signal.Signals.SIGHUP} if "SIGHUP" in signal.Signals.__members__ else set()
    return tuple(n for n in STOPPING if n not in ignored or signal.getsignal(n) is not signal.SIG_IGN)


def unblock() -> None:
    """Let the signals of `STOPPING` through, should the process have been started with them blocked."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


@contextmanager
def held() -> Iterator[None]:
    """Inside, a signal waits: results are moved, or cleared away, whole.

    Within `stop_signals` it then waits for `stop_if_asked`, so that work that has succeeded stays a success; elsewhere
    it comes through at the end of the block. Only the main thread can hold signals, and only it hears them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    listening = _State.listening
    before = {} if listening else {n: signal.getsignal(n) for n in STOPPING}
    before = {n: handler for n, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, _on_signal)
    _State.holds += 1
    try:
        yield
    finally:
        _State.holds -= 1
        for number, handler in before.items():
            signal.signal(number, handler)
        if not listening and not _State.holds and _State.waiting is not None:
            number, _State.waiting = _State.waiting, None
            signal.raise_signal(number)


def stop_if_asked() -> None:
    """Raise `StopSignalError` now if a signal came while it was held."""
    if _State.waiting is not None:
        number, _State.waiting = _State.waiting, None
        raise StopSignalError(number)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    if _State.holds:
        _State.waiting = number
        return
    raise StopSignalError(number)
