"""Materials and the texture of a head in glTF: one material per kind of surface, all on one embedded image."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..head import Head
from ..headmodel.topology import PART_NAMES
from ..shapes import Bool, UInt8
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
        coat: weight of a clear coat (wetness), for engines that know ``KHR_materials_clearcoat``.
        lining: worn by those faces of the parts alone that line the mouth, which no other material then has.
        specular: share of its highlight, for engines that know ``KHR_materials_specular``.
        glow: share of its own colour that it shows where no light falls.
    """

    name: str
    parts: tuple[str, ...]
    colour: tuple[float, float, float]
    roughness: float
    double_sided: bool = False
    coat: float = 0.0
    lining: bool = False
    specular: float = 1.0
    glow: float = 0.0

    @property
    def part_indices(self) -> tuple[int, ...]:
        """Indices of `parts` in `PART_NAMES`."""
        return tuple(PART_NAMES.index(p) for p in self.parts)

    def worn_by(self, head: Head) -> Bool[np.ndarray, " F"]:
        """(F,) the faces of `head` that have this material."""
        lining = head.mouth_lining
        return np.isin(head.face_part, self.part_indices) & (lining if self.lining else ~lining)


SKIN: Final = "skin"
"""The one material that has a normal map."""

MATERIALS: Final = (
    PartMaterial(SKIN, ("skin",), (0.60, 0.36, 0.27), 0.5),
    PartMaterial("eyes", ("eye_left", "eye_right"), (0.80, 0.78, 0.75), 0.3, coat=1.0),
    PartMaterial("teeth", ("teeth_upper", "teeth_lower"), (0.75, 0.70, 0.60), 0.25, glow=0.04),
    PartMaterial("tongue", ("tongue",), (0.45, 0.16, 0.16), 0.45, specular=0.1, glow=0.2),
    PartMaterial("lashes", ("lashes",), (0.02, 0.015, 0.01), 0.8, double_sided=True),
    PartMaterial("mouth", ("skin",), (0.15, 0.024, 0.022), 0.6, lining=True, specular=0.1, glow=0.5),
)
"""The six materials; every face has one. Tongue and lining of the mouth lie in the shade of lips and teeth, of
which a game's light knows nothing: with the highlight of wet flesh the tongue's back shone silver in the throat. Their
values are chosen by eye on two portraits, as is how much what lies inside the mouth glows in place of the light that
cheeks let through."""


_LINEAR_MIPMAP_LINEAR: Final = 9987
_LINEAR: Final = 9729
_CLAMP_TO_EDGE: Final = 33071
"""OpenGL's names for ways of reading a texture, as glTF 2.0 takes them."""

SAMPLER: Final = {
    "magFilter": _LINEAR,
    "minFilter": _LINEAR_MIPMAP_LINEAR,
    "wrapS": _CLAMP_TO_EDGE,
    "wrapT": _CLAMP_TO_EDGE,
}
"""How textures are read between and beyond their texels."""


CLEARCOAT: Final = "KHR_materials_clearcoat"
"""Extension by which the eyes are wet: a smooth layer over the duller white and iris."""

SPECULAR: Final = "KHR_materials_specular"
"""Extension by which tongue and lining of the mouth hardly shine."""

_COAT_ROUGHNESS: Final = 0.03
"""Perceptual roughness of the film of tears; chosen by eye."""


_PNG_LEVEL: Final = 3
"""Of zlib's 1 to 9: a hair shell's texture takes 0.13 s and 754 kB; with 6, 0.33 s and 701 kB."""
OF_PHOTOS: Final = {"compress_level": 1, "compress_type": zlib.Z_RLE}
"""How pictures without alpha are packed: a photo's noise has runs alone. A texture of 2048 takes 0.23 s and 3.9 MB, by
`_PNG_LEVEL` 0.41 s and 4.2 MB; a normal map of 1024 0.05 s and 0.72 MB, 0.09 s and 0.84 MB."""


def material_object(material: PartMaterial, texture: int | None, normals: int | None = None) -> dict[str, Any]:
    """GlTF's material, with `texture` as base colour or the plain colour where there is none.

    Args:
        material: of a kind of surface.
        texture: index of the base colour's texture.
        normals: index of the normal map's; skin alone has one.
    """
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": material.roughness}
    if texture is None:
        surface["baseColorFactor"] = [*material.colour, 1.0]
    else:
        surface["baseColorTexture"] = {"index": texture}
    found: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": surface}
    if material.glow and texture is None:
        found["emissiveFactor"] = [material.glow * c for c in material.colour]
    elif material.glow:
        found |= {"emissiveFactor": [material.glow] * 3, "emissiveTexture": {"index": texture}}
    if normals is not None and material.name == SKIN:
        found["normalTexture"] = {"index": normals}
    if material.double_sided:
        found["doubleSided"] = True
    extensions: dict[str, Any] = {}
    if material.coat:
        extensions[CLEARCOAT] = {"clearcoatFactor": material.coat, "clearcoatRoughnessFactor": _COAT_ROUGHNESS}
    if material.specular < 1:
        extensions[SPECULAR] = {"specularFactor": material.specular}
    return found | ({"extensions": extensions} if extensions else {})


def add_image(
    buffer: BufferBuilder, texture: UInt8[np.ndarray, "H W C"], kind: str, quality: int, name: str = "base_colour"
) -> dict[str, Any]:
    """Embed the texture and return the image object; row 0 is the top, as glTF wants it."""
    return {
        "name": name,
        "mimeType": f"image/{kind}",
        "bufferView": buffer.add_view(encode_image(texture, kind, quality)),
    }


def limited(pixels: UInt8[np.ndarray, "H W C"], most: int) -> UInt8[np.ndarray, "h w C"]:
    """The image with its longer side at most `most` pixels; as it is for 0. Colours of clear texels stay."""
    from PIL import Image

    longer = max(pixels.shape[:2])
    if not most or longer <= most:
        return pixels
    height, width = (max(1, round(side * most / longer)) for side in pixels.shape[:2])
    bands = [Image.fromarray(np.ascontiguousarray(pixels[..., k])) for k in range(pixels.shape[2])]
    return np.stack([np.asarray(band.resize((width, height), Image.Resampling.BOX)) for band in bands], axis=-1)


def encode_image(pixels: UInt8[np.ndarray, "H W C"], kind: str, quality: int = 95) -> bytes:
    """Encode sRGB pixels as ``png`` (also with alpha, C = 4) or ``jpeg`` (`quality`, colours not subsampled)."""
    from PIL import Image

    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if kind == "png":
        image.save(stream, "PNG", **(OF_PHOTOS if image.mode == "RGB" else {"compress_level": _PNG_LEVEL}))
    else:
        image.save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()
