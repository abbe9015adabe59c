"""What every step of a session in a real window needs: options, pictures, the add-on's modules, mouse and keys."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import bpy

OPTIONS = json.loads(Path(sys.argv[sys.argv.index("--") + 1]).read_text())
OUT = Path(OPTIONS["out"])
NAME = "bl_ext.user_default.seif_blender"
found: dict[str, Any] = {"steps": {}, "blender": bpy.app.version_string}
"""What the steps saw; goes into `found.json`."""

Steps = Generator[Callable[[], bool] | float, None, None]
"""A step: yields what it waits for, a condition or seconds."""


def say(text: str) -> None:
    sys.stdout.write(f"[real window] {text}\n")
    sys.stdout.flush()


def area_of(kind: str = "VIEW_3D") -> tuple[Any, Any, Any]:
    """Window, area and main region of the first editor of a kind."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == kind:
                return window, area, next(region for region in area.regions if region.type == "WINDOW")
    raise LookupError(kind)


def in_view(call: Callable[[], Any]) -> Any:
    window, area, region = area_of()
    with bpy.context.temp_override(window=window, area=area, region=region):
        return call()


def picture(name: str) -> Steps:
    """A picture of the window, once it is drawn anew."""
    for area in bpy.context.window.screen.areas if bpy.context.window else ():
        area.tag_redraw()
    yield 1.0
    target = str(OUT / f"{name}.png")
    if OPTIONS.get("import"):  # ImageMagick: where graphics are drawn by software Blender's own picture is black
        subprocess.run([OPTIONS["import"], "-window", "root", target], check=False, timeout=60)
        return
    window, area, region = area_of()
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.screen.screenshot(filepath=target)


def module(name: str) -> Any:
    return sys.modules[f"{NAME}.{name}"]


def job_is_over() -> bool:
    return module("worker.registry").current_job() is None


def heads() -> list[Any]:
    return [ob for ob in bpy.data.objects if ob.type == "MESH" and "seif_format_version" in ob]


def move_mouse(view: Any, x: float, y: float, event: str, value: str) -> None:
    """What the mouse does over a point of the photo, as Blender would tell it."""
    window, _area, region = area_of()
    a, b = view.to_region(x, y)
    window.event_simulate(type=event, value=value, x=int(region.x + a), y=int(region.y + b))


def press(key: str, x: float = 300, y: float = 300, **held: bool) -> None:
    """A key pressed and let go over the 3D view; `held` are ctrl, shift, alt."""
    window, _area, region = area_of()
    for value in ("PRESS", "RELEASE"):
        window.event_simulate(type=key, value=value, x=int(region.x + x), y=int(region.y + y), **held)


def show_tab() -> None:
    _window, area, _region = area_of()
    for region in area.regions:
        if region.type == "UI":
            try:
                region.active_panel_category = "SeIF"
            except (AttributeError, TypeError) as error:
                found["tab"] = str(error)


def preferences() -> Any:
    return bpy.context.preferences.addons[NAME].preferences
