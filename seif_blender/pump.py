"""What all waiting operators share: a timer, Esc, everything else passed through."""

from __future__ import annotations

import time
from typing import Any, Final

import bpy

from .compat import others_are_modal
from .ui import redraw
from .worker.client import PAUSE

_INTERVAL: Final = 0.1
"""Seconds between two looks at the job."""


class ModalPump:
    """Mixin of a modal operator that waits for a job which lives elsewhere.

    The operator defines the methods that raise `NotImplementedError` here.
    """

    _timer: Any = None
    undisturbed: bool = False
    """Whether events are kept from Blender for the moment: an undo between two pieces of a head would break it."""

    def start(self, context: bpy.types.Context) -> set[str]:
        """Begin to wait; the return value of `invoke`."""
        manager = context.window_manager
        self._timer = manager.event_timer_add(_INTERVAL, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def wait(self, context: bpy.types.Context) -> set[str]:
        """See the job through here: for scripts and for Blender without a window."""
        while not self.pump():
            time.sleep(PAUSE)
        return self.complete(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Take Esc and the timer, leave every other event to Blender."""
        if event.type == "ESC" and event.value == "PRESS":
            self.request_cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"RUNNING_MODAL"} if self.undisturbed else {"PASS_THROUGH"}
        if not self.pump() or others_are_modal(context, self):
            context.workspace.status_text_set(self.status())
            redraw(context)
            return {"PASS_THROUGH"}
        self._stop(context)
        return self.complete(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator, for example because the window closes."""
        self.abandon()
        self._stop(context)

    def _stop(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        redraw(context)

    def pump(self) -> bool:
        """Look at the job; True once it is over."""
        raise NotImplementedError

    def request_cancel(self) -> None:
        """Esc was pressed."""
        raise NotImplementedError

    def abandon(self) -> None:
        """End the job here and now, nobody will look at it again."""
        raise NotImplementedError

    def complete(self, context: bpy.types.Context) -> set[str]:
        """The job is over: report, build; the return value of the operator."""
        raise NotImplementedError

    def status(self) -> str:
        """Text for the status bar."""
        raise NotImplementedError
