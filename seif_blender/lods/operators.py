"""Make LODs: levels of detail of the active head."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

from ..animate.lookup import needs_head_in_object_mode, require_head
from ..core import errors
from ..ui import redraw

_COUNTS = (5000, 2500, 1000)
"""As `decimation.levels.LOD_TRIANGLES`, which would load numpy when the add-on is enabled."""


class SEIF_OT_make_lods(bpy.types.Operator):
    """Make levels of detail of the active head and its hair, with all keys."""

    bl_idname = "seif.make_lods"
    bl_label = "Make LODs"
    bl_description = (
        "Make levels of detail of the active head and its hair: hidden objects beside it that follow its rig and its "
        "keys. Earlier ones are replaced"
    )
    bl_options = {"REGISTER", "UNDO"}

    triangles: bpy.props.IntVectorProperty(
        name="Triangles", description="Of each level, descending", size=3, default=_COUNTS, min=500, max=100000
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head of this file active, in object mode."""
        if not needs_head_in_object_mode(cls, context):
            return False
        if require_head(context).mesh.data.library is not None:
            cls.poll_message_set("This head is linked from another file; make its levels there")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make them and say what they have."""
        from .make import make_lods  # with numpy

        try:
            made = make_lods(require_head(context), tuple(self.triangles))
        except errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        counts = [len(level.mesh.data.polygons) for level in made.values() if level.mesh is not None]
        redraw(context)
        self.report({"INFO"}, f"Levels of {', '.join(f'{count:,}' for count in counts)} triangles, hidden")
        return {"FINISHED"}


CLASSES = (SEIF_OT_make_lods,)
