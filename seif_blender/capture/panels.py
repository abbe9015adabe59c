"""The panel of performance capture, below that of the active head."""

from __future__ import annotations

import bpy


class SEIF_PT_capture(bpy.types.Panel):
    """Performances onto the active head."""

    bl_idname = "SEIF_PT_capture"
    bl_label = "Performance Capture"
    bl_parent_id = "SEIF_PT_head"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_order = 4
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw buttons and choices."""
        layout, chosen = self.layout, context.scene.seif_capture
        column = layout.column(align=True)
        column.operator("seif.copy_expression", icon="IMAGE_DATA")
        column.operator("seif.animate_video", icon="FILE_MOVIE")
        column.operator("seif.import_live_link", icon="IMPORT")
        column.operator("seif.import_visemes", icon="SPEAKER")
        layout.prop(chosen, "bones")
        choices = layout.column()
        choices.use_property_split = True
        choices.use_property_decorate = False
        for name in ("head_pose", "rate", "neutral", "smoothing"):
            choices.prop(chosen, name)


CLASSES = (SEIF_PT_capture,)
