"""Materials: one Principled slot for each kind of surface, all fed by the one texture.

Sources of the values: index of refraction of skin 1.4 and scattering of light in skin over 1 to 4 mm, most in red
(Jensen et al., A practical model for subsurface light transport, SIGGRAPH 2001); cornea 1.376; enamel 1.62.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np

from ..compat import enable_nodes
from ..core import PART_NAMES, Head
from .png import encode_png


@dataclass(frozen=True)
class Surface:
    """How one kind of surface looks.

    Attributes:
        name: name of the material.
        parts: names of the model's parts that wear it.
        colour: sRGB 0..1 for a head without texture.
        roughness: Principled roughness.
        ior: index of refraction.
        subsurface: subsurface weight.
        scatter: metres, subsurface radius for red, green and blue.
        coat: weight of a clear coat (wetness).
    """

    name: str
    parts: tuple[str, ...]
    colour: tuple[float, float, float]
    roughness: float
    ior: float
    subsurface: float = 0.0
    scatter: tuple[float, float, float] = (0.001, 0.001, 0.001)
    coat: float = 0.0


_FLESH: Final = (0.0037, 0.0014, 0.0007)

SURFACES: Final = (
    Surface("skin", ("skin",), (0.80, 0.62, 0.53), 0.48, 1.4, 0.15, _FLESH),
    Surface("eyes", ("eye_left", "eye_right"), (0.90, 0.88, 0.86), 0.12, 1.376, coat=1.0),
    Surface("teeth", ("teeth_upper", "teeth_lower"), (0.90, 0.87, 0.80), 0.22, 1.62, 0.1, (0.001, 0.0009, 0.0007)),
    Surface("tongue", ("tongue",), (0.70, 0.36, 0.34), 0.35, 1.4, 0.2, _FLESH, coat=0.4),
    Surface("lashes", ("lashes",), (0.14, 0.10, 0.08), 0.6, 1.55),
)


def material_of_part() -> np.ndarray:
    """(P,) int: slot of each part in the order of the library's parts."""
    slots = {part: slot for slot, surface in enumerate(SURFACES) for part in surface.parts}
    return np.array([slots[name] for name in PART_NAMES])


def build_materials(head: Head) -> list[bpy.types.Material]:
    """Make the materials of `SURFACES`, in order."""
    image = _texture_image(head)
    return [_build_material(f"{head.name} {surface.name}", surface, image) for surface in SURFACES]


def _texture_image(head: Head) -> bpy.types.Image | None:
    """The texture, packed into the file; None for a head without."""
    if head.texture is None:
        return None
    return packed_image(f"{head.name} texture.png", encode_png(np.ascontiguousarray(head.texture)))


def packed_image(name: str, data: bytes) -> bpy.types.Image:
    """An image data block that holds the bytes of a picture file."""
    image = bpy.data.images.new(name, 1, 1)
    image.source = "FILE"
    image.pack(data=data, data_len=len(data))
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
    shader.inputs["Subsurface Weight"].default_value = surface.subsurface
    shader.inputs["Subsurface Radius"].default_value = tuple(r / max(surface.scatter) for r in surface.scatter)
    shader.inputs["Subsurface Scale"].default_value = max(surface.scatter)
    shader.inputs["Coat Weight"].default_value = surface.coat
    shader.inputs["Coat Roughness"].default_value = 0.03
    linear = (*(_linear(c) for c in surface.colour), 1.0)
    material.diffuse_color = linear
    material.roughness = surface.roughness
    if image is None:
        shader.inputs["Base Color"].default_value = linear
    else:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.location = (-320, 0)
        node.image = image
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return material


def _linear(srgb: float) -> float:
    """IEC 61966-2-1: sRGB 0..1 to linear."""
    return srgb / 12.92 if srgb <= 0.04045 else ((srgb + 0.055) / 1.055) ** 2.4
