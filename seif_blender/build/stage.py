"""A plain stage for `head.blend`: soft light, so that a render shows the head at once. The add-on does not call it."""

from __future__ import annotations

from typing import Final

import bpy
from mathutils import Vector

from ..compat import enable_nodes
from .head_object import BuiltHead

_GREY = (0.25, 0.25, 0.26, 1.0)
_KEY_WATTS = 14.0
_KEY_SIZE: Final = 0.6
"""Metres of its side: shadows are soft. Chosen by eye."""
_KEY_PLACE = (-0.5, -0.8, 0.6)
"""Metres from the head: before it, to its right and above."""


def light_scene(scene: bpy.types.Scene, built: BuiltHead) -> None:
    """Give the scene a grey world, one soft area light that looks at the head, and the colours of the photo."""
    world = bpy.data.worlds.new("SeIF stage")
    enable_nodes(world)
    world.node_tree.nodes["Background"].inputs["Color"].default_value = _GREY
    scene.world = world
    data = bpy.data.lights.new("SeIF key light", "AREA")
    data.energy = _KEY_WATTS
    data.size = _KEY_SIZE
    light = bpy.data.objects.new(data.name, data)
    scene.collection.objects.link(light)
    light.location = built.rig.location + Vector(_KEY_PLACE)
    light.rotation_euler = Vector(_KEY_PLACE).to_track_quat("Z", "Y").to_euler()
    scene.view_settings.view_transform = "Standard"  # the texture is a photo already: no film look on top
    for screen in bpy.data.screens:
        for space in (area.spaces.active for area in screen.areas if area.type == "VIEW_3D"):
            space.shading.color_type = "TEXTURE"
