"""Materials: one Principled slot for each kind of surface, all fed by the one texture."""

from __future__ import annotations

from typing import Final

import bpy

from ..compat import enable_nodes
from .blueprint import Blueprint
from .photo_light import add_light_nodes
from .surfaces import SURFACES, Surface

DISPLACEMENT = "Displacement: link me, mute Normal Map"
"""Label of the node that is off until it is linked."""
_TEARS: Final = 0.03
"""Roughness of the film of tears. Chosen by eye."""
_CODED: Final = 0.04045
_SLOPE: Final = 12.92
_POWER: Final = 2.4
_OFFSET: Final = 0.055
_SCALE: Final = 1.055
"""sRGB's curve (IEC 61966-2-1): code below which it is a line, the line's slope; power, shift and scale above."""


def build_materials(name: str, plan: Blueprint) -> list[bpy.types.Material]:
    """Make the materials of `SURFACES`, in order; pictures are packed.

    Args:
        name: of the head.
        plan: brings the texture, the photo's light on it (`photo_light`), the skin's normal map and its displacement.
    """
    image = packed_image(f"{name} texture.png", plan.texture) if plan.texture else None
    made = [_build_material(f"{name} {surface.name}", surface, image) for surface in SURFACES]
    if plan.light:
        picture = data_image(f"{name} light.hdr", plan.light)
        for material in made:
            add_light_nodes(material, picture)
    if plan.relief:
        _add_normal_map(made[0], data_image(f"{name} normals.png", plan.relief))
    if plan.heights is not None:
        _add_displacement(made[0], data_image(f"{name} heights.png", plan.heights.picture), plan.heights.metres)
    return made


def packed_image(name: str, data: bytes) -> bpy.types.Image:
    """An image data block that holds the bytes of a picture file."""
    image = bpy.data.images.new(name, 1, 1)
    image.source = "FILE"
    image.pack(data=data, data_len=len(data))
    return image


def data_image(name: str, data: bytes) -> bpy.types.Image:
    """An image data block of numbers, which no colour space may touch."""
    image = packed_image(name, data)
    image.colorspace_settings.name = "Non-Color"
    return image


def _build_material(name: str, surface: Surface, image: bpy.types.Image | None) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    enable_nodes(material)
    tree = material.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    output.location = (320, 0)
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Roughness"].default_value = surface.roughness
    shader.inputs["IOR"].default_value = surface.ior
    shader.inputs["Specular IOR Level"].default_value = surface.specular
    shader.inputs["Subsurface Weight"].default_value = surface.subsurface
    shader.inputs["Subsurface Radius"].default_value = tuple(r / max(surface.scatter) for r in surface.scatter)
    shader.inputs["Subsurface Scale"].default_value = max(surface.scatter)
    shader.inputs["Coat Weight"].default_value = surface.coat
    shader.inputs["Coat Roughness"].default_value = _TEARS
    shader.inputs["Emission Strength"].default_value = surface.glow
    linear = (*(_linear(c) for c in surface.colour), 1.0)
    material.diffuse_color = linear
    material.roughness = surface.roughness
    if not surface.specular:  # solid view knows no missing highlight and greys the throat; a rough metal is its colour
        material.metallic = material.roughness = 1.0
    if image is None:
        shader.inputs["Base Color"].default_value = shader.inputs["Emission Color"].default_value = linear
    else:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.location = (-320, 0)
        node.image = image
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        if surface.glow:
            tree.links.new(node.outputs["Color"], shader.inputs["Emission Color"])
        tree.nodes.active = node  # what solid shading with textures shows
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return material


def _add_normal_map(material: bpy.types.Material, image: bpy.types.Image) -> None:
    """Let the skin lean as a tangent-space normal map says; the node's strength is the artist's to change."""
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shown = tree.nodes.active
    picture = tree.nodes.new("ShaderNodeTexImage")
    picture.image, picture.location = image, (-640, -560)
    bump = tree.nodes.new("ShaderNodeNormalMap")
    bump.location = (-320, -560)
    tree.links.new(picture.outputs["Color"], bump.inputs["Color"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    tree.nodes.active = shown  # what solid shading with textures shows


def _add_displacement(material: bpy.types.Material, image: bpy.types.Image, metres: float) -> None:
    """Lay a Displacement node ready that says what the normal map says; the artist's link to the output turns it on."""
    tree = material.node_tree
    shown = tree.nodes.active
    picture = tree.nodes.new("ShaderNodeTexImage")
    picture.image, picture.interpolation, picture.location = image, "Cubic", (-320, -860)
    heights = tree.nodes.new("ShaderNodeDisplacement")
    heights.label, heights.location, heights.width = DISPLACEMENT, (40, -860), 260
    heights.inputs["Midlevel"].default_value = 0.5
    heights.inputs["Scale"].default_value = metres
    tree.links.new(picture.outputs["Color"], heights.inputs["Height"])
    tree.nodes.active = shown  # what solid shading with textures shows


def _linear(srgb: float) -> float:
    """IEC 61966-2-1: sRGB 0..1 to linear."""
    return srgb / _SLOPE if srgb <= _CODED else ((srgb + _OFFSET) / _SCALE) ** _POWER
