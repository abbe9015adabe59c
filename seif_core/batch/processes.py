"""Photos done by processes of their own, which share the cores; one that dies is one photo's failure and is replaced.

Each process has as many threads as it has a share of the cores, so that two never wait for each other's. A process ends
by itself when the run that started it is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final

from ..device import share_the_cores
from ..errors import UnforeseenError
from ..signals import stop_signals
from .job import PhotoJob, PhotoOutcome

Do = Callable[[PhotoJob], PhotoOutcome]
"""What makes a head of a photo; it must be known by name in another process."""

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Environment variables by which the libraries of arithmetic take their number of threads when they are loaded."""
_PATIENCE: Final = 10.0
"""Seconds in which a process that was asked to stop clears away what it has begun. Chosen by hand."""


def run_in_processes(jobs: Sequence[PhotoJob], do: Do, processes: int) -> Iterator[PhotoOutcome]:
    """Do photos in processes, and give each outcome as soon as it is there. Left early, the processes are ended.

    Args:
        jobs: the photos.
        do: see `Do`.
        processes: how many at once.
    """
    waiting = deque(jobs)
    threads = threads_each(processes)
    workers: list[_Worker] = []
    try:
        workers += [_Worker.started(do, threads) for _ in range(min(processes, len(jobs)))]
        while waiting or any(worker.job for worker in workers):
            for worker in workers:
                if worker.job is None and waiting:
                    worker.give(waiting.popleft())
            busy = {worker.pipe: worker for worker in workers if worker.job is not None}
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # pyright: ignore[reportArgumentType] - the pipes are those that were given
                outcome = worker.take()
                if not worker.process.is_alive() and waiting:
                    workers[workers.index(worker)] = _Worker.started(do, threads)
                yield outcome
    finally:
        _end(workers)


def threads_each(processes: int) -> int:
    """Threads of each of some processes: the cores shared out, fewer where the user said so, at least one."""
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return _at_most(os.environ.get(_THREADS[0]), max(1, len(own) // processes))


def _at_most(asked: str | None, threads: int) -> int:
    """So many threads, or the fewer that an environment variable asks for."""
    return max(1, min(threads, int(asked))) if asked is not None and asked.isdecimal() else threads


@dataclass(eq=False)
class _Worker:
    """A process that does photos.

    Attributes:
        process: the process.
        pipe: jobs go in, outcomes come out.
        job: what it is doing; None when it has nothing to do.
    """

    process: SpawnProcess
    pipe: Connection
    job: PhotoJob | None = None

    @staticmethod
    def started(do: Do, threads: int) -> _Worker:
        """A new process; it takes a few seconds to load its libraries."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, do, threads), name="seif batch")
        with _threads_in_environment(threads):
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def give(self, job: PhotoJob) -> None:
        """Hand it a photo; one that has died meanwhile is found out by `take`."""
        self.job = job
        with suppress(OSError):
            self.pipe.send(job)

    def take(self) -> PhotoOutcome:
        """What became of its photo; a process that died instead of an answer has failed at it."""
        job, self.job = self.job, None
        assert job is not None  # noqa: S101 - only busy workers are asked; narrows the type
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(_PATIENCE)
            return job.ended("failed", _last_words(self.process.exitcode), exit_code=UnforeseenError.exit_code)


def _last_words(code: int | None) -> str:
    """A sentence about a process that ended in the middle of a photo."""
    if code is not None and code < 0:
        return (
            f"The process that did this photo was ended by signal {-code}, as a system does that runs out of memory; "
            "run the same command again with fewer --processes."
        )
    return f"The process that did this photo ended with code {code}; run it alone with seif reconstruct --verbose."


def _end(workers: Sequence[_Worker]) -> None:
    """End processes: idle ones at once, busy ones after they have cleared away what they had begun."""
    for worker in workers:
        worker.pipe.close()
        if worker.job is not None:
            worker.process.terminate()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


@contextmanager
def _threads_in_environment(threads: int) -> Iterator[None]:
    """Inside, processes are started with so many threads; what the user has set lower stays."""
    before = {name: os.environ.get(name) for name in _THREADS}
    for name, value in before.items():
        os.environ[name] = str(_at_most(value, threads))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, do: Do, threads: int) -> None:
    """Do photos until the pipe closes: the life of a process."""
    share_the_cores()
    import cv2

    cv2.setNumThreads(threads)
    with stop_signals():
        threading.Thread(target=_stop_with_parent, daemon=True).start()
        with suppress(EOFError, OSError, KeyboardInterrupt):
            while True:
                pipe.send(do(pipe.recv()))


def _stop_with_parent() -> None:
    """Ask this process to stop when the one that started it is gone: nobody would take what it makes."""
    import _thread
    import signal

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _thread.interrupt_main(signal.SIGTERM)
