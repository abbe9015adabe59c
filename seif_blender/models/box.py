"""The box of the preferences that shows the added head models."""

from __future__ import annotations

import bpy

from ..ui import draw_sentence
from ..worker import registry
from ..worker.job import State
from ..worker.task import Task
from .listing import added_models


def draw_models(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the list with titles, licences and buttons, and what went wrong last."""
    row = layout.row()
    row.label(text="Head Models")
    row.operator("seif.refresh_head_models", text="", icon="FILE_REFRESH")
    for model in added_models(context):
        row = layout.row()
        row.label(text=f"{model.title}  ({model.name})")
        row.label(text=model.licence)
        row.operator("seif.remove_head_model", text="", icon="X").name = model.name
    row = layout.row(align=True)
    row.operator("seif.add_head_model", text="Add Head Model...", icon="IMPORT")
    row.operator("seif.download_gnm", text="Download GNM Head...", icon="URL")
    job = registry.last_job()
    if isinstance(job, Task) and not job.over:
        layout.progress(text=job.stage, factor=job.total)
    elif isinstance(job, Task) and job.state is State.FAILED:
        draw_sentence(layout, context, job.message, "ERROR")
