"""What the bones are shown as: closed lines outside the face, in a hidden collection inside the head's, with colours.

A shape is a mesh of edges in the bone's own space. Its collection is hidden in views and renders, so no exporter takes
it for a part of the head; appended or linked, it comes along, because the bones name it.
"""

from __future__ import annotations

from typing import Final

import bpy
from mathutils import Vector

from .blueprint import BonePlan

SHAPES: Final = "Bone Shapes"
"""What the collection is called after the head's name."""

_LOOKS: Final = {
    "root": ("THEME09", "Root"),
    "neck": ("THEME09", "Head"),
    "jaw": ("THEME09", "Head"),
    "eye.L": ("THEME04", "Eyes"),
    "eye.R": ("THEME01", "Eyes"),
}
"""Palette and bone collection of each bone: the middle yellow, left blue, right red, as Rigify has them."""


def add_bone_shapes(
    name: str, rig: bpy.types.Object, bones: tuple[BonePlan, ...], collection: bpy.types.Collection
) -> None:
    """Give the bones their shapes, colours and bone collections.

    Args:
        name: of the head.
        rig: the armature object, with the bones.
        bones: their plans.
        collection: of the head.
    """
    hidden = bpy.data.collections.new(f"{name} {SHAPES}")
    hidden.hide_viewport = hidden.hide_render = True
    collection.children.link(hidden)
    for plan in bones:
        bone = rig.data.bones[plan.name]
        palette, title = _LOOKS[plan.name]
        bone.color.palette = palette
        group = rig.data.collections.get(title) or rig.data.collections.new(title)
        group.assign(bone)
        if plan.outline:
            shape = bpy.data.objects.new(f"{name} {plan.name} shape", _outline(f"{name} {plan.name} shape", plan, bone))
            hidden.objects.link(shape)
            posed = rig.pose.bones[plan.name]
            posed.custom_shape = shape
            posed.use_custom_shape_bone_size = False


def _outline(name: str, plan: BonePlan, bone: bpy.types.Bone) -> bpy.types.Mesh:
    """The plan's closed line in the space of the bone."""
    into_bone = bone.matrix_local.inverted()
    points = [into_bone @ Vector(plan.outline[i : i + 3]) for i in range(0, len(plan.outline), 3)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [(i, (i + 1) % len(points)) for i in range(len(points))], [])
    return mesh
