"""The panel of exports, and the entries in File > Export."""

from __future__ import annotations

import bpy

from ..core import PRESETS
from ..ui import draw_sentence

_OWN_EXPORT = "Blender's own FBX export loses the head's packed textures; these buttons embed them"


class SEIF_PT_export(bpy.types.Panel):
    """Files of the active head for engines and printers."""

    bl_idname = "SEIF_PT_export"
    bl_label = "Export"
    bl_parent_id = "SEIF_PT_head"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_order = 5
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """A button for each preset, and the print."""
        grid = self.layout.grid_flow(columns=2, even_columns=True, align=True)
        for preset in PRESETS.values():
            grid.operator("seif.export_engine", text=preset.title.split(" (")[0]).preset = preset.name
        column = self.layout.column(align=True)
        column.row(align=True).prop(context.scene.seif_lods, "triangles", text="")
        column.operator("seif.make_lods", icon="MOD_DECIM")
        draw_sentence(self.layout, context, _OWN_EXPORT, "INFO")
        self.layout.operator("seif.print_head", icon="MESH_MONKEY")


def draw_export_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entries in File > Export."""
    menu.layout.operator("seif.export_engine", text="Head for Engine (SeIF)")
    menu.layout.operator("seif.print_head", text="Head for 3D Print (SeIF)")


CLASSES = (SEIF_PT_export,)
