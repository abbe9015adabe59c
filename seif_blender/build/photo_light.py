"""The photo's light, which was taken out of the texture, brought back as far as a slider says.

The slider is a custom property of the rig; a driver copies it to the mesh object, where the materials read it as an
attribute of the object. So it works in library overrides, whose materials are not their own.

Convention: the light is a factor on the linear colour, 1 where the head is lit evenly; at the slider's s the colour is
c (1 + s (light - 1)). Worked number: c = 0.5, light = 0.6, s = 0.5 gives 0.4.
"""

from __future__ import annotations

import bpy

from .drivers import add_slider, follow_slider
from .names import PHOTO_LIGHT_PROPERTY


def add_light_nodes(material: bpy.types.Material, light: bpy.types.Image) -> None:
    """Multiply the light onto whatever feeds the material's base colour.

    Args:
        material: of the head, with a Principled shader.
        light: factors in the head's UVs.
    """
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    colour = shader.inputs["Base Color"]
    if not colour.is_linked:
        return
    source = colour.links[0].from_socket
    amount = tree.nodes.new("ShaderNodeAttribute")
    amount.attribute_type = "OBJECT"
    amount.attribute_name = PHOTO_LIGHT_PROPERTY
    amount.location = (-640, -80)
    picture = tree.nodes.new("ShaderNodeTexImage")
    picture.image = light
    picture.interpolation = "Cubic"
    picture.location = (-640, -280)
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type, mix.clamp_factor = "RGBA", "MULTIPLY", True
    mix.location = (-160, -80)
    sockets = {socket.identifier: socket for socket in mix.inputs}
    tree.links.new(amount.outputs["Fac"], sockets["Factor_Float"])
    tree.links.new(source, sockets["A_Color"])
    tree.links.new(picture.outputs["Color"], sockets["B_Color"])
    tree.links.new(next(s for s in mix.outputs if s.identifier == "Result_Color"), colour)
    source.node.location = (-640, 160)
    shader.location = (40, 0)
    tree.nodes.active = source.node  # what solid shading with textures shows


def add_light_slider(mesh_object: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Add the slider, at 0."""
    sentence = "How much of the photo's own light lies on the skin: 0 is evenly lit, 1 the photo"
    add_slider(rig, PHOTO_LIGHT_PROPERTY, sentence)
    follow_light(mesh_object, rig)


def follow_light(mesh_object: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Let a mesh that wears the head's materials have the light of the rig's slider."""
    mesh_object[PHOTO_LIGHT_PROPERTY] = 0.0
    follow_slider(mesh_object.driver_add(f'["{PHOTO_LIGHT_PROPERTY}"]').driver, rig, PHOTO_LIGHT_PROPERTY)
