"""Add Head to Asset Browser."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy

from ..animate.lookup import needs_head_in_object_mode, require_head
from ..core import errors
from .catalogues import name_catalogues

_THIS_FILE = "this"


def _libraries(_own: object, context: bpy.types.Context) -> list[tuple[str, str, str]]:
    """This file, and the libraries of the preferences; kept, because Blender does not keep the texts alive."""
    paths = context.preferences.filepaths.asset_libraries
    _SHOWN[:] = [(_THIS_FILE, "This File", "Mark it here; the asset browser shows it under Current File")]
    _SHOWN.extend((library.path, library.name, f"Write it to {library.path}") for library in paths if library.path)
    return _SHOWN


_SHOWN: list[tuple[str, str, str]] = []


class SEIF_OT_add_asset(bpy.types.Operator):
    """Mark the active head as an asset, with a picture of it and a catalogue."""

    bl_idname = "seif.add_asset"
    bl_label = "Add Head to Asset Browser"
    bl_description = (
        "Mark the active head as an asset with a rendered picture, its licence and the catalogue SeIF/Heads, "
        "in this file or as a file of an asset library"
    )
    bl_options = {"REGISTER", "UNDO"}

    library: bpy.props.EnumProperty(name="Library", description="Where the asset goes", items=_libraries)
    author: bpy.props.StringProperty(name="Author", description="Who made the head, shown in the asset browser")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head of this file active, in object mode."""
        if not needs_head_in_object_mode(cls, context):
            return False
        rig = require_head(context).rig
        if rig.library is not None or rig.override_library is not None:
            cls.poll_message_set("This head is linked from another file; add it there")
            return False
        if rig.users_collection[0] == context.scene.collection:
            cls.poll_message_set("Put the head's objects into a collection of their own first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask which library."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark it, and write it where the artist wants it."""
        from .mark import mark_head, write_to_library

        try:
            collection = mark_head(require_head(context), self.author)
            if self.library not in ("", _THIS_FILE):
                file = write_to_library(collection, Path(bpy.path.abspath(self.library)))
                self.report({"INFO"}, f"{file.name} is in the library, in the catalogue SeIF/Heads")
                return {"FINISHED"}
            if bpy.data.filepath:
                name_catalogues(Path(bpy.data.filepath).parent)
        except errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        except (RuntimeError, OSError) as error:
            self.report({"ERROR"}, f"The asset could not be finished ({' '.join(str(error).split())})")
            return {"CANCELLED"}
        told = "" if bpy.data.filepath else "; save the file and do it again to get its catalogue"
        self.report({"INFO"}, f"{collection.name} is an asset of this file{told}")
        return {"FINISHED"}


CLASSES = (SEIF_OT_add_asset,)
