"""What operators share that give the worker a task and wait for its answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import bpy

from . import core
from .addon import preferences
from .pump import ModalPump
from .worker import registry
from .worker.job import State
from .worker.task import Task


class TaskOperator(ModalPump):
    """Mixin: `begin` gives the worker a task; `succeeded` is called with its report once it is done.

    A failure is reported, and stays in the panel of the 3D view and in the preferences until it is dismissed.
    """

    job: Task

    if TYPE_CHECKING:  # what every operator has

        def report(self, type: set[str], message: str) -> None:  # noqa: A002 - Blender's name
            """Report to the artist."""

        @classmethod
        def poll_message_set(cls, message: str) -> None:
            """Tell why the operator is disabled."""

    def begin(self, context: bpy.types.Context, task: Task) -> set[str]:
        """Start a task and wait for it: without blocking where there is a window, here where there is none."""
        registry.forget_last()
        self.job = task
        try:
            registry.submit(task, preferences(context).command)
        except core.errors.BusyError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            return self.start(context)
        while not self.pump():
            time.sleep(0.02)
        return self.complete(context)

    def pump(self) -> bool:
        """Let the client take in what the worker said."""
        registry.poll()
        return self.job.over

    def request_cancel(self) -> None:
        """Esc: the client sees it through within a second."""
        registry.cancel()

    def abandon(self) -> None:
        """Blender ends the operator: nobody will pump, so end the task here."""
        if not self.job.over:
            registry.settle()

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Do what the answer asks for, or say why there is none."""
        if self.job.state is not State.SUCCEEDED:
            self.report({"INFO" if self.job.state is State.CANCELLED else "ERROR"}, self.job.message)
            return {"CANCELLED"}
        try:
            sentence = self.succeeded(context, self.job)
        except core.errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            registry.forget_last()
        if sentence:
            self.report({"INFO"}, sentence)
        return {"FINISHED"}

    def status(self) -> str:
        """Text of the status bar."""
        return f"SeIF: {self.job.stage}, {self.job.total:.0%}    Esc: Cancel"

    def succeeded(self, context: bpy.types.Context, task: Task) -> str:
        """What the answer asks for; returns a sentence for the artist."""
        raise NotImplementedError
