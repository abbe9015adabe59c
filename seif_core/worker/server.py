"""The worker's two threads: one reads messages, the main one does the jobs, one at a time.

Signals reach the main thread, so SIGINT ends a job wherever it is; a `cancel` message ends it at its next step.
"""

from __future__ import annotations

import logging
import os
import platform
import queue
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, BinaryIO, Final

from .. import __version__
from ..device import memory_in_words
from ..errors import BusyError, CancelledError, DependencyError, SeifError, UnforeseenError
from ..progress import Progress
from ..signals import heard, unblock
from ..unforeseen import unforeseen_in_words
from .channel import PROTOCOL_VERSION, ProtocolError, Sender, encode, read_messages

_LOG: Final = logging.getLogger(__name__)
_PAUSE: Final = 0.05
"""Seconds between two progress messages of one stage."""
_WAIT: Final = 0.2
"""Seconds that the queue is waited for at a time: signals come in between. Chosen by hand."""

_INTERRUPTS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGBREAK") if hasattr(signal, name))
"""Signals that end a job; the others that ask a process to stop end the worker."""

Handler = Callable[[dict[str, Any], Progress], dict[str, Any]]
"""Does one job: the request and its progress in, the fields of its `result` out."""


@dataclass
class Job:
    """One request that takes time.

    Attributes:
        request: the message.
        cancelled: set when the client wants it to end.
    """

    request: dict[str, Any]
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def identifier(self) -> str:
        """The client's name for this job."""
        return self.request["id"]


class Server:
    """Answers requests until standard input closes.

    Args:
        sender: where answers go.
        handlers: message type -> what does the job.
        shares: of a request: stage name -> share of the whole job's time, in order.
        warm_up: imports what the jobs need; a signal must not tear an import in two, so it waits until this is done.
        discard: removes what a job has half written, when the process ends in the middle of it.
    """

    def __init__(
        self,
        sender: Sender,
        handlers: dict[str, Handler],
        shares: Callable[[dict[str, Any]], dict[str, float]],
        warm_up: Callable[[], None] = lambda: None,
        discard: Callable[[], None] = lambda: None,
    ) -> None:
        self._sender = sender
        self._handlers = handlers
        self._shares = shares
        self._warm_up = warm_up
        self._discard = discard
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._lock = threading.Lock()
        self._current: Job | None = None
        self._interruptible = False
        self._torn = False

    def run(self, stream: BinaryIO) -> None:
        """Say `ready`, then work; never returns, the process ends when `stream` closes."""
        for number in heard():
            signal.signal(number, self._on_interrupt if number in _INTERRUPTS else self._on_end)
        unblock()
        self._sender.send(
            {
                "type": "ready",
                "protocol": PROTOCOL_VERSION,
                "version": __version__,
                "python": platform.python_version(),
                "pid": os.getpid(),
            }
        )
        threading.Thread(target=self._read, args=(stream,), daemon=True, name="reader").start()
        while True:
            self._work(self._next())

    def _next(self) -> Job:
        while True:
            try:
                return self._jobs.get(timeout=_WAIT)  # waiting without end would keep signals out on Windows
            except queue.Empty:
                continue

    def _read(self, stream: BinaryIO) -> None:
        for message in read_messages(stream):
            if isinstance(message, ProtocolError):
                self._send_error(None, message)
            else:
                self._take(message)
        self._end(0)  # the client has gone: end at once, also in the middle of a job

    def _take(self, message: dict[str, Any]) -> None:
        identifier, kind = message.get("id"), message["type"]
        if not isinstance(identifier, str) or not identifier:
            self._send_error(None, ProtocolError(f"The message '{kind}' has no id."))
        elif kind == "cancel":
            with self._lock:
                if self._current is not None and self._current.identifier == identifier:
                    self._current.cancelled.set()
        elif kind not in self._handlers:
            self._send_error(identifier, ProtocolError(f"There is no message '{kind}'; use one release of both sides."))
        else:
            self._admit(Job(message))

    def _admit(self, job: Job) -> None:
        with self._lock:
            busy = self._current is not None
            if not busy:
                self._current = job
        if busy:
            self._send_error(job.identifier, BusyError("Another job is running; wait for it or cancel it first."))
        else:
            self._jobs.put(job)

    def _work(self, job: Job) -> None:
        try:
            with unforeseen_in_words(), memory_in_words():
                answer = encode(self._do(job))
        except SeifError as error:
            if isinstance(error, UnforeseenError):
                _LOG.error("job %s", job.identifier, exc_info=error.__cause__)
            _LOG.info("job %s: %s", job.identifier, error)
            told = {"type": "error", "id": job.identifier, "code": error.code, "message": str(error)}
            answer = encode(told | {"ending": True} if self._torn else told)
        with self._lock:
            self._current = None
        self._sender.send_line(answer)
        if self._torn:
            self._end(1)

    def _do(self, job: Job) -> dict[str, Any]:
        """Run the handler; SIGINT is listened to exactly in here."""
        progress = Progress(_Reports(job.identifier, self._sender, self._shares(job.request)), job.cancelled.is_set)
        with progress.stage("Prepare"):
            self._prepare()
        try:
            self._interruptible = True
            try:
                fields = self._handlers[job.request["type"]](job.request, progress)
            finally:
                self._interruptible = False
        except KeyboardInterrupt:
            raise CancelledError("The reconstruction was cancelled; nothing was written.") from None
        return {"type": "result", "id": job.identifier, **fields}

    def _prepare(self) -> None:
        """Import what the job needs; an import that breaks off leaves halves behind, with which no worker can go on."""
        self._torn = True
        try:
            self._warm_up()
        except DependencyError:
            self._torn = False
            raise
        self._torn = False

    def _on_interrupt(self, _number: int, frame: FrameType | None) -> None:
        if self._interruptible:
            self._interruptible = False
            self._torn = _importing(frame)
            raise KeyboardInterrupt
        if self._current is None:
            self._end(0)

    def _on_end(self, number: int, _frame: FrameType | None) -> None:
        self._end(128 + number)

    def _end(self, code: int) -> None:
        """End the process here and now; a normal exit would hang on the thread that reads standard input."""
        self._discard()
        logging.shutdown()
        os._exit(code)

    def _send_error(self, identifier: str | None, error: SeifError) -> None:
        self._sender.send({"type": "error", "id": identifier, "code": error.code, "message": str(error)})


def _importing(frame: FrameType | None) -> bool:
    """Whether an import is under way at a frame; some libraries import parts of theirs when those are first used."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


class _Reports:
    """A `Progress` listener that sends `progress` messages, not too many, with a total that never falls."""

    def __init__(self, identifier: str, sender: Sender, shares: dict[str, float]) -> None:
        self._identifier = identifier
        self._sender = sender
        self._shares = shares
        self._stage = ""
        self._total = 0.0
        self._sent = 0.0

    def __call__(self, stage: str, fraction: float) -> None:
        before = 0.0
        for name, share in self._shares.items():
            if name == stage:
                self._total = max(self._total, min(1.0, before + share * fraction))
            before += share
        now = time.monotonic()
        if stage == self._stage and now - self._sent < _PAUSE:
            return
        self._stage, self._sent = stage, now
        self._sender.send(
            {
                "type": "progress",
                "id": self._identifier,
                "stage": stage,
                "fraction": round(fraction, 4),
                "total": round(self._total, 4),
            }
        )
