"""Levels of detail on their way into the scene: read in pieces, decimated in a thread, built in pieces."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import bpy

from ..animate.lookup import FoundHead
from ..core import errors
from ..worker import registry
from ..worker.job import State
from ..worker.task import Task
from .decimation import Levels, make_levels
from .lookup import LevelObjects
from .make import build_steps, plan_steps


class LodsInTheMaking:
    """Levels of a head that are being made; the panel shows their `job` and may cancel it.

    The thread touches nothing of Blender's. It yields Python's lock between numpy's steps, so Blender goes on drawing.

    Args:
        head: the head.
        counts: triangles of the levels, descending.
        job: what the panel shows; ended when the levels are there, could not be made, or were cancelled.
    """

    def __init__(self, head: FoundHead, counts: Sequence[int], job: Task) -> None:
        self.job = job
        self.made: dict[int, LevelObjects] = {}
        self.exclusive = True
        self._names = head.mesh.name, head.rig.name
        self._steps = self._all(head, counts)
        job.state, job.stage = State.RUNNING, "Levels of Detail"
        registry.hold(job)

    def step(self) -> bool:
        """Go on by a piece; True once the job is over.

        While `exclusive`, objects of the scene are held: nothing may undo, redo or load a file before the next step.
        """
        if self.job.over:  # cancelled: the thread hears of it at its next round
            self._steps.close()
        else:
            try:
                next(self._steps)
            except StopIteration:
                self.job.finish(State.SUCCEEDED)
            except errors.SeifError as error:
                self.job.finish(State.FAILED, error.code, str(error))
        if self.job.over:
            registry.release(self.job)
        return self.job.over

    def _all(self, head: FoundHead, counts: Sequence[int]) -> Generator[None, None, None]:
        plan = yield from plan_steps(head, counts)
        beside = ThreadPoolExecutor(1, "levels")
        answer: Future[Levels] = beside.submit(make_levels, plan.head, plan.hair, plan.counts, self._told)
        beside.shutdown(wait=False)  # it ends once the levels are there
        self.exclusive = False
        while not answer.done():
            yield
        levels = answer.result()
        self.exclusive = True
        self.made = yield from build_steps(self._found(), plan, levels)

    def _found(self) -> FoundHead:
        """The head by its names: Blender's data may have moved since."""
        mesh, rig = (bpy.data.objects.get(name) for name in self._names)
        if mesh is None or rig is None:
            raise errors.SettingsError("The head was deleted or renamed meanwhile; make the levels again.")
        return FoundHead(mesh, rig, None)

    def _told(self, fraction: float) -> None:
        if self.job.over:
            raise errors.CancelledError("The levels were cancelled; the scene is as it was.")
        self.job.total = max(self.job.total, fraction)
