"""The panel in the 3D view's sidebar: photo, options, progress, messages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import bpy

from ..addon import NAME, preferences
from ..runtime.box import draw_runtime, runtime_missing
from ..ui import draw_sentence
from ..worker import registry
from ..worker.job import Job, State
from . import faces, thumbnails
from .properties import ADDED, FLAME
from .queue_list import draw_queue
from .summary import confidence_table, has_outcome, progress_words, time_words

if TYPE_CHECKING:
    from .properties import SeifSceneProperties

_ADVICE = {"runtime", "dependency"}
"""Codes of errors that the preferences can cure."""
_LARGE: Final = 1.4
_SMALL: Final = 0.8
_PICTURE: Final = 7.0
"""Sizes of main buttons, of a table's rows and of the photo, in those of usual rows. Chosen by eye."""


class SEIF_PT_reconstruct(bpy.types.Panel):
    """Photo in, head out."""

    bl_idname = "SEIF_PT_reconstruct"
    bl_label = "Head from Photo"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, chosen = self.layout, context.scene.seif
        self._draw_photo(layout, context, chosen)
        job = registry.current_job()
        if job is not None:
            self._draw_progress(layout, job)
        elif runtime_missing(context):
            draw_runtime(layout.box(), context)
        else:
            column = layout.column()
            column.scale_y = _LARGE
            column.operator("seif.reconstruct", icon="USER")
        draw_queue(layout, context)
        if job is None:
            last, head = registry.last_job(), registry.last_head()
            self._draw_outcome(layout, context, last)
            if head is not None and head is not last and head.report:
                self._draw_result(layout.box(), context, head)

    def _draw_photo(self, layout: bpy.types.UILayout, context: bpy.types.Context, chosen: SeifSceneProperties) -> None:
        """The photo's path, the other ways to it, a small picture with its faces."""
        layout.prop(chosen, "photo", text="", placeholder="Photo")
        if chosen.photo_image is not None:
            layout.label(text="Kept in this file", icon="PACKAGE")
        row = layout.row(align=True)
        row.operator("seif.paste_photo", text="Paste", icon="PASTEDOWN")
        row.operator("seif.photo_from_image", text="Image", icon="IMAGE_DATA")
        row.operator("seif.add_photos", text="Queue", icon="ADD")
        if not chosen.photo:
            return
        photo = chosen.photo_path()
        found = faces.seen(photo)
        pictures = () if found is None else found.pictures
        shown = pictures[min(chosen.face, len(pictures)) - 1] if pictures else photo
        icon = thumbnails.icon_of(shown)
        if icon:
            layout.template_icon(icon_value=icon, scale=_PICTURE)
        if faces.looking(photo):
            draw_sentence(layout, context, "Looking for faces", "VIEWZOOM")
        elif faces.waiting(photo):
            draw_sentence(layout, context, "Faces are looked for once the worker is free", "VIEWZOOM")
        elif found is None:
            layout.operator("seif.find_faces", icon="VIEWZOOM")
        elif found.message:
            draw_sentence(layout, context, found.message, "ERROR")
        elif found.count > 1:
            row = layout.row(align=True)
            for number in range(1, len(pictures) + 1):
                row.operator("seif.pick_face", text=str(number), depress=number == chosen.face).number = number

        self._draw_corrections(layout, chosen)

    def _draw_corrections(self, layout: bpy.types.UILayout, chosen: SeifSceneProperties) -> None:
        row = layout.row(align=True)
        moved = len(chosen.corrections())
        row.operator("seif.correct_landmarks", text=f"Landmarks ({moved} corrected)" if moved else "Correct Landmarks")
        if moved:
            row.operator("seif.forget_corrections", text="", icon="X")

    def _draw_progress(self, layout: bpy.types.UILayout, job: Job) -> None:
        row = layout.row(align=True)
        row.scale_y = _LARGE
        row.progress(text=progress_words(job.stage, job.total, job.remaining), factor=job.total, type="BAR")
        row.operator("seif.cancel", text="", icon="X")

    def _draw_outcome(self, layout: bpy.types.UILayout, context: bpy.types.Context, job: Job | None) -> None:
        if job is None or not has_outcome(job):
            return
        box = layout.box()
        failed = job.state is State.FAILED
        if job.message:
            draw_sentence(box, context, job.message, "ERROR" if failed else "INFO")
        elif job.report:
            self._draw_result(box, context, job)
        if job.code in _ADVICE:
            box.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = NAME
        elif job.code == "worker":
            box.operator("seif.copy_log", icon="COPYDOWN")
        row = box.row()
        row.alignment = "RIGHT"
        row.operator("seif.copy_diagnostics", icon="COPYDOWN")
        row.operator("seif.dismiss")

    def _draw_result(self, box: bpy.types.UILayout, context: bpy.types.Context, job: Job) -> None:
        """Whose result it is where another photo is chosen by now, time, what is seen, warnings, another try."""
        if job.photo != context.scene.seif.photo_path():
            draw_sentence(box, context, f"Of {job.photo.name}", "IMAGE_DATA")
        times = time_words(job.report)
        draw_sentence(box, context, f"{job.seconds:.0f} s" + (f": {times}" if times else ""), "TIME")
        self._draw_table(box, confidence_table(job.report))
        for warning in job.report.get("warnings", ()):
            draw_sentence(box, context, warning, "INFO")
        box.operator("seif.rerun", icon="FILE_REFRESH")

    def _draw_table(self, box: bpy.types.UILayout, rows: Sequence[Sequence[str]]) -> None:
        if not rows:
            return
        grid = box.grid_flow(row_major=True, columns=len(rows[0]), even_columns=True, align=True)
        grid.scale_y = _SMALL
        for text in itertools.chain.from_iterable(rows):
            grid.label(text=text)


