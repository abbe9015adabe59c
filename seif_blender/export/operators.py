"""Export for Engine: the active head as one file, with the names and settings of a preset."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ..animate.lookup import needs_head_in_object_mode, require_head
from ..core import PRESETS, errors
from ..ui import busy
from .sidecar import write_scene_sidecar
from .write import export_head

SUFFIXES = ".glb;.vrm;.fbx"
_PRESETS = [(preset.name, preset.title, preset.told) for preset in PRESETS.values()]


class SEIF_OT_export_engine(bpy.types.Operator, ExportHelper):
    """Write the active head as Unity, Unreal, Godot, the web or VRM want it."""

    bl_idname = "seif.export_engine"
    bl_label = "Export for Engine"
    bl_description = (
        "Write the active head with its keys, bones, texture and hair as an engine wants it, "
        "with a list of names beside it; what the file cannot carry is told"
    )

    filename_ext = ".glb"
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.glb;*.vrm;*.fbx", options={"HIDDEN"})
    preset: bpy.props.EnumProperty(name="Preset", description="The engine that reads the file", items=_PRESETS)
    lods: bpy.props.BoolProperty(
        name="LODs", description="Also the levels of detail that Make LODs has made of the head", default=True
    )
    author: bpy.props.StringProperty(name="Author", description="Who made the avatar; VRM wants a name")

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
        """Let the file's suffix follow the preset."""
        before, path = self.filepath, Path(self.filepath)
        if path.name:
            stem = path.with_suffix("") if path.suffix.lower() in SUFFIXES.split(";") else path
            self.filepath = str(stem) + PRESETS[self.preset].suffix
        return self.filepath != before

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a file, named after the head."""
        self.filepath = self.filepath or f"{require_head(context).mesh.name}{PRESETS[self.preset].suffix}"
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
        """Write the file and the list of names, and tell what was lost."""
        same = [name for name, preset in PRESETS.items() if preset.suffix == Path(self.filepath).suffix.lower()]
        if not self.properties.is_property_set("preset") and same:
            self.preset = same[0]  # a script names the file alone
        self.check(context)
        head, preset = require_head(context), PRESETS[self.preset]
        path = Path(bpy.path.abspath(self.filepath))
        try:
            with busy(context, f"SeIF: writing {path.name}") as told:
                losses = export_head(head, preset, path, self.author, lods=self.lods, told=told)
            write_scene_sidecar(head, preset, path, losses, lods=self.lods)
        except errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for loss in losses:
            self.report({"WARNING"}, loss)
        self.report({"INFO"}, f"{path.name} written. {preset.told}")
        return {"FINISHED"}


CLASSES = (SEIF_OT_export_engine,)
