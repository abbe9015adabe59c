"""Copy Expression from Image, Animate from Video, Import Live Link Face CSV, Import Visemes."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import core
from ..animate.lookup import find_head
from ..waiting import WorkerOperator
from ..worker import registry
from .job import CaptureJob
from .properties import playback

_VIDEOS = "*.mp4;*.mov;*.m4v;*.avi;*.mkv;*.webm;*.mpg;*.mpeg;*.wmv;*.mts"
_PICTURES = "*.jpg;*.jpeg;*.png;*.webp;*.tif;*.tiff;*.bmp"


def _obstacle(context: bpy.types.Context, *, worker: bool) -> str:
    """Why nothing can be captured, empty where it can."""
    if find_head(context) is None:
        return "Select a head that was made from a photo"
    if worker and registry.current_job() is not None:
        return "A job is running; wait for it or cancel it"
    return ""


def _apply(operator: bpy.types.Operator, context: bpy.types.Context, load: Any) -> set[str]:  # noqa: ANN401 - a function
    """Key what `load` returns on the active head, or report why not."""
    from .apply import apply_performance

    head = find_head(context)
    if head is None:
        operator.report({"ERROR"}, "The head is gone; select one and try again")
        return {"CANCELLED"}
    try:
        performance = load()
        bones, turned = playback(context, has_bones=performance.has_bones)
        how = core.Playback(bones=bones, head=turned)
        frame = float(context.scene.frame_current)
        sentence = apply_performance(context.scene, head.mesh, head.rig, performance, how, first_frame=frame)
    except core.errors.SeifError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    for note in performance.notes:
        operator.report({"WARNING"}, note)
    operator.report({"INFO"}, sentence)
    return {"FINISHED"}


class _FromFile(ImportHelper):
    """Choosing a file, for every operator here."""

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    uses_worker = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active, and for the worker's jobs while no other runs."""
        obstacle = _obstacle(context, worker=cls.uses_worker)
        if obstacle:
            cls.poll_message_set(obstacle)
        return not obstacle

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """A file that was handed over is taken at once, else the file browser opens."""
        return self.execute(context) if self.filepath else ImportHelper.invoke(self, context, event)


class _WorkerCapture(_FromFile, WorkerOperator):
    """A capture that the worker does."""

    job: CaptureJob
    kind = "image"
    uses_worker = True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the job and wait: without blocking where there is a window, here where there is none."""
        chosen = context.scene.seif_capture
        settings = {
            "rate": chosen.rate,
            "neutral": "quiet" if chosen.neutral < 0 else str(chosen.neutral),
            "smoothing": chosen.smoothing,
        }
        return self.begin(context, CaptureJob(Path(bpy.path.abspath(self.filepath)), settings, kind=self.kind))

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Key the performance, or say why there is none."""
        if not self.succeeded():
            return {"CANCELLED"}
        try:
            return _apply(self, context, lambda: core.Performance.load(self.job.result_file))
        finally:
            self.job.discard()


class SEIF_OT_copy_expression(_WorkerCapture, bpy.types.Operator):
    """Put the expression, gaze and head pose of a photo on the active head, keyed at this frame."""

    bl_idname = "seif.copy_expression"
    bl_label = "Copy Expression from Image"
    bl_description = "Put the expression, gaze and head pose of a photo on the active head, keyed at this frame"
    bl_options = {"UNDO"}
    filter_glob: bpy.props.StringProperty(default=_PICTURES, options={"HIDDEN"})
    kind = "image"


class SEIF_OT_animate_video(_WorkerCapture, bpy.types.Operator):
    """Key the performance of a video, or of a numbered sequence of pictures, on the active head from this frame on."""

    bl_idname = "seif.animate_video"
    bl_label = "Animate from Video"
    bl_description = "Key the performance of a video, or of a numbered sequence of pictures, on the active head"
    bl_options = {"UNDO"}
    filter_glob: bpy.props.StringProperty(default=f"{_VIDEOS};{_PICTURES}", options={"HIDDEN"})
    kind = "video"


class SEIF_OT_import_live_link(_FromFile, bpy.types.Operator):
    """Key a take of Live Link Face on the active head from this frame on."""

    bl_idname = "seif.import_live_link"
    bl_label = "Import Live Link Face CSV"
    bl_description = "Key a take of Live Link Face on the active head from this frame on"
    bl_options = {"UNDO"}
    filter_glob: bpy.props.StringProperty(default="*.csv", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read and key it."""
        path, rate = Path(bpy.path.abspath(self.filepath)), context.scene.seif_capture.rate
        return _apply(self, context, lambda: core.read_live_link(path, rate or None))


class SEIF_OT_import_visemes(_FromFile, bpy.types.Operator):
    """Key the mouth shapes of Rhubarb Lip Sync or Papagayo on the active head from this frame on."""

    bl_idname = "seif.import_visemes"
    bl_label = "Import Visemes"
    bl_description = "Key the mouth shapes of Rhubarb Lip Sync or Papagayo on the active head from this frame on"
    bl_options = {"UNDO"}
    filter_glob: bpy.props.StringProperty(default="*.tsv;*.txt;*.xml;*.json;*.dat", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read and key it."""
        path, rate = Path(bpy.path.abspath(self.filepath)), context.scene.seif_capture.rate
        return _apply(self, context, lambda: core.read_speech(path, rate or core.USUAL_RATE))


CLASSES = (SEIF_OT_copy_expression, SEIF_OT_animate_video, SEIF_OT_import_live_link, SEIF_OT_import_visemes)
