"""Several photos, one after another: Add Photos, Run Queue, cancelling one or all, order."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ..addon import preferences
from ..pump import ModalPump
from ..ui import redraw
from ..worker import registry
from ..worker.job import State
from .obstacles import options_obstacle
from .operators import advance
from .photo_queue import QUEUE, QueuedPhoto, Turn
from .photo_suffixes import PHOTO_FILTER
from .properties import worker_settings
from .result import HeadInTheMaking


def add_to_queue(context: bpy.types.Context, photos: list[Path]) -> int:
    """Add photos with the options as they are now; returns how many were added."""
    return len(QUEUE.add(photos, worker_settings(context)))


def start_queue() -> set[str]:
    """Run the queue if it does not run already."""
    if SEIF_OT_run_queue.active:
        return {"FINISHED"}
    return bpy.ops.seif.run_queue("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT")


class SEIF_OT_run_queue(ModalPump, bpy.types.Operator):
    """Reconstruct all photos that wait, one after another; one that fails does not stop the rest."""

    bl_idname = "seif.run_queue"
    bl_label = "Run Queue"
    bl_description = "Reconstruct all photos that wait, one after another; one that fails does not stop the rest"

    active = False
    """Whether one waits already."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a photo that waits, and once at a time."""
        if cls.active:
            cls.poll_message_set("The queue is running")
            return False
        if not QUEUE.waiting:
            cls.poll_message_set("Add photos to the queue first")
            return False
        lacking = options_obstacle(context)
        if lacking:
            cls.poll_message_set(lacking)
        return not lacking

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin, and wait without blocking."""
        self._begin()
        return self.start(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the queue to its end here: for scripts and for Blender without a window."""
        self._begin()
        return self.wait(context)

    def _begin(self) -> None:
        type(self).active = True
        self.made = self.tried = 0
        self.making: HeadInTheMaking | None = None

    def pump(self) -> bool:
        """Take in what became of the photo whose turn it was, and begin the next."""
        registry.poll()
        one = QUEUE.running
        if one is not None and one.job is not None and one.job.over and not self._make(one):
            return False
        if registry.current_job() is None:
            self._next()
        return QUEUE.over

    def _next(self) -> None:
        one = QUEUE.begin_next()
        if one is None or one.job is None:
            return
        registry.forget_last()
        registry.submit(one.job, preferences(bpy.context).command)

    def _make(self, one: QueuedPhoto) -> bool:
        """Go on with the head of a photo, or keep the sentence that says why there is none; True once that is done."""
        job = one.job
        if self.making is None and job is not None and job.state is State.SUCCEEDED:
            self.making = HeadInTheMaking(bpy.context, job)
        if self.making is not None and not advance(self, self.making):
            return False
        self.tried += 1
        if self.making is not None and job is not None and job.state is State.SUCCEEDED:
            self.made += 1
            if bpy.ops.ed.undo_push.poll():
                bpy.ops.ed.undo_push(message=f"Head from {one.photo.name}")
        self.making = None
        QUEUE.end(one)
        redraw(bpy.context)
        return True

    def request_cancel(self) -> None:
        """Esc cancels the photo that runs and all that wait."""
        QUEUE.cancel_all(registry.cancel)

    def abandon(self) -> None:
        """Blender ends the operator."""
        type(self).active = False
        QUEUE.cancel_all(registry.settle)

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Say how many heads were made."""
        type(self).active = False
        redraw(context)
        failed = sum(one.turn is Turn.FAILED for one in QUEUE.photos)
        sentence = f"{self.made} of {self.tried} photos became heads"
        self.report(
            {"WARNING" if failed else "INFO"}, sentence + ("; the list says why the others did not" * bool(failed))
        )
        return {"FINISHED"} if self.made else {"CANCELLED"}

    def status(self) -> str:
        """Text of the status bar."""
        one = QUEUE.running
        if one is None or one.job is None:
            return "SeIF: waiting for the worker    Esc: Cancel All"
        return f"SeIF: {one.photo.name}, {one.job.stage}, {one.job.total:.0%}, {QUEUE.waiting} more    Esc: Cancel All"


class SEIF_OT_add_photos(bpy.types.Operator, ImportHelper):
    """Choose several photos; they are reconstructed one after another with the options as they are now."""

    bl_idname = "seif.add_photos"
    bl_label = "Add Photos"
    bl_description = "Choose several photos; they are reconstructed one after another with the options as they are now"

    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(default=PHOTO_FILTER, options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the files."""
        photos = [Path(self.directory) / one.name for one in self.files if one.name]
        if not photos:
            self.report({"ERROR"}, "No photo was chosen")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{add_to_queue(context, photos)} photos added")
        redraw(context)
        return {"FINISHED"}


class SEIF_OT_queue_remove(bpy.types.Operator):
    """Cancel this photo if it runs, else take it out of the list."""

    bl_idname = "seif.queue_remove"
    bl_label = "Remove from Queue"
    bl_description = "Cancel this photo if it runs, else take it out of the list"

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove or cancel."""
        QUEUE.remove(self.number, registry.cancel)
        redraw(context)
        return {"FINISHED"}


class SEIF_OT_queue_move(bpy.types.Operator):
    """Let this photo have its turn earlier."""

    bl_idname = "seif.queue_move"
    bl_label = "Earlier"
    bl_description = "Let this photo have its turn earlier"

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change places with the one before."""
        QUEUE.move(self.number, -1)
        redraw(context)
        return {"FINISHED"}


class SEIF_OT_queue_cancel_all(bpy.types.Operator):
    """Cancel the photo that runs and all that wait; heads that are made stay."""

    bl_idname = "seif.queue_cancel_all"
    bl_label = "Cancel All"
    bl_description = "Cancel the photo that runs and all that wait; heads that are made stay"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Cancel."""
        QUEUE.cancel_all(registry.cancel)
        redraw(context)
        return {"FINISHED"}


class SEIF_OT_queue_clear(bpy.types.Operator):
    """Take the photos whose turn is over out of the list."""

    bl_idname = "seif.queue_clear"
    bl_label = "Clear Finished"
    bl_description = "Take the photos whose turn is over out of the list"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget them."""
        QUEUE.forget_finished()
        redraw(context)
        return {"FINISHED"}


CLASSES = (
    SEIF_OT_run_queue,
    SEIF_OT_add_photos,
    SEIF_OT_queue_remove,
    SEIF_OT_queue_move,
    SEIF_OT_queue_cancel_all,
    SEIF_OT_queue_clear,
)
