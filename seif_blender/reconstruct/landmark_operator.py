"""Correct Landmarks: drag points over the photo; the head model is fitted anew after each and shown as dots."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from typing import Any, Final

import bpy

from ..addon import preferences
from ..ui import redraw
from ..worker import registry
from ..worker.job import State
from ..worker.task import Task
from .landmark_drawing import Overlay
from .moved_points import MovedPoints
from .obstacles import obstacle
from .photo_view import PhotoView, nearest

_INTERVAL: Final = 0.05
"""Seconds between two looks at the worker."""
_REACH: Final = 14.0
"""Pixels of the screen within which a click takes a handle."""
_ZOOM: Final = 1.2
_ROOM: Final = 0.35
"""Sides of the face that are shown around it at first."""
_HELP: Final = (
    "Drag points (green: hairline)    Wheel: Zoom    Middle Mouse: Move    Ctrl Z: Undo    R: Reset    "
    "Enter: Accept    Esc: Discard"
)


class SEIF_OT_correct_landmarks(bpy.types.Operator):
    """Drag the points that were found in the photo to where they belong; the next head is made with them."""

    bl_idname = "seif.correct_landmarks"
    bl_label = "Correct Landmarks"
    bl_description = (
        "Drag the points of face and hairline that were found in the photo to where they belong; "
        "the next head is made with them"
    )

    _timer: Any = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a photo, in a 3D view, and an idle worker."""
        lacking = obstacle(context)
        if not lacking and (context.area is None or context.area.type != "VIEW_3D"):
            lacking = "Use it from the sidebar of a 3D view"
        if not lacking and preferences(context).detector != "mediapipe":
            lacking = "Choose MediaPipe as landmark detector in the preferences first"
        if lacking:
            cls.poll_message_set(lacking)
        return not lacking

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the landmarks and show the photo once they are there."""
        chosen = context.scene.seif
        self.moved = MovedPoints(chosen.corrections())
        self.view: PhotoView | None = None
        self.overlay: Overlay | None = None
        self.dragged: int | None = None
        self.panning: tuple[int, int] | None = None
        self.stale = False
        self.region = next(region for region in context.area.regions if region.type == "WINDOW")
        self.area = context.area
        self.task = self._ask(context)
        self._timer = context.window_manager.event_timer_add(_INTERVAL, window=context.window)
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set("SeIF: looking for landmarks    Esc: Discard")
        return {"RUNNING_MODAL"}

    def _ask(self, context: bpy.types.Context) -> Task:
        """Have the landmarks found, or the model fitted to the corrected ones."""
        chosen = context.scene.seif
        fields: dict[str, Any] = {
            "photo": str(chosen.photo_path()),
            "face": chosen.face - 1,
            "corrections": [[n, *xy] for n, xy in self.moved.places.items()],
        }
        first = self.view is None
        task = Task(
            chosen.photo_path(), kind="landmarks", fields=fields, output="photo.jpg" if first else "", gives_way=True
        )
        self.stale = False
        registry.submit(task, preferences(context).command)
        return task

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Look at the worker; drag, zoom, accept, discard."""
        if event.type == "TIMER":
            return self._look(context)
        ends = {"ESC"} if self.view is None else {"ESC", "RET", "NUMPAD_ENTER"}
        if event.type in ends and event.value == "PRESS":
            return self._end(context, accept=event.type != "ESC")
        if self.view is None or self.overlay is None:
            return {"PASS_THROUGH"}
        if event.type == "Z" and (event.ctrl or event.oskey):  # anywhere: Blender would undo what lies behind
            self._step_back(event)
            return {"RUNNING_MODAL"}
        x, y = event.mouse_x - self.region.x, event.mouse_y - self.region.y
        inside = 0 <= x < self.region.width and 0 <= y < self.region.height
        if self.dragged is None and self.panning is None and not inside:
            return {"PASS_THROUGH"}
        self._take(event, x, y)
        self._show()
        return {"RUNNING_MODAL"}

    def _take(self, event: bpy.types.Event, x: int, y: int) -> None:
        """One event over the photo."""
        view = self.view
        if view is None:
            return
        if event.type == "LEFTMOUSE":
            self.dragged = nearest(view, self.handles, x, y, _REACH) if event.value == "PRESS" else None
            if self.dragged is not None:
                self.moved.begin()
        elif event.type == "MIDDLEMOUSE":
            self.panning = (x, y) if event.value == "PRESS" else None
        elif event.type in {"WHEELUPMOUSE", "WHEELDOWNMOUSE"}:
            self.view = view.zoomed(_ZOOM if event.type == "WHEELUPMOUSE" else 1 / _ZOOM, x, y)
        elif event.type == "R" and event.value == "PRESS":
            self.moved.reset()
            self._changed()
        elif event.type == "MOUSEMOVE" and self.panning is not None:
            self.view, self.panning = view.shifted(x - self.panning[0], y - self.panning[1]), (x, y)
        elif event.type == "MOUSEMOVE" and self.dragged is not None:
            self.moved.move(self.dragged, view.to_photo(x, y))
            self._changed()

    def _step_back(self, event: bpy.types.Event) -> None:
        """Undo of one move, or with Shift redo."""
        if event.value != "PRESS" or self.dragged is not None:
            return
        if self.moved.redo() if event.shift else self.moved.undo():
            self._changed()
            self._show()

    def _changed(self) -> None:
        """Handles go where the points are now, and the head model follows once the worker is free."""
        self.handles, self.stale = self.moved.shown(self.found), True

    def _look(self, context: bpy.types.Context) -> set[str]:
        """Take in what the worker said; ask again once handles were moved and it is idle."""
        registry.poll()
        if not self.task.over:
            return {"PASS_THROUGH"}
        if self.task.state is not State.SUCCEEDED and self.view is None:
            self.report({"ERROR"}, self.task.message)
            return self._end(context, accept=False)
        if self.task.report:
            self._answered(context)
        if self.stale and self.dragged is None and registry.running_job() is None:
            self.task = self._ask(context)
        return {"PASS_THROUGH"}

    def _answered(self, context: bpy.types.Context) -> None:
        told = self.task.report
        self.found = [tuple(row) for row in told["found"]]
        self.error = float(told["error"])
        if self.view is None:
            size = int(told["width"]), int(told["height"])
            self.handles = [tuple(row) for row in told["handles"]]
            self.view = PhotoView.fitted(size, (self.region.width, self.region.height), self._box())
            self.overlay = Overlay(self.task.folder / "photo.jpg", self.area)
        if self.overlay is not None:
            self.overlay.dots = [tuple(dot) for dot in told["dots"]]
        self.task.report = {}
        self.task.discard()
        context.workspace.status_text_set(f"SeIF: {_HELP}    (the fit is off by {self.error:.1f} %)")
        self._show()

    def _box(self) -> tuple[float, float, float, float]:
        """The face and what lies around it."""
        xs, ys = [x for _, x, _ in self.handles], [y for _, _, y in self.handles]
        room = _ROOM * max(max(xs) - min(xs), max(ys) - min(ys))
        return min(xs) - room, min(ys) - room, max(xs) + room, max(ys) + room

    def _show(self) -> None:
        if self.overlay is not None and self.view is not None:
            self.overlay.show(self.view, self.handles, set(self.moved.places), self.dragged)

    def _end(self, context: bpy.types.Context, *, accept: bool) -> set[str]:
        if accept:
            moved = self.moved.places
            context.scene.seif.keep_corrections(moved)
            points = "1 point" if len(moved) == 1 else f"{len(moved)} points"
            self.report({"INFO"}, f"{points} corrected; make the head now")
        self.cancel(context)
        return {"FINISHED"} if accept else {"CANCELLED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Take everything away."""
        if not self.task.over:
            registry.cancel()
        if self.overlay is not None:
            self.overlay.remove()
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        redraw(context)


class SEIF_OT_forget_corrections(bpy.types.Operator):
    """Make the next head with the landmarks as they were found."""

    bl_idname = "seif.forget_corrections"
    bl_label = "Forget Corrections"
    bl_description = "Make the next head with the landmarks as they were found"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget them."""
        context.scene.seif.keep_corrections({})
        redraw(context)
        return {"FINISHED"}


CLASSES = (SEIF_OT_correct_landmarks, SEIF_OT_forget_corrections)
