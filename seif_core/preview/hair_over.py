"""Hair laid over the picture of a head: its nearest outside and, through gaps in that, its nearest inside.

A shell is drawn as two sheets, each where it lies before the head; alpha lets through what is behind (Porter and Duff,
Compositing digital images, SIGGRAPH 1984, the operator *over*). Strands that are lighter than what is around them are
taken to stand out, as the bumps of Blender's material do, and at the outline hair thins out into strands: without
either it looks cast.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
import torch

from ..geometry.camera import Camera
from ..geometry.colour import decode
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import Raster, interpolate, rasterize_view
from ..geometry.sampling import sample, smoothstep
from ..hair_layer import HairMesh
from ..headmodel.model import triangulate
from ..shapes import Float, Float32
from .studio_light import studio_light

_CLAY: Final = (0.25, 0.22, 0.20)
"""Linear colour of hair in shaded pictures; chosen by eye."""
_RELIEF: Final = 0.0007
"""Metres that a strand stands out where it is e times as light as what is around it; chosen by eye, as are the next."""
_STEEPEST: Final = 0.8
"""Slope of that at most."""
_RIM: Final = 0.0025
"""Metres from the picture's outline over which hair thins out."""
_UNEVEN: Final = 0.8
"""How much later light strands do: their logarithm's share."""
_DARKEST: Final = 0.003
"""Linear colour below which differences are none."""


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
    sheets = [(triangles.flip(1), uv_triangles.flip(1), -normals), (triangles, uv_triangles, normals)]
    rasters = [rasterize_view(points, corners, camera, cull_back=True) for corners, _, _ in sheets]
    inward = _from_outline(depth, rasters)
    drawn = linear.copy()
    flat = drawn.reshape(-1, 3)
    for (corners, uv_corners, facing), raster in zip(sheets, rasters, strict=True):  # what is behind comes first
        away = raster.depth.numpy()
        before = np.flatnonzero((away < depth).ravel())
        if not len(before):
            continue
        colour, alpha, strands = _sheet(hair, raster, before, uv_corners)
        room = inward.ravel()[before] * away.ravel()[before] / camera.focal
        alpha = alpha * smoothstep(room * np.exp(_UNEVEN * strands), 0.0, _RIM).astype(np.float32)
        normal = _unit(interpolate(raster, corners, facing).numpy().reshape(-1, 3)[before])
        light = studio_light(_unit(normal + _relief(raster, before, strands, camera)))
        flat[before] += alpha[:, None] * (colour * light[:, None] - flat[before])
    return drawn


def _from_outline(depth: Float32[np.ndarray, "H W"], rasters: list[Raster]) -> Float32[np.ndarray, "H W"]:
    """Pixels from the outline of head and hair, within it."""
    covered = np.isfinite(depth)
    for raster in rasters:
        covered = covered | (raster.triangle.numpy() >= 0)
    framed = np.pad(covered.astype(np.uint8), 1, mode="edge")  # the picture's frame is no outline
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def _sheet(
    hair: HairOver, raster: Raster, pixels: np.ndarray, uv_corners: torch.Tensor
) -> tuple[Float32[np.ndarray, "P 3"], Float32[np.ndarray, " P"], Float32[np.ndarray, " P"]]:
    """Linear colours, alpha, and how light the strands are (logarithm, about the median) at the chosen pixels."""
    texture = hair.mesh.texture
    height, width = texture.shape[:2]
    uvs = torch.from_numpy(np.ascontiguousarray(hair.mesh.uvs, np.float32))
    uv = interpolate(raster, uv_corners, uvs).numpy().reshape(-1, 2)[pixels]
    x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    told = sample(texture, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1))
    alpha = told[:, 3].astype(np.float32) / 255
    colour = decode(told[:, :3])
    strands = np.log(colour.mean(1) + _DARKEST)
    strands = np.asarray(strands - np.median(strands), np.float32)
    if not hair.textured:
        colour = np.tile(np.array(_CLAY, np.float32), (len(pixels), 1))
    return colour, alpha, strands


def _relief(raster: Raster, pixels: np.ndarray, strands: np.ndarray, camera: Camera) -> Float32[np.ndarray, "P 3"]:
    """What the strands' relief adds to normals at the chosen pixels, camera space."""
    height = np.full(raster.depth.shape, np.nan, np.float32)
    height.reshape(-1)[pixels] = _RELIEF * strands
    depth = raster.depth.numpy().reshape(-1)[pixels]
    across, down = (np.gradient(height, axis=axis).reshape(-1)[pixels] for axis in (1, 0))  # none beside the sheet
    slope = np.nan_to_num(np.stack([-across, down], axis=1)) * (camera.focal / depth)[:, None]
    return np.pad(np.clip(slope, -_STEEPEST, _STEEPEST), ((0, 0), (0, 1))).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
