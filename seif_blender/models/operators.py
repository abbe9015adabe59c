"""Add Head Model, Download GNM Head, Remove Head Model, Refresh."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ..ui import draw_sentence, redraw
from ..waiting import TaskOperator
from ..worker import registry
from ..worker.task import Task
from .listing import remember

_QUESTION = (
    "Download GNM Head 3.0 by Google (53 MB, Apache-2.0) from huggingface.co? It is read and checked before it is kept."
)


class _ModelTask(TaskOperator):
    """A task about head models; the list in the preferences follows its answer."""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """While no other job runs."""
        if registry.current_job() is not None:
            cls.poll_message_set("A job is running; wait for it or cancel it")
            return False
        return True

    def answered(self, context: bpy.types.Context, task: Task) -> str:
        """Remember the list, and say what the worker said."""
        remember(context, task.report)
        redraw(context)
        return str(task.report.get("told", ""))


def _task(about: str, **fields: object) -> Task:
    return Task(Path(about), kind="models", fields=fields)


class SEIF_OT_add_head_model(_ModelTask, bpy.types.Operator, ImportHelper):
    """Keep a FLAME or GNM file that you downloaded; it is read and checked first."""

    bl_idname = "seif.add_head_model"
    bl_label = "Add Head Model"
    bl_description = "Keep a FLAME or GNM file that you downloaded; it is read and checked first, which takes a minute"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.pkl;*.npz", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """A file that was handed over is taken at once, else the file browser opens."""
        return self.execute(context) if self.filepath else ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Let the worker read, check and keep the file."""
        path = bpy.path.abspath(self.filepath)
        return self.begin(context, _task(path, action="add", path=path))


class SEIF_OT_download_gnm(_ModelTask, bpy.types.Operator):
    """Fetch GNM Head from its publisher, after asking."""

    bl_idname = "seif.download_gnm"
    bl_label = "Download GNM Head"
    bl_description = "Fetch GNM Head (Google, Apache-2.0, 53 MB) from its publisher, after asking"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where Blender may go online."""
        if not bpy.app.online_access:
            cls.poll_message_set("Allow online access in Preferences > System, or add a file that you downloaded")
            return False
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask."""
        return context.window_manager.invoke_props_dialog(self, width=420)

    def draw(self, context: bpy.types.Context) -> None:
        """The question."""
        draw_sentence(self.layout, context, _QUESTION, "URL")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Let the worker fetch, check and keep it."""
        return self.begin(context, _task("gnm", action="fetch", online=bool(bpy.app.online_access)))


class SEIF_OT_remove_head_model(_ModelTask, bpy.types.Operator):
    """Remove an added head model and what was computed from it; heads that were made stay."""

    bl_idname = "seif.remove_head_model"
    bl_label = "Remove Head Model"
    bl_description = "Remove an added head model and what was computed from it; heads that were made with it stay"

    name: bpy.props.StringProperty(name="Name", description="Short name of the model", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Let the worker remove it."""
        return self.begin(context, _task(self.name, action="remove", name=self.name))


class SEIF_OT_refresh_head_models(_ModelTask, bpy.types.Operator):
    """Look again which head models were added, for example on the command line."""

    bl_idname = "seif.refresh_head_models"
    bl_label = "Refresh"
    bl_description = "Look again which head models were added, for example on the command line"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the worker."""
        return self.begin(context, _task("models", action="list"))


CLASSES = (SEIF_OT_add_head_model, SEIF_OT_download_gnm, SEIF_OT_remove_head_model, SEIF_OT_refresh_head_models)
