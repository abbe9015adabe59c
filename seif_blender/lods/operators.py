"""Make LODs: levels of detail of the active head."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import time
from pathlib import Path
from typing import Any

import bpy

from ..animate.lookup import needs_head_in_object_mode, require_head
from ..compat import others_are_modal
from ..pump import ModalPump
from ..ui import redraw
from ..worker import registry
from ..worker.job import State
from ..worker.task import Task
from .properties import COUNTS, LEAST, MOST

_FRAME = 0.03
"""Seconds of one look at the job after which the next piece waits for the next look."""


class SEIF_OT_make_lods(ModalPump, bpy.types.Operator):
    """Make levels of detail of the active head and its hair, with all keys."""

    bl_idname = "seif.make_lods"
    bl_label = "Make LODs"
    bl_description = (
        "Make levels of detail of the active head and its hair: hidden objects beside it that follow its rig and its "
        "keys. Earlier ones are replaced. Blender stays usable meanwhile, Esc cancels"
    )
    bl_options = {"UNDO"}

    triangles: bpy.props.IntVectorProperty(
        name="Triangles", description="Of each level, descending", size=3, default=COUNTS, min=LEAST, max=MOST
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head of this file active, in object mode, while no other job runs."""
        if not needs_head_in_object_mode(cls, context):
            return False
        if require_head(context).mesh.data.library is not None:
            cls.poll_message_set("This head is linked from another file; make its levels there")
            return False
        if registry.current_job() is not None:
            cls.poll_message_set("Another job is running; wait for it or cancel it")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin, with the panel's counts, and wait without blocking."""
        if not self.properties.is_property_set("triangles"):
            self.triangles = context.scene.seif_lods.triangles
        self._begin(context)
        return self.start(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make them here: for scripts and for Blender without a window."""
        self._begin(context)
        return self.wait(context)

    def _begin(self, context: bpy.types.Context) -> None:
        from .making import LodsInTheMaking  # with numpy

        head = require_head(context)
        self.job = Task(Path(head.mesh.name), kind="lods")
        self.making: Any = LodsInTheMaking(head, tuple(self.triangles), self.job)
        self.pump()

    def pump(self) -> bool:
        """Go on for a part of a frame, unless the artist is in the middle of something; True once it is over."""
        over, until = self.job.over, time.perf_counter() + _FRAME
        if not self.making.exclusive and bpy.context.window is not None and others_are_modal(bpy.context, self):
            return False
        while not over:
            over = self.making.step()
            if not self.making.exclusive or time.perf_counter() > until:
                break
        self.undisturbed = self.making.exclusive and not over
        return over

    def request_cancel(self) -> None:
        """Esc: what was not built yet is given up."""
        if not self.job.over and not self.making.exclusive:
            registry.cancel()
            self.making.step()

    def abandon(self) -> None:
        """Blender ends the operator."""
        if not self.job.over:
            registry.cancel()
            self.making.step()

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Say what was made, or why nothing was."""
        redraw(context)
        if self.job.state is not State.SUCCEEDED:
            told = self.job.message if self.job.state is State.FAILED else "The levels were cancelled"
            self.report({"ERROR" if self.job.state is State.FAILED else "INFO"}, told)
            return {"CANCELLED"}
        counts = [len(level.mesh.data.polygons) for level in self.making.made.values() if level.mesh is not None]
        self.report({"INFO"}, f"Levels of {', '.join(f'{count:,}' for count in counts)} triangles, hidden")
        return {"FINISHED"}

    def status(self) -> str:
        """Text of the status bar."""
        return f"SeIF: {self.job.stage}, {self.job.total:.0%}    Esc: Cancel"


CLASSES = (SEIF_OT_make_lods,)
