"""Every difference between the supported releases of Blender (4.2 LTS and later), each with its release."""

from __future__ import annotations

import bpy


def enable_nodes(block: bpy.types.Material | bpy.types.World) -> None:
    """Give a material or world a node tree; from Blender 5.0 it always has one and `use_nodes` is deprecated.

    Source: https://developer.blender.org/docs/release_notes/5.0/python_api/
    """
    if bpy.app.version < (5, 0, 0):
        block.use_nodes = True


def others_are_modal(context: bpy.types.Context, own: bpy.types.Operator) -> bool:
    """Whether the artist is in the middle of another modal operator (a grab, a stroke), which must not be disturbed.

    Source: `Window.modal_operators`, https://developer.blender.org/docs/release_notes/4.2/python_api/; where it is
    missing, nothing is known and nothing is waited for.
    """
    running = getattr(context.window, "modal_operators", None) or ()
    disturbed = {"TRANSFORM_OT_", "SCULPT_OT_", "PAINT_OT_", "MESH_OT_", "VIEW3D_OT_", "GPENCIL_OT_", "ANIM_OT_"}
    return any(m.bl_idname != own.bl_idname and m.bl_idname.startswith(tuple(disturbed)) for m in running)
