"""The panel of the head that is active: expression, keying, origin and licence."""

from __future__ import annotations

import bpy

from ..build.names import PHOTO_EXPRESSION_PROPERTY, PHOTO_LIGHT_PROPERTY, SMOOTH_PROPERTY
from ..build.provenance import read_provenance
from ..reconstruct.head_photo import photo_of_head
from ..ui import draw_sentence
from .lookup import find_head, require_head


class SEIF_PT_head(bpy.types.Panel):
    """Expression of the active head."""

    bl_idname = "SEIF_PT_head"
    bl_label = "Head"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return find_head(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw slider and buttons."""
        head, layout = require_head(context), self.layout
        layout.prop(head.rig, f'["{PHOTO_EXPRESSION_PROPERTY}"]', text="Photo Expression", slider=True)
        if PHOTO_LIGHT_PROPERTY in head.rig:
            layout.prop(head.rig, f'["{PHOTO_LIGHT_PROPERTY}"]', text="Photo Light", slider=True)
        if SMOOTH_PROPERTY in head.rig:
            layout.prop(head.rig, f'["{SMOOTH_PROPERTY}"]', text="Smooth Outline")
        column = layout.column(align=True)
        column.operator("seif.reset_expression", icon="LOOP_BACK")
        column.operator("seif.key_expression", icon="KEYINGSET")
        self._draw_rerun(context)
        layout.operator("seif.transfer_keys", icon="SHAPEKEY_DATA")
        layout.operator("seif.add_asset", icon="ASSET_MANAGER")
        layout.operator("seif.view_photo", icon="CAMERA_DATA")
        layout.operator("seif.delete_head", icon="TRASH")

    def _draw_rerun(self, context: bpy.types.Context) -> None:
        """The button, and from which photo where that is not the panel's."""
        column, photo = self.layout.column(), photo_of_head(context, require_head(context).rig)
        column.operator("seif.rerun", icon="FILE_REFRESH")
        if photo is not None and photo.file is None:
            draw_sentence(column, context, f"Of its own photo {photo.name}, not of the panel's")


class SEIF_PT_licence(bpy.types.Panel):
    """Where the active head comes from and under which licence."""

    bl_idname = "SEIF_PT_licence"
    bl_label = "Origin and Licence"
    bl_parent_id = "SEIF_PT_head"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_order = 7
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what the head says of itself."""
        origin, layout = read_provenance(require_head(context).rig), self.layout
        if origin is None:
            return
        for label, value in (("Photo", origin.photo), ("Model", origin.model), ("Licence", origin.licence)):
            draw_sentence(layout, context, f"{label}: {value}")
        draw_sentence(layout, context, origin.attribution)


CLASSES = (SEIF_PT_head, SEIF_PT_licence)
