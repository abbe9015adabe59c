"""Re-run with Changes: the active head made anew, in its place; Copy Diagnostics."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.

import platform
from dataclasses import replace
from typing import Final

import bpy

from .. import core
from ..animate.lookup import FoundHead, find_head, head_of, require_head
from ..animate.removal import drop_counters, remove_head
from ..build.kept_photo import kept_photo, replace_photo
from ..build.provenance import read_provenance, write_provenance
from ..core import __version__
from ..worker import registry
from ..worker.job import Job
from .carried_over import carried_over, lod_counts, take_over
from .head_photo import file_of_copy, photo_of_head
from .obstacles import busy_obstacle
from .operators import HeadOperator
from .properties import worker_settings
from .summary import diagnostics

_NO_PHOTO: Final = "This head has no copy of its photo; choose the same photo file in the panel first"


class SEIF_OT_rerun(HeadOperator, bpy.types.Operator):
    """Make the active head anew from its own photo with the options as they are now, in its place."""

    bl_idname = "seif.rerun"
    bl_label = "Re-run with Changes"
    bl_description = (
        "Make the active head anew from its own photo with the options as they are now, in its place. Which hair is "
        "shown and the asset mark stay, levels of detail are made anew; expressions and animation go with the earlier "
        "head, undo brings it back"
    )
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head that is active and knows its photo, and while no other job runs."""
        head = find_head(context)
        if head is None:
            lacking = "Select the head that is to be made anew"
        elif head.rig.library is not None or head.rig.override_library is not None:
            lacking = "This head is linked from another file; make it anew there"
        elif photo_of_head(context, head.rig) is None:
            lacking = _NO_PHOTO
        else:
            lacking = busy_obstacle(context)
        if lacking:
            cls.poll_message_set(lacking)
        return not lacking

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and wait for it without blocking."""
        return self._begin(context, blocking=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """As `invoke`, and wait here."""
        return self._begin(context, blocking=True)

    def _begin(self, context: bpy.types.Context, *, blocking: bool) -> set[str]:
        """Remember the head by its name, for Blender's data may move meanwhile."""
        rig = require_head(context).rig
        photo = photo_of_head(context, rig)
        if photo is None:  # the poll says so too; a script may not have asked
            self.report({"ERROR"}, _NO_PHOTO)
            return {"CANCELLED"}
        self.earlier, self.photo = rig.name, photo
        try:
            file = photo.file or file_of_copy(photo)
        except core.errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        settings = worker_settings(context) | {"face": photo.face}
        self.waits = not blocking
        return self.begin(context, Job(file, settings, corrections=photo.corrections), blocking=blocking)

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Put the new head where the earlier one was and take that away; without a new one it stays."""
        answer = super().complete(context)
        earlier, made = head_of(self.earlier), find_head(context)
        if "FINISHED" not in answer or earlier is None or made is None:
            return answer
        had = carried_over(earlier)
        made.rig.matrix_world = earlier.rig.matrix_world.copy()
        if self.photo.file is None:
            hand_photo_on(earlier.rig, made)
        remove_head(earlier.rig)
        drop_counters(made.rig)
        complaint = take_over(made, had)
        if complaint:
            self.report({"WARNING"}, complaint)
        counts = lod_counts(had.triangles)
        if counts and bpy.ops.seif.make_lods.poll():
            bpy.ops.seif.make_lods("INVOKE_DEFAULT" if self.waits else "EXEC_DEFAULT", triangles=counts)
        return answer


def hand_photo_on(earlier: bpy.types.Object, made: FoundHead) -> None:
    """A head that was made of another's copy is of the same photo: it keeps that copy, and the photo's name and sum."""
    origin, own, image = read_provenance(earlier), read_provenance(made.rig), kept_photo(earlier)
    if origin is None or own is None or image is None:
        return
    for block in (made.mesh, made.rig):
        write_provenance(block, replace(own, photo=origin.photo, photo_sha256=origin.photo_sha256))
    replace_photo(made.rig, image)


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
