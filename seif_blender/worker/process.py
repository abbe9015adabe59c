"""The worker's process: pipes, two reader threads that only fill queues, signals, and how it ended."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from typing import IO, Final

from .environment import WorkerCommand, process_options, worker_environment
from .protocol import MAX_LINE

_LOG_LINES: Final = 200
_LOG_WIDTH: Final = 2000
"""Lines that are kept of what the worker says, for the sentence when it fails, and bytes of a line. Chosen by hand."""
_EXCEPTION: Final = re.compile(r"[\w.]+(Error|Exception|Interrupt)\b(:|$)")
_PATIENCE: Final = 0.3
"""Seconds that a worker gets to end by itself when its standard input closes."""
_LAST_WORDS: Final = 0.2
"""Seconds that the last lines of an ended worker are waited for. Chosen by hand."""


class WorkerProcess:
    """A started worker; lines come out of `lines`, a last None says that it closed its end.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(self, command: WorkerCommand) -> None:
        self.lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        with _interrupt_heard():
            self._process = subprocess.Popen(
                command.arguments(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=command.root,
                env=worker_environment(),
                bufsize=0,
                **process_options(),
            )
        self._readers = [
            threading.Thread(target=_read_lines, args=(self._process.stdout, self.lines), daemon=True),
            threading.Thread(target=_read_log, args=(self._process.stderr, self.log), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, line: bytes) -> bool:
        """Write one line; False when the worker does not listen any more."""
        try:
            self._stdin.write(line)
        except (BrokenPipeError, OSError, ValueError):
            return False
        return True

    def interrupt(self) -> None:
        """Ask the worker to drop its job: SIGINT, on Windows Ctrl-Break."""
        with contextlib.suppress(OSError, ValueError):
            self._process.send_signal(signal.CTRL_BREAK_EVENT if os.name == "nt" else signal.SIGINT)  # pyright: ignore[reportAttributeAccessIssue]

    def kill(self) -> None:
        """End the worker at once; a thread waits for it, since giving its memory back takes the system a moment."""
        with contextlib.suppress(OSError):
            self._process.kill()
        threading.Thread(target=self._finish, daemon=True).start()

    def close(self) -> None:
        """Close the worker's standard input, at which it ends; kill it if it does not."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                self._process.kill()
        self._finish()

    def drain(self) -> None:
        """Wait until the ended process's last words are in `lines` (a grandchild may hold the pipe open: not long)."""
        for reader in self._readers:
            reader.join(_LAST_WORDS)

    def describe_end(self) -> str:
        """How the ended process ended, as part of a sentence."""
        self._finish()
        code = self._process.returncode
        if code is not None and code < 0:
            return f"signal {_signal_name(-code)}"
        return f"exit code {code}"

    @property
    def killed_from_outside(self) -> bool:
        """Whether the system ended it, most often for want of memory (SIGKILL on POSIX; 137 through a shell)."""
        return self._process.returncode in (-9, 137)

    def last_words(self) -> str:
        """The line of the log that tells most: the last exception, else the last line that says something."""
        lines = [line for line in reversed(list(self.log)) if line.strip()]
        return next((line for line in lines if _EXCEPTION.match(line)), lines[0].strip() if lines else "")

    @property
    def _stdin(self) -> IO[bytes]:
        if self._process.stdin is None:  # pragma: no cover - it was opened as a pipe
            raise ValueError("the worker has no standard input")
        return self._process.stdin

    def _finish(self) -> None:
        """Wait for the ended process and its last words, then release the pipes."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self.drain()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and not any(reader.is_alive() for reader in self._readers):
                with contextlib.suppress(OSError):
                    stream.close()


@contextlib.contextmanager
def _interrupt_heard() -> Iterator[None]:
    """Inside, processes are started that hear SIGINT, also where Blender was itself started with it ignored.

    That is what shells do to their background jobs; what a process ignores, those that it starts ignore too.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_lines(stream: io.FileIO, lines: queue.SimpleQueue[bytes | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        buffered = io.BufferedReader(stream)
        while line := buffered.readline(MAX_LINE + 1):
            lines.put(line)
    lines.put(None)


def _read_log(stream: io.FileIO, log: deque[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        buffered = io.BufferedReader(stream)
        while line := buffered.readline(_LOG_WIDTH):
            log.append(line.decode("utf-8", "replace").rstrip())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
