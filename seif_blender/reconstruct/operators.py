"""Reconstruct Head from Image, Cancel, and importing a photo as a head."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import core
from ..addon import preferences
from ..models.listing import added_flame
from ..ui import redraw
from ..waiting import WorkerOperator
from ..worker import registry
from ..worker.job import Job
from .properties import ADDED, FLAME, worker_settings
from .result import build_result

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".avif")
"""Picture files that the library reads where its decoder does."""


def _obstacle(context: bpy.types.Context) -> str:
    """Why no reconstruction can start, empty where one can."""
    chosen = context.scene.seif
    if registry.current_job() is not None:
        return "A reconstruction is running; wait for it or cancel it"
    if not chosen.photo:
        return "Choose a photo first"
    if not chosen.photo_path().is_absolute():
        return "Save this file first, or choose the photo by its whole path"
    if chosen.head_model == FLAME and not preferences(context).flame_file and not added_flame(context):
        return "Choose FLAME's file in the options first"
    if chosen.head_model == ADDED and not chosen.added_model:
        return "Choose an added head model in the options first"
    return ""


class HeadOperator(WorkerOperator):
    """Mixin of operators that make a head from the photo with the options of the panel."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a photo and while no other job runs."""
        obstacle = _obstacle(context)
        if obstacle:
            cls.poll_message_set(obstacle)
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
        return Job(context.scene.seif.photo_path(), worker_settings(context))

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Build the head, or say why there is none."""
        if not self.succeeded():
            return {"CANCELLED"}
        try:
            sentence = build_result(context, self.job)
        except core.errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, sentence)
        return {"FINISHED"}


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


class SEIF_OT_import_photo(bpy.types.Operator, ImportHelper):
    """Make a rigged, textured head from a photo."""

    bl_idname = "seif.import_photo"
    bl_label = "Head from Photo (SeIF)"
    bl_description = "Make a rigged, textured head from a photo"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in PHOTO_SUFFIXES), options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """A dropped file is taken at once, else the file browser opens."""
        if self.filepath:
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the panel's photo and start the reconstruction."""
        if registry.current_job() is not None:
            self.report({"ERROR"}, "A reconstruction is running; wait for it or cancel it")
            return {"CANCELLED"}
        context.scene.seif.photo = self.filepath
        obstacle = _obstacle(context)
        if obstacle:
            self.report({"ERROR"}, obstacle)
            return {"CANCELLED"}
        mode = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        return {"FINISHED"} if "CANCELLED" not in bpy.ops.seif.reconstruct(mode) else {"CANCELLED"}


class SEIF_FH_photo(bpy.types.FileHandler):
    """A picture dropped into a 3D view may become a head."""

    bl_idname = "SEIF_FH_photo"
    bl_label = "Head from Photo (SeIF)"
    bl_import_operator = "seif.import_photo"
    bl_file_extensions = ";".join(PHOTO_SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Over a 3D view."""
        return context.area is not None and context.area.type == "VIEW_3D"


def draw_import_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entry in File > Import."""
    menu.layout.operator(SEIF_OT_import_photo.bl_idname, text=SEIF_OT_import_photo.bl_label)


CLASSES = (
    SEIF_OT_reconstruct,
    SEIF_OT_cancel,
    SEIF_OT_dismiss,
    SEIF_OT_copy_log,
    SEIF_OT_import_photo,
    SEIF_FH_photo,
)
