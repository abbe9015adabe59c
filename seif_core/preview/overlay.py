"""What is drawn on top of a photo: the mesh's wire, the detector's landmarks and the model's."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import torch

from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.rasterizer import rasterize_view
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..portrait import Portrait
from ..shapes import Float, Float32, UInt8
from .surface import Surface

_WIRE: Final = (90, 235, 255)
"""sRGB of the mesh's edges, as below of the landmarks that the detector found and that the fit has."""
_DETECTED: Final = (60, 255, 90)
_FITTED: Final = (255, 80, 60)
_SHIFT: Final = 4
"""Fractional bits of OpenCV's sub-pixel drawing."""
_DEPTH_SIDE: Final = 512
"""Pixels of the longer side at which it is found out what is hidden."""
_DEPTH_TOLERANCE: Final = 0.002
"""Metres that a vertex may lie behind the nearest surface around it and still be seen."""


def draw_wire(
    picture: UInt8[np.ndarray, "H W 3"], surface: Surface, camera: Camera, opacity: float = 0.35
) -> UInt8[np.ndarray, "H W 3"]:
    """Blend the visible edges of a surface (camera space) over a picture taken by `camera`.

    Returns:
        (H, W, 3) uint8, a new picture.
    """
    ink = picture.copy()
    pixels = camera.project(surface.vertices.astype(np.float64))
    visible = _visible_faces(surface, camera)
    lines = [np.rint(pixels[f[f >= 0]] * (1 << _SHIFT)).astype(np.int32) for f in surface.faces[visible]]
    size = max(1, round(max(picture.shape) / 1600))
    cv2.polylines(ink, lines, isClosed=True, color=_WIRE, thickness=size, lineType=cv2.LINE_AA, shift=_SHIFT)
    return cv2.addWeighted(ink, opacity, picture, 1 - opacity, 0).astype(np.uint8)


def draw_points(
    picture: UInt8[np.ndarray, "H W 3"],
    points: Float[np.ndarray, "N 2"],
    radius: float,
    colour: tuple[int, int, int] = _DETECTED,
) -> UInt8[np.ndarray, "H W 3"]:
    """Draw filled dots, positions and radius in pixels, on a copy of the picture."""
    out = picture.copy()
    for x, y in np.rint((points - 0.5) * (1 << _SHIFT)).astype(int):
        cv2.circle(out, (int(x), int(y)), round(radius * (1 << _SHIFT)), colour, -1, cv2.LINE_AA, _SHIFT)
    return out


def draw_overlay(
    picture: UInt8[np.ndarray, "H W 3"], portrait: Portrait, fit: Fit, surface: Surface, *, camera: Camera, scale: float
) -> UInt8[np.ndarray, "H W 3"]:
    """Wire of the surface, the detected landmarks in green and the model's own in red.

    Args:
        picture: a piece of the photo, as `camera` sees it.
        portrait: gives the detected landmarks.
        fit: gives the model's landmarks.
        surface: what to draw, in camera space.
        camera: the photo's camera, shifted and scaled to `picture`.
        scale: pixels of `picture` per pixel of the photo.
    """
    out = draw_wire(picture, surface, camera)
    origin = np.array([camera.cx - fit.camera.cx * scale, camera.cy - fit.camera.cy * scale])
    radius = face_size(portrait) * scale / 180
    out = draw_points(out, portrait.landmarks[:, :2] * scale + origin, radius, _DETECTED)
    embedding = fit.model.embeddings.get(portrait.landmark_scheme)
    if embedding is not None:
        used = embedding.sigma > 0
        out = draw_points(out, camera.project(embedding.points(fit.posed))[used], radius, _FITTED)
    return out


def face_size(portrait: Portrait) -> float:
    """Larger side of the face's box in pixels, at least 1."""
    x0, y0, x1, y1 = (float(v) for v in portrait.box)
    return max(1.0, x1 - x0, y1 - y0)


def _visible_faces(surface: Surface, camera: Camera) -> np.ndarray:
    """Faces of which at least one corner is in front and not behind another part."""
    vertices = torch.from_numpy(np.ascontiguousarray(surface.vertices, np.float32))
    triangles, origin = triangulate(surface.faces)
    small = camera.scaled(min(1.0, _DEPTH_SIDE / max(camera.width, camera.height)))
    raster = rasterize_view(vertices, torch.from_numpy(triangles).long(), small, cull_back=True)
    near = cv2.dilate(np.where(np.isfinite(raster.depth.numpy()), raster.depth.numpy(), 0), np.ones((3, 3)))
    pixels: Float32[np.ndarray, "V 2"] = small.project(surface.vertices).astype(np.float32)
    column, row = np.rint(pixels - 0.5).astype(int).T
    within = (column >= 0) & (column < small.width) & (row >= 0) & (row < small.height)
    depth = np.where(within, near[np.clip(row, 0, small.height - 1), np.clip(column, 0, small.width - 1)], 0)
    seen = -surface.vertices[:, 2] < depth + _DEPTH_TOLERANCE
    a, b, c = (pixels[triangles[:, k]] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    good = (area < 0) & seen[triangles].any(1) & (surface.face_part[origin] != PART_NAMES.index("lashes"))
    return np.unique(origin[good])
