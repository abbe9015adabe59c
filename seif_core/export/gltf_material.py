"""Materials and the texture of a head in glTF: one material per kind of surface, all on one embedded image."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..headmodel.topology import PART_NAMES
from ..shapes import UInt8
from .gltf_buffer import BufferBuilder


@dataclass(frozen=True)
class PartMaterial:
    """A material and the parts that wear it.

    Attributes:
        name: the material's name.
        parts: names in `PART_NAMES`.
        colour: linear base colour, used when the head has no texture.
        roughness: glTF's perceptual roughness.
        double_sided: seen from behind too (strips without a back).
    """

    name: str
    parts: tuple[str, ...]
    colour: tuple[float, float, float]
    roughness: float
    double_sided: bool = False

    @property
    def part_indices(self) -> tuple[int, ...]:
        """Indices of `parts` in `PART_NAMES`."""
        return tuple(PART_NAMES.index(p) for p in self.parts)


MATERIALS: Final = (
    PartMaterial("skin", ("skin",), (0.60, 0.36, 0.27), 0.5),
    PartMaterial("eyes", ("eye_left", "eye_right"), (0.80, 0.78, 0.75), 0.1),
    PartMaterial("teeth", ("teeth_upper", "teeth_lower"), (0.75, 0.70, 0.60), 0.25),
    PartMaterial("tongue", ("tongue",), (0.45, 0.16, 0.16), 0.35),
    PartMaterial("lashes", ("lashes",), (0.02, 0.015, 0.01), 0.8, double_sided=True),
)
"""The five materials; every part belongs to one."""


def material_object(material: PartMaterial, texture: int | None) -> dict[str, Any]:
    """GlTF's material, with `texture` as base colour or the plain colour where there is none."""
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": material.roughness}
    if texture is None:
        surface["baseColorFactor"] = [*material.colour, 1.0]
    else:
        surface["baseColorTexture"] = {"index": texture}
    found: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": surface}
    if material.double_sided:
        found["doubleSided"] = True
    return found


def add_image(buffer: BufferBuilder, texture: UInt8[np.ndarray, "H W 3"], kind: str, quality: int) -> dict[str, Any]:
    """Embed the texture and return the image object; row 0 is the top, as glTF wants it."""
    return {
        "name": "base_colour",
        "mimeType": f"image/{kind}",
        "bufferView": buffer.add_view(encode_image(texture, kind, quality)),
    }


def encode_image(pixels: UInt8[np.ndarray, "H W 3"], kind: str, quality: int = 95) -> bytes:
    """Encode sRGB pixels as ``png`` or ``jpeg``; `quality` concerns JPEG, whose colours are not subsampled."""
    from PIL import Image

    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if kind == "png":
        image.save(stream, "PNG", compress_level=6)
    else:
        image.save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()
