"""The one client of this Blender, owned by this module, so that loading a file or ending an operator loses no job."""

from __future__ import annotations

from collections.abc import Callable

from ..core import __version__
from .client import WorkerClient
from .environment import WorkerCommand
from .job import Job
from .task import Task


class _Registry:
    client: WorkerClient | None = None
    last: Job | None = None
    head: Job | None = None


def client(command: Callable[[], WorkerCommand]) -> WorkerClient:
    """The client, made on first use; `command` tells it how to start a worker."""
    if _Registry.client is None:
        _Registry.client = WorkerClient(command, __version__)
    return _Registry.client


def submit(job: Job, command: Callable[[], WorkerCommand]) -> None:
    """Run a job.

    Raises:
        BusyError: another job runs.
    """
    client(command).submit(job)
    _Registry.last = job
    if not isinstance(job, Task):
        _Registry.head = job


def current_job() -> Job | None:
    """The job that runs, None when there is none."""
    return _Registry.client.job if _Registry.client is not None else None


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
    """Pump the client."""
    if _Registry.client is not None:
        _Registry.client.poll()


def cancel() -> None:
    """Cancel the job that runs; `poll` sees it through."""
    if _Registry.client is not None:
        _Registry.client.cancel()


def settle() -> None:
    """Cancel the job that runs and see it through here, within a second."""
    if _Registry.client is not None:
        _Registry.client.settle()


def worker_log() -> list[str]:
    """The last lines of the worker's log."""
    return _Registry.client.log if _Registry.client is not None else []


def shutdown() -> None:
    """End the worker and forget everything."""
    if _Registry.client is not None:
        _Registry.client.close()
    forget_last()
    forget_last()  # what the first one uncovered
    _Registry.client = None
