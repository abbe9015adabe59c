"""Re-run with Changes: the active head made anew, in its place; Copy Diagnostics."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.

import platform

import bpy

from ..animate.lookup import find_head
from ..animate.removal import drop_counters, remove_head
from ..core import __version__
from ..worker import registry
from .operators import HeadOperator
from .summary import diagnostics


class SEIF_OT_rerun(HeadOperator, bpy.types.Operator):
    """Make the active head anew with the photo and options as they are now, in its place."""

    bl_idname = "seif.rerun"
    bl_label = "Re-run with Changes"
    bl_description = "Make the active head anew with the photo and options as they are now, in its place"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head that is active, a photo, and while no other job runs."""
        if find_head(context) is None:
            cls.poll_message_set("Select the head that is to be made anew")
            return False
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Remember the head by its name, for Blender's data may move meanwhile."""
        self._remember(context)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """As `invoke`, and wait here."""
        self._remember(context)
        return super().execute(context)

    def _remember(self, context: bpy.types.Context) -> None:
        head = find_head(context)
        self.earlier = head.rig.name if head is not None else ""

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Put the new head where the earlier one was and take that away; without a new one it stays."""
        earlier = bpy.data.objects.get(self.earlier)
        answer = super().complete(context)
        made = find_head(context)
        if "FINISHED" in answer and earlier is not None and made is not None:
            made.rig.matrix_world = earlier.matrix_world.copy()
            remove_head(earlier)
            drop_counters(made.rig)
        return answer


class SEIF_OT_copy_diagnostics(bpy.types.Operator):
    """Copy versions, settings, the last outcome and the worker's log to the clipboard, for a bug report."""

    bl_idname = "seif.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_description = "Copy versions, settings, the last outcome and the worker's log to the clipboard, for a bug report"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy the text."""
        versions = {
            "SeIF": __version__,
            "Blender": bpy.app.version_string,
            "Python": platform.python_version(),
            "system": platform.platform(),
        }
        last = registry.last_job()
        told = last if last is not None and last.message else registry.last_head() or last
        text = diagnostics(versions, told, registry.worker_log())
        context.window_manager.clipboard = text
        self.report({"INFO"}, f"{len(text.splitlines())} lines copied")
        return {"FINISHED"}


CLASSES = (SEIF_OT_rerun, SEIF_OT_copy_diagnostics)
