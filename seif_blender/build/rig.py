"""The armature object; see `plan.rig` for its bones."""

from __future__ import annotations

import bpy
from mathutils import Vector

from .blueprint import BonePlan
from .bone_shapes import add_bone_shapes


def build_rig(name: str, bones: tuple[BonePlan, ...], collection: bpy.types.Collection) -> bpy.types.Object:
    """Make the armature object, link it and add its bones, with their shapes; what was active stays so.

    Blender makes bones in the edit mode of the active object alone, so the rig is active in between.
    """
    layer = bpy.context.view_layer
    before = layer.objects.active
    armature = bpy.data.armatures.new(f"{name} rig")
    armature.display_type = "STICK"
    rig = bpy.data.objects.new(f"{name} rig", armature)
    collection.objects.link(rig)
    layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for plan in bones:
        bone = armature.edit_bones.new(plan.name)
        bone.head, bone.tail = Vector(plan.head), Vector(plan.tail)
        bone.align_roll(Vector(plan.roll_axis))
        bone.use_connect = False
        if plan.parent:
            bone.parent = armature.edit_bones[plan.parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.select_set(state=False)
    layer.objects.active = before
    add_bone_shapes(name, rig, bones, collection)
    return rig


def bind(ob: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Let the bones move an object by its vertex groups, by linear blend skinning, as a child of the rig."""
    ob.parent = rig
    modifier = ob.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    modifier.use_vertex_groups = True
    modifier.use_bone_envelopes = False
    modifier.use_deform_preserve_volume = False
