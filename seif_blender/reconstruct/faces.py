"""Which faces the chosen photo shows: the worker looks, the panel shows its pictures. Nothing here blocks."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bpy

from .. import core
from ..addon import preferences
from ..ui import redraw
from ..worker import registry
from ..worker.job import State
from ..worker.task import Task

_INTERVAL: Final = 0.1
"""Seconds between two looks at the worker."""
_KEPT: Final = 20
"""Photos whose faces are remembered."""


@dataclass(frozen=True)
class Seen:
    """What the worker found.

    Attributes:
        count: faces that are large enough.
        pictures: for each of the largest a small picture of the photo with that face framed.
        message: why the photo is unsuitable, empty where it is not.
    """

    count: int
    pictures: tuple[Path, ...]
    message: str = ""


class _Looks:
    seen: dict[str, Seen] = {}
    task: Task | None = None
    key: str = ""
    wanted: Path | None = None


def _key(photo: Path) -> str:
    try:
        return f"{photo}|{photo.stat().st_mtime_ns}" if photo.is_file() else ""
    except (OSError, ValueError):
        return ""


def seen(photo: Path) -> Seen | None:
    """What was found in a photo as it is now, None where nobody looked yet."""
    return _Looks.seen.get(_key(photo))


def looking(photo: Path) -> bool:
    """Whether the worker looks at this photo."""
    return _Looks.task is not None and _Looks.key == _key(photo)


def waiting(photo: Path) -> bool:
    """Whether the worker will look at this photo once it has done with what it does."""
    return _Looks.wanted is not None and _Looks.wanted == photo


def look(context: bpy.types.Context, photo: Path) -> str:
    """Let the worker look at a photo, now or once it is free, unless it has; returns why it does not, else empty."""
    key, own = _key(photo), preferences(context)
    if not key:
        return "There is no such photo"
    if key in _Looks.seen or looking(photo):
        return ""
    if registry.running_job() is not None:
        _Looks.wanted = photo
        _watch()
        return ""
    _Looks.wanted = None
    folder = tempfile.mkdtemp(prefix="faces-", dir=bpy.app.tempdir or None)
    fields = {
        "photo": str(photo),
        "folder": folder,
        "landmarks": own.detector,
        "online": bool(own.allow_download and bpy.app.online_access),
    }
    _Looks.task, _Looks.key = Task(photo, kind="look", fields=fields, gives_way=True), key
    registry.submit(_Looks.task, own.command)
    _watch()
    return ""


def _watch() -> None:
    if not bpy.app.timers.is_registered(pump):
        bpy.app.timers.register(pump, first_interval=_INTERVAL)


def pump() -> float | None:
    """Take in what the worker said; a timer of Blender's, which ends when this returns None."""
    registry.poll()
    task = _Looks.task
    if task is None:
        return _look_at_waiting()
    if not task.over:
        return _INTERVAL
    _Looks.task = None
    if task.state is not State.CANCELLED:
        while len(_Looks.seen) >= _KEPT:
            del _Looks.seen[next(iter(_Looks.seen))]
        _Looks.seen[_Looks.key] = _found(task)
    redraw(bpy.context)
    return _look_at_waiting()


def _look_at_waiting() -> float | None:
    """Look at the photo that was chosen while the worker was busy, if it is still the chosen one."""
    photo = _Looks.wanted
    if photo is None:
        return None
    if registry.current_job() is not None or registry.running_job() is not None:
        return _INTERVAL
    _Looks.wanted = None
    if bpy.context.scene.seif.photo and bpy.context.scene.seif.photo_path() == photo:
        look(bpy.context, photo)
    return None if _Looks.task is None else _INTERVAL


def _found(task: Task) -> Seen:
    if task.state is State.FAILED:
        return Seen(0, (), task.message)
    folder = Path(str(task.fields["folder"]))
    faces, names = task.report.get("faces", ()), task.report.get("pictures", ())
    return Seen(len(faces), tuple(folder / str(name) for name in names))


def forget() -> None:
    """Forget everything: the add-on is disabled, or another file is loaded."""
    _Looks.seen.clear()
    _Looks.task, _Looks.key, _Looks.wanted = None, "", None
    if bpy.app.timers.is_registered(pump):
        bpy.app.timers.unregister(pump)


class SEIF_OT_find_faces(bpy.types.Operator):
    """Look which faces the photo shows, and whether it suits."""

    bl_idname = "seif.find_faces"
    bl_label = "Find Faces"
    bl_description = "Look which faces the photo shows, and whether it suits"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a photo and an idle worker."""
        if not context.scene.seif.photo:
            cls.poll_message_set("Choose a photo first")
            return False
        if registry.running_job() is not None:
            cls.poll_message_set("The worker is busy; wait for it or cancel it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the worker; the panel follows its answer."""
        reason = look(context, context.scene.seif.photo_path())
        if reason:
            self.report({"ERROR"}, reason)
            return {"CANCELLED"}
        return {"FINISHED"}


class SEIF_OT_pick_face(bpy.types.Operator):
    """Make the head of this face."""

    bl_idname = "seif.pick_face"
    bl_label = "Pick Face"
    bl_description = "Make the head of this face; they are counted from the largest"

    number: bpy.props.IntProperty(default=1, min=1, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the option."""
        context.scene.seif.face = self.number
        return {"FINISHED"}


def look_at_new_photo(context: bpy.types.Context) -> None:
    """The artist has chosen a photo: look at it where a worker can be started."""
    chosen = context.scene.seif
    if bpy.app.background or not chosen.photo:
        return
    try:
        preferences(context).command()
    except core.errors.SeifError:
        return
    look(context, chosen.photo_path())


CLASSES = (SEIF_OT_find_faces, SEIF_OT_pick_face)
