"""One surface of a drawn picture: its mesh, what its points look like, and which class its pixels are.

Convention: camera space as in `geometry.camera`: the camera at the origin looks along -Z, Y up, X right, metres.
Textures have their origin at the bottom left, u right, v up, and repeat. Worked number: u = v = 0 reads the last row's
first pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from ...portrait.head_parsing import CLASSES
from ...shapes import Float, Int, UInt8

CLASS: Final = {name: index for index, name in enumerate(CLASSES)}
"""Index of each class in the maps."""

LINEAR: Final = (
    np.where(
        np.arange(256) / 255 <= 0.04045,
        np.arange(256) / 255 / 12.92,
        ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
    )
).astype(np.float32)
"""Linear light of each of the 256 sRGB values (IEC 61966-2-1)."""


@dataclass(frozen=True, eq=False)
class Texture:
    """A picture on a surface.

    Attributes:
        pixels: (H, W, 3 or 4) uint8 sRGB, and alpha.
        uv: (U, 2) float32.
        uv_triangles: (T, 3) rows of `uv` at the corners of the surface's triangles.
        gain: (3,) what the linear colours are multiplied by.
        as_luminance: whether only the picture's luminance counts: the colour is then ``gain`` times it.
    """

    pixels: UInt8[np.ndarray, "H W C"]
    uv: Float[np.ndarray, "U 2"]
    uv_triangles: Int[np.ndarray, "T 3"]
    gain: Float[np.ndarray, "3"]
    as_luminance: bool = False


@dataclass(frozen=True, eq=False)
class Surface:
    """A mesh that is drawn; V vertices, T triangles.

    Attributes:
        vertices: (V, 3) metres.
        triangles: (T, 3) counter-clockwise from outside; both sides are drawn.
        name: class of its pixels, of `CLASSES`.
        material: how it answers to light.
        colour: (V, 3) linear colours by which the texture is multiplied, or which stand alone.
        texture: a picture on it, or None.
        cut: (V,) the surface is only where this is above 0, interpolated; None for everywhere.
        alpha: (V,) opacity that the texture's is multiplied by; None for 1.
        others: names of classes, and (V,) for each: where that is above 0.5 a pixel's class is that one, the last wins.
        normals: (V, 3) unit normals in place of the mesh's own; None for those.
        roughness: slope of the fine relief drawn on it, 0 for none: by how much normals stray.
        gloss: share of light that it mirrors when seen straight on.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    name: str
    material: Literal["skin", "hair", "cloth", "eye", "hard"] = "cloth"
    colour: Float[np.ndarray, "V 3"] | None = None
    texture: Texture | None = None
    cut: Float[np.ndarray, " V"] | None = None
    alpha: Float[np.ndarray, " V"] | None = None
    others: tuple[tuple[str, Float[np.ndarray, " V"]], ...] = ()
    normals: Float[np.ndarray, "V 3"] | None = None
    roughness: float = 0.0
    gloss: float = 0.03

    @property
    def opaque(self) -> bool:
        """Whether nothing can be seen through any part of it."""
        whole = self.texture is None or self.texture.pixels.shape[2] == 3
        return whole and self.cut is None and self.alpha is None

    def trimmed(self) -> Surface:
        """The same without triangles that are cut away as a whole, and without vertices of no triangle."""
        keep = np.ones(len(self.triangles), bool) if self.cut is None else (self.cut[self.triangles] > 0).any(1)
        used, flat = np.unique(self.triangles[keep], return_inverse=True)

        def part(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[used]

        texture = self.texture
        return replace(
            self,
            vertices=self.vertices[used],
            triangles=flat.reshape(-1, 3).astype(np.int64),
            colour=part(self.colour),
            cut=part(self.cut),
            alpha=part(self.alpha),
            others=tuple((name, values[used]) for name, values in self.others),
            normals=part(self.normals),
            texture=None if texture is None else replace(texture, uv_triangles=texture.uv_triangles[keep]),
        )

    def placed(self, vertices: Float[np.ndarray, "V 3"]) -> Surface:
        """The same with its vertices elsewhere; given normals are dropped."""
        return replace(self, vertices=vertices, normals=None)


def sample_texture(texture: Texture, uv: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 4"]:
    """Linear RGB and alpha (N, 4) of a texture at places (N, 2), bilinear, repeating."""
    height, width = texture.pixels.shape[:2]
    x = uv[:, 0] * width - 0.5
    y = (1 - uv[:, 1]) * height - 0.5
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, down = (x - left).astype(np.float32)[:, None], (y - top).astype(np.float32)[:, None]
    out = np.zeros((len(uv), 4), np.float32)
    out[:, 3] = 1
    channels = texture.pixels.shape[2]
    flat = texture.pixels.reshape(-1, channels)
    total = np.zeros((len(uv), channels), np.float32)
    for row, share_y in ((0, 1 - down), (1, down)):
        for column, share_x in ((0, 1 - right), (1, right)):
            at = ((top + row) % height) * width + (left + column) % width
            total += flat[at] * (share_x * share_y)
    out[:, :3] = LINEAR[np.clip(total[:, :3] + 0.5, 0, 255).astype(np.uint8)]
    if channels == 4:
        out[:, 3] = total[:, 3] / 255
    if texture.as_luminance:
        out[:, :3] = (out[:, :3] @ np.array([0.2126, 0.7152, 0.0722], np.float32))[:, None]
    out[:, :3] *= texture.gain.astype(np.float32)
    return out
