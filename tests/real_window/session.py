"""What an artist does, in a real Blender window: `blender --python session.py -- OPTIONS.json`.

Each step is a generator that yields what it waits for; a timer goes on with it, so that Blender draws between.
Writes `found.json` with what each step saw, and pictures of the window, into the folder `out`.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
import failures
import handiwork
from stage import (
    NAME,
    OPTIONS,
    OUT,
    Steps,
    area_of,
    found,
    heads,
    in_view,
    job_is_over,
    module,
    move_mouse,
    picture,
    preferences,
    press,
    say,
    show_tab,
)
from stopwatch import Stopwatch

faulthandler.enable()
TICK = 0.1
HAIRLINE = 1004
"""Number of the hairline's middle point."""
watch = Stopwatch()
bpy.context.preferences.view.show_splash = False


def prepare() -> Steps:
    for ob in list(bpy.data.objects):
        bpy.data.objects.remove(ob)
    yield 3.0
    _window, area, _region = area_of()
    area.spaces.active.show_region_ui = True
    yield 1.0


def install() -> Steps:
    """The zip through Blender's own installer; the panel is there."""
    bpy.ops.extensions.package_install_files(
        filepath=OPTIONS["zip"], repo="user_default", enable_on_install=True, overwrite=True
    )
    found["enabled"] = NAME in bpy.context.preferences.addons
    classes = [
        cls for m in list(sys.modules) if m.startswith(NAME + ".") for cls in getattr(sys.modules[m], "CLASSES", ())
    ]
    watch.watch_classes(list(dict.fromkeys(classes)), "seif_blender")
    watch.watch("faces.pump", module("reconstruct.faces").pump)
    yield 1.0
    show_tab()
    yield from picture("installed")
    preferences().python = OPTIONS["python"]


def choose() -> Steps:
    """A photo is chosen; its faces are found without a click."""
    bpy.context.scene.seif.photo = OPTIONS["photo"]
    yield 0.5
    photo = Path(OPTIONS["photo"])
    found["looking"] = module("reconstruct.faces").looking(photo)
    yield lambda: module("reconstruct.faces").seen(photo) is not None
    seen = module("reconstruct.faces").seen(photo)
    found["faces"] = [seen.count, seen.message]
    yield from picture("chosen")


def cancel() -> Steps:
    """Started and cancelled: the scene stays as it was."""
    before = len(bpy.data.objects)
    in_view(lambda: bpy.ops.seif.reconstruct("INVOKE_DEFAULT"))
    registry = module("worker.registry")
    yield lambda: registry.current_job() is None or registry.current_job().total > 0.02
    started = time.perf_counter()
    bpy.ops.seif.cancel()
    yield job_is_over
    found["cancel_seconds"] = time.perf_counter() - started
    found["cancelled_objects"] = len(bpy.data.objects) - before
    yield from picture("cancelled")


def reconstruct() -> Steps:
    """A head, with the bar seen moving."""
    registry = module("worker.registry")
    in_view(lambda: bpy.ops.seif.reconstruct("INVOKE_DEFAULT"))
    seen: list[float] = []
    pictures = 0
    while registry.current_job() is not None:
        total = registry.current_job().total
        if not seen or total > seen[-1]:
            seen.append(total)
        if (pictures == 0 and total > 0.25) or (pictures == 1 and total > 0.6):
            pictures += 1
            yield from picture(f"progress-{pictures}")
        yield 0.2
    yield 1.0
    yield lambda: bool(heads()) or registry.last_job() is None or registry.last_job().state.name != "SUCCEEDED"
    found["bar"] = seen
    last = registry.last_job()
    found["outcome"] = [last.state.name, last.message] if last else None
    found["heads"] = len(heads())
    yield from picture("result")


def undo() -> Steps:
    """One step back and the head is gone, one forward and it is there again."""
    window, area, region = area_of()
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.ed.undo()
    found["after_undo"] = [len(heads()), len(bpy.data.collections)]
    yield 0.5
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.ed.redo()
    yield 0.5
    found["after_redo"] = [len(heads()), len(heads()[0].data.shape_keys.key_blocks) if heads() else 0]


def slide_and_play() -> Steps:
    """A slider is dragged; an animation plays."""
    head = heads()[0]
    bpy.context.view_layer.objects.active = head
    key = head.data.shape_keys.key_blocks["jawOpen"]
    for value in (0.2, 0.5, 0.9):
        key.value = value
        yield 0.3
    yield from picture("slider")
    for frame, value in ((1, 0.0), (12, 1.0), (24, 0.0)):
        bpy.context.scene.frame_set(frame)
        key.value = value
        in_view(bpy.ops.seif.key_expression)
    bpy.context.scene.frame_end = 24
    frames: list[int] = []
    in_view(bpy.ops.screen.animation_play)
    for _ in range(20):
        yield 0.2
        frames.append(bpy.context.scene.frame_current)
    in_view(bpy.ops.screen.animation_cancel)
    found["frames_played"] = len(set(frames))


