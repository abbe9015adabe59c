"""The queue of photos in the panel."""

from __future__ import annotations

from typing import Final

import bpy

from ..ui import draw_sentence
from .photo_queue import QUEUE, QueuedPhoto, Turn
from .queue_operators import SEIF_OT_run_queue

_ICONS: Final = {
    Turn.WAITING: "SORTTIME",
    Turn.RUNNING: "PLAY",
    Turn.DONE: "CHECKMARK",
    Turn.FAILED: "ERROR",
    Turn.CANCELLED: "X",
}
_SHOWN: Final = 12
"""Photos that the list shows, those around the one that runs."""


def draw_queue(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the list, nothing where it is empty."""
    photos = QUEUE.photos
    if not photos:
        return
    box = layout.box()
    turn = next((i for i, one in enumerate(photos) if one.turn in (Turn.RUNNING, Turn.WAITING)), len(photos))
    first = max(0, min(turn - 2, len(photos) - _SHOWN))
    if first:
        box.label(text=f"{first} before")
    for number, one in list(enumerate(photos))[first : first + _SHOWN]:
        _draw_photo(box, context, number, one)
    left = len(photos) - first - _SHOWN
    if left > 0:
        box.label(text=f"{left} more")
    row = box.row(align=True)
    if SEIF_OT_run_queue.active:
        row.operator("seif.queue_cancel_all", icon="CANCEL")
    else:
        row.operator("seif.run_queue", icon="PLAY")
    row.operator("seif.queue_clear", text="Clear")


def _draw_photo(box: bpy.types.UILayout, context: bpy.types.Context, number: int, one: QueuedPhoto) -> None:
    row = box.row(align=True)
    if one.turn is Turn.RUNNING and one.job is not None:
        row.progress(text=one.photo.name, factor=one.job.total, type="BAR")
    else:
        row.label(text=one.photo.name, icon=_ICONS[one.turn])
    if one.turn is Turn.WAITING and number and QUEUE.photos[number - 1].turn is Turn.WAITING:
        row.operator("seif.queue_move", text="", icon="TRIA_UP", emboss=False).number = number
    row.operator("seif.queue_remove", text="", icon="X", emboss=False).number = number
    if one.message and one.turn is Turn.FAILED:
        draw_sentence(box, context, one.message)
