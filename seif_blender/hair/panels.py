"""The panel of the active head's hair: what is shown, making cards."""

from __future__ import annotations

import bpy

from ..animate.lookup import find_head, require_head
from ..build.names import HAIR_PROPERTY, HairForm
from ..ui import draw_sentence
from .lookup import hair_objects, missing_nodes


class SEIF_PT_hair(bpy.types.Panel):
    """Hair of the active head."""

    bl_idname = "SEIF_PT_hair"
    bl_label = "Hair"
    bl_parent_id = "SEIF_PT_head"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_order = 0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active that has a hair layer."""
        head = find_head(context)
        return head is not None and HAIR_PROPERTY in head.rig

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the switch and the button."""
        head, layout = require_head(context), self.layout
        layout.row(align=True).prop(head.rig, f'["{HAIR_PROPERTY}"]', expand=True)
        guides = hair_objects(head).get(HairForm.STRANDS)
        if guides is None:
            return
        layout.operator("seif.make_hair_cards", icon="OUTLINER_OB_CURVES")
        sentence = missing_nodes(guides)
        if sentence:
            draw_sentence(layout, context, sentence, "INFO")


CLASSES = (SEIF_PT_hair,)
