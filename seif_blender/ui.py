"""Small helpers for panels and operators."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bpy

_PIXELS_PER_LETTER = 7.0
"""Width of a letter in Blender's interface at scale 1, on the average. Chosen by eye."""
_LINE = 0.8
"""Height of a line of a sentence in that of a usual row. Chosen by eye."""


def draw_sentence(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE") -> None:
    """Draw a sentence, wrapped at the width of the region; labels do not wrap by themselves."""
    width = context.region.width if context.region is not None else 300
    letters = max(20, int(width / (_PIXELS_PER_LETTER * context.preferences.system.ui_scale)) - 6)
    column = layout.column(align=True)
    column.scale_y = _LINE
    for i, line in enumerate(wrapped(text, letters)):
        column.label(text=line, icon=icon if i == 0 else "BLANK1" if icon != "NONE" else "NONE")


def wrapped(text: str, letters: int) -> list[str]:
    """Lines of a text: a number stays with its unit, a path that is too long breaks behind its folders.

    Args:
        text: one paragraph.
        letters: of a line at most.
    """

    def folders(path: re.Match[str]) -> str:
        lines = textwrap.wrap(re.sub(r"([/\\])", r"\1 ", path[0]), letters)
        return " ".join(line.replace("/ ", "/").replace("\\ ", "\\") for line in lines)

    text = re.sub(rf"\S{{{letters + 1},}}", folders, text)
    return textwrap.wrap(re.sub(r"(?<=\d) (?=[^\W\d]{1,2}\b)", "\N{NO-BREAK SPACE}", text), letters)


def redraw(context: bpy.types.Context) -> None:
    """Redraw the sidebars and the preferences, where progress is shown."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type not in {"VIEW_3D", "PREFERENCES"}:
                continue
            for region in area.regions:
                if region.type == "UI" or area.type == "PREFERENCES":
                    region.tag_redraw()


@contextmanager
def busy(context: bpy.types.Context, text: str) -> Iterator[Callable[[float], None]]:
    """Say in the status bar and by the cursor that Blender is at work, for what cannot be left to a thread.

    Yields:
        To be called with the share that is done, 0..1.
    """
    manager, window = context.window_manager, None if bpy.app.background else context.window
    manager.progress_begin(0.0, 1.0)
    if window is not None:
        window.cursor_set("WAIT")
        context.workspace.status_text_set(text)
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)  # or the text is seen when all is over
    try:
        yield manager.progress_update
    finally:
        manager.progress_end()
        if window is not None:
            window.cursor_set("DEFAULT")
            context.workspace.status_text_set(None)


def views(context: bpy.types.Context) -> Iterator[tuple[bpy.types.Window, bpy.types.Area]]:
    """All 3D views of all windows."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                yield window, area


def frame_selected(context: bpy.types.Context) -> None:
    """Frame the selection in every 3D view that does not look through a camera."""
    for window, area in views(context):
        if area.spaces.active.region_3d.view_perspective == "CAMERA":
            continue
        region = next(r for r in area.regions if r.type == "WINDOW")
        with context.temp_override(window=window, area=area, region=region):
            bpy.ops.view3d.view_selected()


def show_textures(context: bpy.types.Context) -> None:
    """Let solid shading show textures where it shows the materials' plain colours."""
    for _, area in views(context):
        shading = area.spaces.active.shading
        if shading.color_type == "MATERIAL":
            shading.color_type = "TEXTURE"