class SEIF_PT_options(bpy.types.Panel):
    """Options of the reconstruction."""

    bl_idname = "SEIF_PT_options"
    bl_label = "Options"
    bl_parent_id = "SEIF_PT_reconstruct"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the options."""
        layout, chosen = self.layout, context.scene.seif
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(chosen, "head_model")
        if chosen.head_model == FLAME:
            column.prop(preferences(context), "flame_file")
        if chosen.head_model == ADDED:
            column.prop(chosen, "added_model")
        column.prop(chosen, "quality")
        shape = column.column()
        shape.active = chosen.quality == "full"
        for name in ("hair", "detail"):
            shape.prop(chosen, name)
        for name in ("texture_size", "face", "seed", "photo_camera"):
            column.prop(chosen, name)
        shown = column.column()
        shown.active = chosen.texture_size != "0"
        shown.prop(chosen, "show_texture")
        column.prop(preferences(context), "device")


class SEIF_PT_advanced(bpy.types.Panel):
    """Options of the surface that few need."""

    bl_idname = "SEIF_PT_advanced"
    bl_label = "Advanced"
    bl_parent_id = "SEIF_PT_options"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the options."""
        layout, chosen, own = self.layout, context.scene.seif, preferences(context)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.active = chosen.quality == "full"
        column = layout.column()
        column.prop(chosen, "resolution")
        column.prop(own, "weights")
        column.prop(own, "normal_model")


class SEIF_PT_keys(bpy.types.Panel):
    """Which shape keys and correctives the head gets."""

    bl_idname = "SEIF_PT_keys"
    bl_label = "Shape Keys"
    bl_parent_id = "SEIF_PT_options"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the options."""
        layout, chosen = self.layout, context.scene.seif
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        for name in ("expression_sets", "expression_components", "spelling", "correctives"):
            column.prop(chosen, name)


CLASSES = (SEIF_PT_reconstruct, SEIF_PT_options, SEIF_PT_keys, SEIF_PT_advanced)
