"""Export for Engine: the active head as one file, with the names and settings of a preset."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper

from ..animate.lookup import needs_head_in_object_mode, require_head
from ..core import PRESETS
from ..pump import ModalPump
from ..ui import busy, redraw
from .engine_export import EngineExport

SUFFIXES = ".glb;.vrm;.fbx"
_PRESETS = [(preset.name, preset.title, preset.told) for preset in PRESETS.values()]


class SEIF_OT_export_engine(ModalPump, bpy.types.Operator, ExportHelper):
    """Write the active head as Unity, Unreal, Godot, the web or VRM want it."""

    bl_idname = "seif.export_engine"
    bl_label = "Export for Engine"
    bl_description = (
        "Write the active head with its keys, bones, texture and hair as an engine wants it, "
        "with a list of names beside it; what the file cannot carry is told. Esc cancels between two files"
    )

    filename_ext = ".glb"
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.glb;*.vrm;*.fbx", options={"HIDDEN"})
    preset: bpy.props.EnumProperty(name="Preset", description="The engine that reads the file", items=_PRESETS)
    lods: bpy.props.BoolProperty(
        name="LODs", description="Also the levels of detail that Make LODs has made of the head", default=True
    )
    author: bpy.props.StringProperty(name="Author", description="Who made the avatar; VRM wants a name")

    by_hand = False
    """Whether the file was chosen in the browser, so that somebody is there who may press Esc."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active, in object mode."""
        if not needs_head_in_object_mode(cls, context):
            return False
        if require_head(context).rig.library is not None or require_head(context).mesh.library is not None:
            cls.poll_message_set("This head is linked from another file; export it there")
            return False
        return True

    def check(self, _context: bpy.types.Context) -> bool:
        """Let the file's suffix follow the preset, and the name where it ends in a preset's."""
        before, path, chosen = self.filepath, Path(self.filepath), PRESETS[self.preset]
        if path.name:
            stem = path.stem if path.suffix.lower() in SUFFIXES.split(";") else path.name
            ends = [preset.stem("") for preset in PRESETS.values()]
            named = [stem.removesuffix(end) for end in ends if stem.endswith(end)]
            self.filepath = str(path.with_name((chosen.stem(named[0]) if named else stem) + chosen.suffix))
        return self.filepath != before

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a file, named after head and preset."""
        chosen = PRESETS[self.preset]
        self.filepath = self.filepath or f"{chosen.stem(require_head(context).mesh.name)}{chosen.suffix}"
        self.by_hand = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, _context: bpy.types.Context) -> None:
        """The file browser's options."""
        self.layout.prop(self, "preset")
        if PRESETS[self.preset].suffix == ".vrm":
            self.layout.prop(self, "author")
        else:
            self.layout.prop(self, "lods")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin to write; a script, and Blender without a window, wait here until it is done."""
        same = [name for name, preset in PRESETS.items() if preset.suffix == Path(self.filepath).suffix.lower()]
        if not self.properties.is_property_set("preset") and same:
            self.preset = same[0]  # a script names the file alone
        self.check(context)
        path = Path(bpy.path.abspath(self.filepath))
        self.made: Any = EngineExport(require_head(context), PRESETS[self.preset], path, self.author, lods=self.lods)
        if self.by_hand and not bpy.app.background:
            context.workspace.status_text_set(self.status())
            self.undisturbed = True  # an undo between two files would take the head away
            return self.start(context)
        with busy(context, self.status()):
            return self.wait(context)

    def pump(self) -> bool:
        """Write a file; True once it is over."""
        return self.made.step()

    def request_cancel(self) -> None:
        """Esc: nothing stays of what was written."""
        self.made.cancel()

    def abandon(self) -> None:
        """Blender ends the operator."""
        self.made.cancel()

    def complete(self, context: bpy.types.Context) -> set[str]:
        """Tell what was written and lost, or why nothing was."""
        redraw(context)
        path, failure = self.made.path, self.made.failure
        if failure is not None:
            self.report({"INFO" if self.made.cancelled else "ERROR"}, failure)
            return {"CANCELLED"}
        for loss in self.made.losses:
            self.report({"WARNING"}, loss)
        self.report({"INFO"}, f"{path.name} written. {self.made.preset.told}")
        return {"FINISHED"}

    def status(self) -> str:
        """Text of the status bar."""
        return f"SeIF: writing {self.made.path.name}, {self.made.done:.0%}    Esc: Cancel"


CLASSES = (SEIF_OT_export_engine,)
