"""Install Runtime, and cancelling it."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from .. import core
from ..addon import preferences, user_folder
from ..pump import ModalPump
from ..ui import redraw
from ..waiting import TaskOperator
from ..worker import registry
from ..worker.task import Task
from . import installation
from .location import remove_runtimes


class SEIF_OT_install_runtime(ModalPump, bpy.types.Operator):
    """Install the reconstruction's libraries for Blender's Python into the add-on's own folder."""

    bl_idname = "seif.install_runtime"
    bl_label = "Install Runtime"
    bl_description = "Install the reconstruction's libraries for Blender's Python into the add-on's own folder"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only online or with a folder of wheels, and one at a time."""
        running = installation.current()
        if running is not None and not running.done:
            cls.poll_message_set("The libraries are being installed already")
            return False
        if registry.running_job() is not None:
            cls.poll_message_set("A job is running; wait for it or cancel it")
            return False
        if not bpy.app.online_access and not os.path.isdir(bpy.path.abspath(preferences(context).wheels or "")):  # noqa: PTH112 - '' is none
            cls.poll_message_set("Allow online access in Preferences > System, or choose a folder of wheels")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the installer and wait for it without blocking."""
        return self.start(context) if self._begin(context) else {"CANCELLED"}

    def _begin(self, context: bpy.types.Context) -> bool:
        own = preferences(context)
        wheels = bpy.path.abspath(own.wheels) if own.wheels else ""
        registry.end_worker()  # it uses the files of the runtime that is about to be replaced
        try:
            installation.begin(user_folder("runtime"), wheels, "" if own.accelerator == "auto" else own.accelerator)
        except (core.errors.BusyError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """For scripts: install, and wait for it here."""
        if not self._begin(context):
            return {"CANCELLED"}
        return self.wait(context)

    def pump(self) -> bool:
        """Look at the installer."""
        running = installation.current()
        return running is None or running.poll()

    def request_cancel(self) -> None:
        """Esc."""
        self.abandon()

    def abandon(self) -> None:
        """End the installer."""
        running = installation.current()
        if running is not None:
            running.cancel()

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Tell how it went."""
        redraw(context)
        running = installation.current()
        if running is None or running.error:
            self.report({"WARNING"}, running.error if running else "The installation was cancelled.")
            return {"CANCELLED"}
        self.report({"INFO"}, "The reconstruction's libraries are installed")
        return {"FINISHED"}

    def status(self) -> str:
        """Text of the status bar."""
        running = installation.current()
        detail = running.detail if running else ""
        return f"SeIF: installing libraries, {detail}    Esc: Cancel"


class SEIF_OT_cancel_install(bpy.types.Operator):
    """Stop installing the libraries and remove what was downloaded so far."""

    bl_idname = "seif.cancel_install"
    bl_label = "Cancel Installation"
    bl_description = "Stop installing the libraries and remove what was downloaded so far"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """End the installer."""
        running = installation.current()
        if running is not None:
            running.cancel()
        return {"FINISHED"}


class SEIF_OT_remove_runtime(bpy.types.Operator):
    """Remove the installed libraries, those of earlier releases too; heads in your files stay as they are."""

    bl_idname = "seif.remove_runtime"
    bl_label = "Remove"
    bl_description = (
        "Remove the installed libraries, those of earlier releases too; heads in your files stay as they are"
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """While nothing uses it."""
        running = installation.current()
        if registry.running_job() is not None or (running is not None and not running.done):
            cls.poll_message_set("A job or an installation is running; wait for it or cancel it")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """End the worker, which uses the files, and remove them."""
        registry.end_worker()
        try:
            remove_runtimes(user_folder("runtime"))
        except core.errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        redraw(context)
        self.report({"INFO"}, "The runtime was removed")
        return {"FINISHED"}


class SEIF_OT_check_runtime(TaskOperator, bpy.types.Operator):
    """Start the Python or runtime that is set, and look whether it has all that is needed."""

    bl_idname = "seif.check_runtime"
    bl_label = "Check"
    bl_description = "Start the Python or runtime that is set, and look whether it has all that is needed"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """While no job runs."""
        if registry.current_job() is not None:
            cls.poll_message_set("A job is running; wait for it or cancel it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Let the worker import its libraries and tell what it is."""
        return self.begin(context, Task(Path(preferences(context).python or "runtime"), kind="info"))

    def answered(self, context: bpy.types.Context, task: Task) -> str:
        """Say what was found."""
        redraw(context)
        told = task.report.get("versions", {})
        versions = ", ".join(f"{name} {told[name]}" for name in ("python", "torch") if told.get(name))
        return f"All libraries are there ({versions or 'versions unknown'})"


CLASSES = (
    SEIF_OT_install_runtime,
    SEIF_OT_cancel_install,
    SEIF_OT_remove_runtime,
    SEIF_OT_check_runtime,
)
