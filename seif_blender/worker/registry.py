"""The one client of this Blender, owned by this module, so that loading a file or ending an operator loses no job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..core import __version__, errors
from .client import CANCELLED_SENTENCE, WorkerClient
from .environment import WorkerCommand
from .job import Job, State, sweep
from .pace import PaceFile
from .task import Task


class _Registry:
    client: WorkerClient | None = None
    last: Job | None = None
    head: Job | None = None
    waiting: Job | None = None
    held: Job | None = None
    paces: PaceFile | None = None


def keep_paces_in(file: Path) -> None:
    """How long heads take on this machine is kept in that file, by which the time left is told."""
    _Registry.paces = PaceFile(file)


def client(command: Callable[[], WorkerCommand]) -> WorkerClient:
    """The client, made on first use; `command` tells it how to start a worker."""
    if _Registry.client is None:
        sweep()
        _Registry.client = WorkerClient(command, __version__)
    return _Registry.client


def submit(job: Job, command: Callable[[], WorkerCommand]) -> None:
    """Run a job; after a task that gives way it waits until that is over, which is soon.

    Raises:
        BusyError: another job runs.
    """
    own = client(command)
    if job.makes_head:
        job.paces = _Registry.paces
    if _Registry.waiting is not None:
        raise errors.BusyError("A job is waiting already; wait for it or cancel it first.")
    if glancing():
        _Registry.waiting = job
    else:
        own.submit(job)
    if isinstance(job, Task) and job.gives_way:
        return
    _Registry.last = job
    if job.makes_head:
        _Registry.head = job


def current_job() -> Job | None:
    """The job that runs, waits to or is being built, None when there is none or only one that gives way."""
    return _Registry.waiting or _Registry.held or (None if glancing() else running_job())


def hold(job: Job) -> None:
    """The worker has done with a job, but its head is not in the scene yet: nobody may start another."""
    _Registry.held = job


def release(job: Job) -> None:
    """A held job is over."""
    if _Registry.held is job:
        _Registry.held = None


def running_job() -> Job | None:
    """The job that the worker has, whatever it is."""
    return _Registry.client.job if _Registry.client is not None else None


def glancing() -> bool:
    """Whether the worker has a task that gives way: it hinders nobody from starting a job."""
    job = running_job()
    return isinstance(job, Task) and job.gives_way


def last_job() -> Job | None:
    """The job that was started last, over or not: what the panel tells about."""
    return _Registry.last


def last_head() -> Job | None:
    """The reconstruction that was started last, whatever was asked since."""
    return _Registry.head


def forget_last() -> None:
    """Clear the panel's message; after another request than a reconstruction, what that told stands there again."""
    if _Registry.last is not None and _Registry.last.over:
        _Registry.last.discard()
        _Registry.head = None if _Registry.last is _Registry.head else _Registry.head
        _Registry.last = _Registry.head


def poll() -> None:
    """Pump the client, and start the job that waits."""
    own = _Registry.client
    if own is None:
        return
    own.poll()
    if _Registry.waiting is not None and not own.busy:
        job, _Registry.waiting = _Registry.waiting, None
        own.submit(job)


def cancel() -> None:
    """Cancel the job that waits or is held, or else runs; `poll` sees it through."""
    if _Registry.held is not None:
        _Registry.held.finish(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)  # who holds it lets go
        return
    if _Registry.waiting is not None:
        job, _Registry.waiting = _Registry.waiting, None
        job.finish(State.CANCELLED, "cancelled", CANCELLED_SENTENCE)
    elif _Registry.client is not None:
        _Registry.client.cancel()


def settle() -> None:
    """Cancel what waits, is held and runs and see it through here, within a second."""
    if _Registry.held is not None:
        cancel()
        _Registry.held = None
    if _Registry.waiting is not None:
        cancel()
    if _Registry.client is not None:
        _Registry.client.settle()


def end_worker() -> None:
    """End the worker between two jobs, for example because its files are about to be replaced; the next starts anew."""
    if _Registry.client is not None:
        _Registry.client.close()


def worker_log() -> list[str]:
    """The last lines of the worker's log."""
    return _Registry.client.log if _Registry.client is not None else []


def shutdown() -> None:
    """End the worker and forget everything."""
    _Registry.held = None
    if _Registry.waiting is not None:
        cancel()
    if _Registry.client is not None:
        _Registry.client.close()
    forget_last()
    forget_last()  # what the first one uncovered
    _Registry.client = None
