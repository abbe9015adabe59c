"""The client: starts the worker lazily, runs one job at a time, turns every way to fail into a sentence.

Nothing happens by itself: whoever owns the client calls `poll` often (the modal operator, ten times a second).
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Final

from ..core import errors
from .environment import WorkerCommand
from .job import Job, State
from .process import WorkerProcess
from .protocol import PROTOCOL, Failed, Finished, Message, Progressed, ProtocolError, Ready, decode, encode

READY_SECONDS: Final = 60.0
INTERRUPT_SECONDS: Final = 0.4
KILL_SECONDS: Final = 0.75
"""Seconds until a worker that did not say that it is ready is given up; after a wish to cancel, until it is interrupted
and until it is killed: a cancelled job ends within a second. Chosen by hand."""
PAUSE: Final = 0.01
"""Seconds between two looks at a job, where nothing else may happen meanwhile: a script waits no longer than that for
what is done. Chosen by hand."""
CANCELLED_SENTENCE: Final = "The reconstruction was cancelled; the scene is as it was."


class WorkerClient:
    """Talks to one worker process.

    Args:
        command: gives the command to start a worker; raises `DependencyError` when there is no runtime.
        version: of the add-on; the worker must be of the same release.
        clock: seconds, for tests.
    """

    def __init__(
        self, command: Callable[[], WorkerCommand], version: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._command = command
        self._version = version
        self._clock = clock
        self._process: WorkerProcess | None = None
        self._started_with: WorkerCommand | None = None
        self._job: Job | None = None
        self._ready = False
        self._unused = True
        self._ready_by = 0.0
        self._cancelled_at: float | None = None
        self._interrupted = False

    @property
    def job(self) -> Job | None:
        """The job that runs, None between jobs."""
        return self._job

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._job is not None

    def submit(self, job: Job) -> None:
        """Start a job; failures to start the worker end the job, they are not raised.

        Raises:
            BusyError: another job runs.
        """
        if self._job is not None:
            name = self._job.photo.name.encode("utf-8", "replace").decode()
            raise errors.BusyError(f"The reconstruction of {name} is still running; wait for it or cancel it first.")
        self._job, self._cancelled_at, self._interrupted = job, None, False
        try:
            self._ensure_process()
        except errors.SeifError as error:
            self._end(State.FAILED, "runtime", str(error))
            return
        if self._ready:
            self._send_job()

    def cancel(self) -> None:
        """Ask the worker to drop the job; within a second it is over, see `poll`."""
        job = self._job
        if job is None or self._cancelled_at is not None:
            return
        self._cancelled_at = self._clock()
        waiting = job.state is State.STARTING
        job.state, job.stage = State.CANCELLING, "Cancelling"
        if waiting:  # the worker has not even begun: it need not know
            self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)
        elif self._process is not None:
            self._process.send(encode({"type": "cancel", "id": job.id}))

    def settle(self, seconds: float = KILL_SECONDS + 0.2) -> None:
        """Cancel and wait until no job runs, for the moments when nobody can poll any more."""
        self.cancel()
        end = self._clock() + seconds
        while self.busy and self._clock() < end:
            self.poll()
            time.sleep(PAUSE)
        if self.busy:
            self._kill()
            self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)

    def close(self) -> None:
        """Cancel what runs and end the worker."""
        if self._process is not None:
            self._process.close()
        self._process, self._ready = None, False
        self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)

    def poll(self) -> None:
        """Take in what the worker said, and keep the deadlines."""
        self._take_in_all()
        if self._process is not None and not self._process.alive:
            self._process.drain()
            self._take_in_all()
            self._ended()
        self._keep_deadlines()

    @property
    def log(self) -> list[str]:
        """The last lines of the worker's log."""
        return list(self._process.log) if self._process is not None else []

    def _ensure_process(self) -> None:
        command = self._command()
        if self._process is not None and (not self._process.alive or command != self._started_with):
            self._process.close()
            self._process = None
        if self._process is not None:
            return
        try:
            self._process = WorkerProcess(command)
        except OSError as error:
            raise errors.DependencyError(
                f"The worker's Python {command.python} cannot be started ({error.strerror or error}); "
                "set another in the add-on's preferences or install the runtime there."
            ) from error
        self._started_with, self._ready, self._unused = command, False, True
        self._ready_by = self._clock() + READY_SECONDS

    def _take_in_all(self) -> None:
        while self._process is not None:
            try:
                line = self._process.lines.get_nowait()
            except queue.Empty:
                return
            if line is None:
                self._ended()
            else:
                self._take_in(line)

    def _take_in(self, line: bytes) -> None:
        try:
            message = decode(line)
        except ProtocolError as error:
            self._kill()
            self._end(
                State.FAILED,
                "worker",
                f"The worker said {error}, which is not its protocol; it was stopped, please try again.",
            )
            return
        self._handle(message)

    def _handle(self, message: Message) -> None:
        match message:
            case Ready():
                self._greet(message)
            case Progressed(job=name) if self._job is not None and name == self._job.id:
                if self._job.state is State.RUNNING:
                    self._job.go_on(message.stage, message.total)
            case Finished(job=name) if self._job is not None and name == self._job.id:
                self._succeed(self._job, message)
            case Failed(job=name) if self._job is not None and name in (self._job.id, ""):
                if message.ending:  # the next job must not be sent to a worker that is about to end
                    self._kill()
                cancelled = self._cancelled_at is not None or message.code == "cancelled"
                if cancelled:
                    self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)
                else:
                    self._end(State.FAILED, message.code, message.message)
            case _:
                pass  # the last words of a job that is over

    def _greet(self, ready: Ready) -> None:
        if ready.protocol != PROTOCOL or ready.version != self._version:
            self._kill()
            self._end(
                State.FAILED,
                "runtime",
                f"The worker is SeIF {ready.version} (protocol {ready.protocol}), the add-on {self._version} (protocol "
                f"{PROTOCOL}); install both from one release.",
            )
            return
        self._ready = True
        if self._job is not None and self._job.state is State.STARTING:
            self._send_job()

    def _send_job(self) -> None:
        job = self._job
        if job is None or self._process is None:
            return
        try:
            line = encode(job.request())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            self._end(State.FAILED, "output", f"No temporary folder can be made ({reason}); free some disk space.")
            return
        job.begin(first=self._unused)
        self._unused = self._unused and not job.makes_head
        self._process.send(line)  # a worker that does not listen is about to be noticed as ended

    def _succeed(self, job: Job, message: Finished) -> None:
        if self._cancelled_at is not None:
            self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)
            return
        if job.result_file is not None and not job.result_file.is_file():
            self._end(State.FAILED, "worker", "The worker reported success but wrote no file; please try again.")
            return
        job.total, job.stage, job.report = 1.0, "Done", message.report
        self._end(State.SUCCEEDED)

    def _ended(self) -> None:
        """The worker closed its end of the pipe: it is gone, or about to be."""
        process, was_ready = self._process, self._ready
        if process is None:
            return
        process.close()
        end, last, killed = process.describe_end(), process.last_words(), process.killed_from_outside
        self._process, self._ready = None, False
        if self._cancelled_at is not None:
            self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)
        elif not was_ready:
            self._end(
                State.FAILED,
                "runtime",
                f"The worker's Python ended at once ({last or end}); install the runtime in the add-on's preferences.",
            )
        elif killed:
            self._end(
                State.FAILED,
                "worker",
                "The worker was ended by the system, most often for want of memory; "
                "try a smaller photo or texture, or close other programs.",
            )
        else:
            self._end(
                State.FAILED,
                "worker",
                f"The worker ended unexpectedly ({end}{': ' + last if last else ''}); please try again.",
            )

    def _keep_deadlines(self) -> None:
        now = self._clock()
        if self._process is not None and not self._ready and now > self._ready_by:
            self._kill()
            self._end(
                State.FAILED,
                "runtime",
                f"The worker did not answer within {READY_SECONDS:.0f} s and was stopped; check the runtime in the "
                "add-on's preferences.",
            )
        if self._cancelled_at is None or self._job is None:
            return
        waited = now - self._cancelled_at
        if waited > KILL_SECONDS:
            self._kill()
            self._end(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)
        elif waited > INTERRUPT_SECONDS and not self._interrupted and self._process is not None:
            self._interrupted = True
            self._process.interrupt()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._process, self._ready = None, False

    def _end(self, state: State, code: str = "", message: str = "") -> None:
        job, self._job = self._job, None
        self._cancelled_at, self._interrupted = None, False
        if job is not None:
            job.finish(state, code, message)
