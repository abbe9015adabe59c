"""What operators share that give the worker a task and wait for its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from . import core
from .addon import preferences
from .pump import ModalPump
from .worker import registry
from .worker.job import Job, State
from .worker.task import Task


class WorkerOperator(ModalPump):
    """Mixin: `begin` gives the worker a job and waits; `complete` is called once it is over.

    `job` is the `Job`, of the kind that the operator itself says.
    """

    job: Any

    if TYPE_CHECKING:  # what every operator has

        def report(self, type: set[str], message: str) -> None:  # noqa: A002 - Blender's name
            """Report to the artist."""

        @classmethod
        def poll_message_set(cls, message: str) -> None:
            """Tell why the operator is disabled."""

    def begin(self, context: bpy.types.Context, job: Job, *, blocking: bool | None = None) -> set[str]:
        """Start a job and wait for it.

        Args:
            context: Blender's.
            job: for the worker.
            blocking: whether to wait here, for scripts; None for only where there is no window.
        """
        if job.makes_head:  # else the panel tells of the last head again once this is over
            registry.forget_last()
        self.job = job
        try:
            registry.submit(job, preferences(context).command)
        except core.errors.BusyError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not (bpy.app.background if blocking is None else blocking):
            return self.start(context)
        return self.wait(context)

    def pump(self) -> bool:
        """Let the client take in what the worker said."""
        registry.poll()
        return self.job.over

    def request_cancel(self) -> None:
        """Esc: the client sees it through within a second."""
        registry.cancel()

    def abandon(self) -> None:
        """Blender ends the operator: nobody will pump, so end the job here."""
        if not self.job.over:
            registry.settle()

    def succeeded(self) -> bool:
        """Whether the job, which is over, brought something; if not, its sentence is reported."""
        if self.job.state is State.SUCCEEDED:
            return True
        self.report({"INFO" if self.job.state is State.CANCELLED else "ERROR"}, self.job.message)
        return False

    def status(self) -> str:
        """Text of the status bar."""
        return f"SeIF: {self.job.stage}, {self.job.total:.0%}    Esc: Cancel"


class TaskOperator(WorkerOperator):
    """Mixin of operators whose job is a `Task`; `answered` is called with it once it is done.

    A failure is reported, and stays in the panel of the 3D view and in the preferences until it is dismissed.
    """

    job: Task

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Do what the answer asks for, or say why there is none."""
        if not self.succeeded():
            return {"CANCELLED"}
        try:
            sentence = self.answered(context, self.job)
        except core.errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            registry.forget_last()
        if sentence:
            self.report({"INFO"}, sentence)
        return {"FINISHED"}

    def answered(self, context: bpy.types.Context, task: Task) -> str:
        """What the answer asks for; returns a sentence for the artist."""
        raise NotImplementedError
