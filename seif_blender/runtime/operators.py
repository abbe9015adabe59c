"""Install Runtime, and cancelling it."""

from __future__ import annotations

import os

import bpy

from .. import core
from ..addon import preferences, user_folder
from ..pump import ModalPump
from ..ui import redraw
from . import installation


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
        if not bpy.app.online_access and not os.path.isdir(bpy.path.abspath(preferences(context).wheels or "")):  # noqa: PTH112 - '' is none
            cls.poll_message_set("Allow online access in Preferences > System, or choose a folder of wheels")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the installer and wait for it without blocking."""
        wheels = bpy.path.abspath(preferences(context).wheels) if preferences(context).wheels else ""
        try:
            installation.begin(user_folder("runtime"), wheels)
        except (core.errors.BusyError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return self.start(context)

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


CLASSES = (SEIF_OT_install_runtime, SEIF_OT_cancel_install)
