"""Materials of hair: a textured surface with transparent edges, and strands."""

from __future__ import annotations

from typing import Final

import bpy

from ..compat import enable_nodes
from .materials import packed_image

_ROUGHNESS: Final = 0.55
"""Roughness of hair as a surface. Chosen by eye."""

_STRAND_ROUGHNESS: Final = 0.35
_RANDOM_ROUGHNESS: Final = 0.2
"""Principled Hair's longitudinal roughness and how much it differs from strand to strand. Human hair has 0.2 to 0.4
(Chiang et al., A practical and controllable hair and fur model, 2016)."""
_BUMP: Final = 0.8
_RELIEF: Final = 0.004
"""Strength of the strands' relief, and metres that white stands out over black. Chosen by eye."""


def surface_material(name: str, colour: tuple[float, ...], texture: bytes) -> bpy.types.Material:
    """Material of shell or cards, from a PNG with alpha; plain where `texture` is empty; colour linear 0..1."""
    material, output = _empty(name, colour)
    tree = material.node_tree
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Roughness"].default_value = _ROUGHNESS
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    if texture:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.location = (-320, 0)
        node.image = packed_image(f"{name}.png", texture)
        node.image.alpha_mode = "CHANNEL_PACKED"  # colours under transparent texels stay, for soft edges
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        tree.links.new(node.outputs["Alpha"], shader.inputs["Alpha"])
        _stand_out(tree, node, shader)
        tree.nodes.active = node  # what solid shading with textures shows
    return material


def _stand_out(tree: bpy.types.NodeTree, texture: bpy.types.Node, shader: bpy.types.Node) -> None:
    """Strands that are lighter than what is around them stand out, so that light plays on them."""
    bump = tree.nodes.new("ShaderNodeBump")
    bump.location = (-160, -260)
    bump.inputs["Strength"].default_value = _BUMP
    bump.inputs["Distance"].default_value = _RELIEF
    tree.links.new(texture.outputs["Color"], bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def strand_material(name: str, colour: tuple[float, ...]) -> bpy.types.Material:
    """Principled Hair of that colour, linear 0..1."""
    material, output = _empty(name, colour)
    tree = material.node_tree
    shader = tree.nodes.new("ShaderNodeBsdfHairPrincipled")
    shader.parametrization = "COLOR"
    shader.inputs["Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = _STRAND_ROUGHNESS
    shader.inputs["Random Roughness"].default_value = _RANDOM_ROUGHNESS
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return material


def _empty(name: str, colour: tuple[float, ...]) -> tuple[bpy.types.Material, bpy.types.Node]:
    material = bpy.data.materials.new(name)
    enable_nodes(material)
    material.diffuse_color = (*colour, 1.0)
    material.roughness = _ROUGHNESS
    material.node_tree.nodes.clear()
    output = material.node_tree.nodes.new("ShaderNodeOutputMaterial")
    output.location = (320, 0)
    return material, output