def export_and_print() -> Steps:
    """For an engine and for a printer."""
    in_view(lambda: bpy.ops.seif.export_engine("EXEC_DEFAULT", filepath=str(OUT / "head.glb"), preset="web"))
    found["glb"] = (OUT / "head.glb").stat().st_size
    yield 0.5
    in_view(lambda: bpy.ops.seif.print_head("EXEC_DEFAULT", filepath=str(OUT / "head.3mf"), form=".3mf"))
    yield 1.0
    yield job_is_over
    yield 1.0
    found["print"] = (OUT / "head.3mf").stat().st_size if (OUT / "head.3mf").exists() else 0
    last = module("worker.registry").last_job()
    found["print_told"] = last.message if last else ""
    yield from picture("printed")


def drag_hairline(own: Any) -> Steps:
    """The middle of the hairline dragged down: hair begins lower."""
    row = next((row for row in own.handles if row[0] == HAIRLINE), None)
    found["hairline_shown"] = row is not None
    if row is None:
        return
    _number, x, y = row
    move_mouse(own.view, x, y, "MOUSEMOVE", "NOTHING")
    move_mouse(own.view, x, y, "LEFTMOUSE", "PRESS")
    yield 0.5
    move_mouse(own.view, x, y + 15, "MOUSEMOVE", "NOTHING")
    yield 0.5
    move_mouse(own.view, x, y + 15, "LEFTMOUSE", "RELEASE")
    yield 1.0
    yield lambda: own.task.over
    yield from picture("hairline-corrected")


def landmarks() -> Steps:
    """The chin dragged down over the photo; the fit follows; accepted."""
    view_operator = module("reconstruct.landmark_operator").SEIF_OT_correct_landmarks
    running: list[Any] = []
    real = view_operator._show

    def remember(own: Any) -> None:
        running[:] = [own]
        real(own)

    view_operator._show = remember
    in_view(lambda: bpy.ops.seif.correct_landmarks("INVOKE_DEFAULT"))
    yield lambda: bool(running) and running[0].view is not None
    yield 1.0
    yield from picture("landmarks")
    own = running[0]
    _number, x, y = next(row for row in own.handles if row[0] == 152)
    before = dict(enumerate(own.overlay.dots))
    if "--enable-event-simulate" in sys.argv:
        move_mouse(own.view, x, y, "MOUSEMOVE", "NOTHING")
        move_mouse(own.view, x, y, "LEFTMOUSE", "PRESS")
        yield 0.5
        move_mouse(own.view, x, y + 25, "MOUSEMOVE", "NOTHING")
        yield 0.5
        move_mouse(own.view, x, y + 25, "LEFTMOUSE", "RELEASE")
        yield lambda: dict(enumerate(own.overlay.dots)) != before
        found["refit_error"] = own.error
        yield from picture("landmarks-corrected")
        press("Z", ctrl=True)
        yield 1.0
        found["landmark_undone"] = 152 not in own.moved.places
        press("Z", ctrl=True, shift=True)
        yield 1.0
        found["landmark_redone"] = 152 in own.moved.places
        yield lambda: own.task.over
        yield from drag_hairline(own)
        press("RET")
        yield 1.0
    view_operator._show = real
    found["corrections"] = len(bpy.context.scene.seif.corrections())


STEPS = (
    install,
    choose,
    landmarks,
    cancel,
    reconstruct,
    undo,
    slide_and_play,
    export_and_print,
    *handiwork.STEPS,
    *failures.STEPS,
)


def script() -> Steps:
    yield from prepare()
    for step in STEPS:
        wanted = OPTIONS.get("steps")
        if wanted and step.__name__ not in wanted:
            continue
        begun = time.perf_counter()
        try:
            yield from step()
        except Exception as error:  # noqa: BLE001 - the next step may tell more
            traceback.print_exc()
            found["steps"][step.__name__] = f"{type(error).__name__}: {error}"
        else:
            found["steps"][step.__name__] = "ok"
        say(f"{step.__name__}: {found['steps'][step.__name__]}, {time.perf_counter() - begun:.0f} s")


def finish() -> None:
    found["calls"] = watch.longest(40)
    OUT.joinpath("found.json").write_text(json.dumps(found, indent=1, default=str))
    bpy.ops.wm.quit_blender()


class Player:
    """Goes on with the script at each tick."""

    def __init__(self) -> None:
        self.script = script()
        self.until: Callable[[], bool] = lambda: True
        self.patience = 0.0
        self.deadline = time.monotonic() + OPTIONS.get("seconds", 1200)

    def tick(self) -> float | None:
        if time.monotonic() > self.deadline:
            found["steps"]["time"] = "ran out of time"
            finish()
            return None
        try:
            if not self.until():
                if time.monotonic() < self.patience:
                    return TICK
                wanted = self.script.throw(TimeoutError("waited in vain"))
            else:
                wanted = next(self.script)
        except StopIteration:
            finish()
            return None
        if callable(wanted):
            self.until, self.patience = wanted, time.monotonic() + OPTIONS.get("patience", 300)
            return TICK
        self.until = lambda: True
        return float(wanted)


OUT.mkdir(parents=True, exist_ok=True)
player = Player()


def tick() -> float | None:
    try:
        return player.tick()
    except Exception:  # noqa: BLE001 - some releases crash on an exception in a timer
        traceback.print_exc()
        finish()
        return None


bpy.app.timers.register(tick, first_interval=OPTIONS.get("first", 5.0), persistent=True)  # files are loaded in between
