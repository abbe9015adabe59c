"""Reconstruct Head from Image, Cancel, messages."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

from ..compat import others_are_modal
from ..pump import ModalPump
from ..ui import redraw
from ..waiting import WorkerOperator
from ..worker import registry
from ..worker.job import Job, State
from .obstacles import obstacle
from .properties import worker_settings
from .result import HeadInTheMaking


class HeadOperator(WorkerOperator):
    """Mixin of operators that make a head from the photo with the options of the panel."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a photo and while no other job runs."""
        lacking = obstacle(context)
        if lacking:
            cls.poll_message_set(lacking)
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and wait for it without blocking."""
        return self.begin(context, self._job(context), blocking=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the job and wait for it here: for scripts and for Blender without a window."""
        return self.begin(context, self._job(context), blocking=True)

    @staticmethod
    def _job(context: bpy.types.Context) -> Job:
        chosen = context.scene.seif
        return Job(chosen.photo_path(), worker_settings(context), corrections=chosen.corrections())

    making: HeadInTheMaking | None = None

    def pump(self) -> bool:
        """Wait for the worker, then for the plan, then build a piece at a time."""
        if not super().pump():
            return False
        if self.making is None:
            if self.job.state is not State.SUCCEEDED:
                return True
            self.making = HeadInTheMaking(bpy.context, self.job)
        return advance(self, self.making)

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Say what was made, or why there is none."""
        redraw(context)
        if not self.succeeded() or self.making is None:
            return {"CANCELLED"}
        self.report({"INFO"}, self.making.sentence)
        return {"FINISHED"}


def advance(operator: ModalPump, making: HeadInTheMaking) -> bool:
    """Go on with a head unless the artist is in the middle of something; True once it is over."""
    if not making.planned:
        return False
    if not making.begun and bpy.context.window is not None and others_are_modal(bpy.context, operator):
        return False
    over = making.step()
    operator.undisturbed = making.begun and not over
    return over


class SEIF_OT_reconstruct(HeadOperator, bpy.types.Operator):
    """Make a rigged, textured head from the photo; Blender stays usable meanwhile, Esc cancels."""

    bl_idname = "seif.reconstruct"
    bl_label = "Reconstruct Head from Image"
    bl_description = (
        "Make a rigged, textured head from the photo, at the 3D cursor; Blender stays usable meanwhile, Esc cancels"
    )
    bl_options = {"UNDO"}


class SEIF_OT_cancel(bpy.types.Operator):
    """Cancel the reconstruction that is running; the scene stays as it is."""

    bl_idname = "seif.cancel"
    bl_label = "Cancel"
    bl_description = "Cancel the reconstruction that is running; the scene stays as it is"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """While a job runs."""
        if registry.current_job() is None:
            cls.poll_message_set("No reconstruction is running")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the client to cancel; the waiting operator sees it through."""
        registry.cancel()
        redraw(context)
        return {"FINISHED"}


class SEIF_OT_dismiss(bpy.types.Operator):
    """Hide this message."""

    bl_idname = "seif.dismiss"
    bl_label = "Dismiss"
    bl_description = "Hide this message"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget the last job."""
        registry.forget_last()
        redraw(context)
        return {"FINISHED"}


class SEIF_OT_copy_log(bpy.types.Operator):
    """Copy the last lines of the worker's log to the clipboard, for a bug report."""

    bl_idname = "seif.copy_log"
    bl_label = "Copy Worker Log"
    bl_description = "Copy the last lines of the worker's log to the clipboard, for a bug report"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy the log."""
        lines = registry.worker_log()
        context.window_manager.clipboard = "\n".join(lines)
        self.report({"INFO"}, f"{len(lines)} lines copied")
        return {"FINISHED"}


CLASSES = (
    SEIF_OT_reconstruct,
    SEIF_OT_cancel,
    SEIF_OT_dismiss,
    SEIF_OT_copy_log,
)
