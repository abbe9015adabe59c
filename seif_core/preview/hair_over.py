"""Hair laid over the picture of a head: its nearest outside and, through gaps in that, its nearest inside.

A shell is drawn as two sheets, each where it lies before the head; alpha lets through what is behind (Porter and Duff,
Compositing digital images, SIGGRAPH 1984, the operator *over*).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..evidence.colour import decode
from ..geometry.camera import Camera
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import Raster, interpolate, rasterize_view
from ..geometry.sampling import sample
from ..hair_layer import HairMesh
from ..headmodel.model import triangulate
from ..shapes import Float, Float32
from .studio_light import studio_light

_CLAY: Final = (0.25, 0.22, 0.20)
"""Linear colour of hair in shaded pictures; chosen by eye."""


class HairOver(NamedTuple):
    """Hair to be drawn.

    Attributes:
        vertices: (V, 3) of the mesh, camera space, metres.
        mesh: its faces, texture coordinates and texture.
        textured: whether it has its own colours; clay without.
    """

    vertices: Float[np.ndarray, "V 3"]
    mesh: HairMesh
    textured: bool


def lay_hair_over(
    linear: Float32[np.ndarray, "H W 3"], depth: Float32[np.ndarray, "H W"], hair: HairOver, camera: Camera
) -> Float32[np.ndarray, "H W 3"]:
    """A picture with hair before it.

    Args:
        linear: (H, W, 3) linear colours of the head's picture.
        depth: (H, W) metres along -Z of what it shows, inf where nothing is.
        hair: what is laid over it.
        camera: of the picture.
    """
    triangles = torch.from_numpy(triangulate(hair.mesh.faces)[0].astype(np.int64))
    uv_triangles = torch.from_numpy(triangulate(hair.mesh.uv_faces)[0].astype(np.int64))
    points = torch.from_numpy(np.ascontiguousarray(hair.vertices, np.float32))
    normals = vertex_normals(points, triangles)
    drawn = linear.copy()
    for turned in (True, False):  # what is behind comes first
        corners = triangles.flip(1) if turned else triangles
        raster = rasterize_view(points, corners, camera, cull_back=True)
        before = np.flatnonzero((raster.depth.numpy() < depth).ravel())
        if not len(before):
            continue
        seen = -normals if turned else normals
        colour, alpha = _sheet(hair, raster, before, uv_triangles.flip(1) if turned else uv_triangles)
        light = studio_light(_unit(interpolate(raster, corners, seen).numpy().reshape(-1, 3)[before]))
        flat = drawn.reshape(-1, 3)
        flat[before] += alpha[:, None] * (colour * light[:, None] - flat[before])
    return drawn


def _sheet(
    hair: HairOver, raster: Raster, pixels: np.ndarray, uv_corners: torch.Tensor
) -> tuple[Float32[np.ndarray, "P 3"], Float32[np.ndarray, " P"]]:
    """Linear colours and alpha at the chosen pixels."""
    texture = hair.mesh.texture
    height, width = texture.shape[:2]
    uvs = torch.from_numpy(np.ascontiguousarray(hair.mesh.uvs, np.float32))
    uv = interpolate(raster, uv_corners, uvs).numpy().reshape(-1, 2)[pixels]
    x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    told = sample(texture, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1))
    alpha = told[:, 3].astype(np.float32) / 255
    if not hair.textured:
        return np.tile(np.array(_CLAY, np.float32), (len(pixels), 1)), alpha
    return decode(told[:, :3]), alpha


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
