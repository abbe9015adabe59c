"""The panels of the active head's expression: controls of the bones, emotions, sliders by region, search."""

from __future__ import annotations

import bpy

from ..build.names import EMOTION_PREFIX
from .emotions import EMOTIONS
from .gaze import look_at_target
from .lookup import FoundHead, emotion_sliders, find_head, require_head
from .regions import REGIONS, found_by, region_of


class _HeadChild(bpy.types.Panel):
    """A panel below that of the active head."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_parent_id = "SEIF_PT_head"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return find_head(context) is not None


class SEIF_PT_controls(_HeadChild):
    """Jaw, neck and eyes."""

    bl_idname = "SEIF_PT_controls"
    bl_label = "Jaw, Neck and Eyes"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the bones' sliders."""
        rig, layout = require_head(context).rig, self.layout
        for name, title, axes in (
            ("jaw", "Jaw", (("Open", 0), ("Right", 2), ("Tilt", 1))),
            ("neck", "Neck", (("Nod", 0), ("Turn", 1), ("Tilt", 2))),
        ):
            column = layout.column(align=True)
            column.label(text=title)
            for text, axis in axes:
                column.prop(rig.pose.bones[name], "seif_turn", index=axis, text=text, slider=True)
        target = look_at_target(rig)
        column = layout.column(align=True)
        column.label(text="Eyes")
        turns = column.column(align=True)
        turns.enabled = target is None
        for axis, text in enumerate(("Down", "Right")):
            turns.prop(rig, "seif_gaze", index=axis, text=text, slider=True)
        column.operator("seif.look_at", icon="HIDE_OFF", depress=target is not None)
        if target is not None:
            column.prop(target, "location", text="Target")


class SEIF_PT_emotions(_HeadChild):
    """Basic emotions."""

    bl_idname = "SEIF_PT_emotions"
    bl_label = "Emotions"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 2

    def draw(self, context: bpy.types.Context) -> None:
        """Draw buttons, and the rig's sliders where it has them."""
        rig, layout, chosen = require_head(context).rig, self.layout, context.window_manager.seif_animation
        layout.prop(chosen, "strength", slider=True)
        grid = layout.grid_flow(columns=2, even_columns=True, align=True)
        for name, title, _ in EMOTIONS:
            button = grid.operator("seif.apply_emotion", text=title)
            button.emotion, button.strength = name, chosen.strength
        sliders = emotion_sliders(rig)
        column = layout.column(align=True)
        for name in sliders:
            text = name.removeprefix(EMOTION_PREFIX).title()
            column.prop(rig, f'["{name}"]', text=text, slider=True)
        if sliders:
            layout.operator("seif.emotion_assets", icon="ASSET_MANAGER")


class SEIF_PT_expression(_HeadChild):
    """All shape keys by region."""

    bl_idname = "SEIF_PT_expression"
    bl_label = "Expression"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        """Draw mirror buttons, search and sliders."""
        head, layout, chosen = require_head(context), self.layout, context.window_manager.seif_animation
        row = layout.row(align=True)
        for direction, text in (("LEFT_TO_RIGHT", "L to R"), ("RIGHT_TO_LEFT", "R to L"), ("SWAP", "Swap")):
            row.operator("seif.mirror_expression", text=text).direction = direction
        layout.prop(chosen, "search", text="", icon="VIEWZOOM")
        if chosen.search:
            self._draw_keys(layout, [key for key in head.expression_keys if found_by(key.name, chosen.search)])
        else:
            self._draw_regions(layout, head)

    def _draw_regions(self, layout: bpy.types.UILayout, head: FoundHead) -> None:
        by_region: dict[str, list[bpy.types.ShapeKey]] = {}
        for key in head.expression_keys:
            by_region.setdefault(region_of(key.name), []).append(key)
        for region, title in REGIONS.items():
            keys = by_region.get(region)
            if not keys:
                continue
            header, body = layout.panel(f"seif_{region}", default_closed=True)
            moved = sum(key.value != 0 for key in keys)
            header.label(text=f"{title}  ({moved} of {len(keys)})" if moved else f"{title}  ({len(keys)})")
            if body is not None:
                self._draw_keys(body, keys)

    def _draw_keys(self, layout: bpy.types.UILayout, keys: list[bpy.types.ShapeKey]) -> None:
        column = layout.column(align=True)
        for key in keys:
            column.prop(key, "value", text=key.name, slider=True)
        if not keys:
            column.label(text="No shape key has this name")


CLASSES = (SEIF_PT_controls, SEIF_PT_emotions, SEIF_PT_expression)
