"""The part of the photo that shows the head, with what the fitted mesh says about each of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch

from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import rasterize_view
from ..portrait import Portrait
from ..shapes import Bool, Float32, Int, UInt8
from .numeric import smoothstep

_ANALYSIS_SIDE: Final = 512
_HEAD_WIDTH: Final = 0.15
"""Metres: the scale on which the silhouette is kept away from."""

_EYE_CORNERS: Final = 0.09
"""Metres between the eyes' outer corners, the measure of the fit's landmark error."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """The head's piece of the photo at two scales: `pixels` for its colours, the rest (h, w) for judging them.

    Attributes:
        pixels: (H, W, 3) uint8 sRGB.
        camera: the camera of `pixels`.
        small: (h, w, 3) uint8 sRGB, the same piece, smaller.
        small_camera: its camera.
        inside: (h, w) float32 in 0..1, 0 at the edge of the person's mask and outside it.
        nearest: (h, w) float32 metres, depth of the nearest surface around each pixel, inf where there is none.
        triangle: (h, w) int64, the mesh's triangle at each pixel, -1 for none.
        weights: (h, w, 3) float32, its barycentric weights.
        normals: (V, 3) float32, the posed mesh's vertex normals in camera space.
        facing: (V,) float32, cosine between normal and the direction to the camera.
    """

    pixels: UInt8[np.ndarray, "H W 3"]
    camera: Camera
    small: UInt8[np.ndarray, "h w 3"]
    small_camera: Camera
    inside: Float32[np.ndarray, "h w"]
    nearest: Float32[np.ndarray, "h w"]
    triangle: Int[np.ndarray, "h w"]
    weights: Float32[np.ndarray, "h w 3"]
    normals: Float32[np.ndarray, "V 3"]
    facing: Float32[np.ndarray, " V"]

    @property
    def covered(self) -> Bool[np.ndarray, "h w"]:
        """Where the mesh is."""
        return self.triangle >= 0

    def paint(self, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Per-vertex values (V, C) as the small picture shows them: (h, w, C) float32, 0 off the mesh."""
        corners = triangles[np.maximum(self.triangle, 0)]
        return np.einsum("hwk,hwkc->hwc", self.weights, values[corners].astype(np.float32))


def take_photograph(portrait: Portrait, fit: Fit, side: int, device: str = "cpu") -> Photograph | None:
    """Cut the head out of the photo; None when the mesh lies outside the picture.

    Args:
        portrait: the photo.
        fit: the fitted model.
        side: longest side in pixels that the piece may have.
        device: torch device of the rasterizer.
    """
    window = _window(fit, portrait.pixels.shape)
    if window is None:
        return None
    x0, y0, x1, y1 = window
    cut = portrait.pixels[y0:y1, x0:x1]
    camera = Camera(fit.camera.focal, fit.camera.cx - x0, fit.camera.cy - y0, x1 - x0, y1 - y0)
    pixels, camera = _shrink(cut, camera, side)
    small, small_camera = _shrink(pixels, camera, _ANALYSIS_SIDE)
    size = (small_camera.width, small_camera.height)
    mask = cv2.resize(np.ascontiguousarray(portrait.mask[y0:y1, x0:x1]), size, interpolation=cv2.INTER_AREA)
    points = torch.from_numpy(np.ascontiguousarray(fit.posed, np.float32)).to(device)
    triangles = torch.from_numpy(fit.model.triangles).long().to(device)
    raster = rasterize_view(points, triangles, small_camera, cull_back=True)
    normals = vertex_normals(points, triangles).cpu().numpy()
    to_camera = -fit.posed / np.linalg.norm(fit.posed, axis=1, keepdims=True)
    unit = small_camera.focal * _HEAD_WIDTH / float(-fit.posed[:, 2].mean())
    slack = fit.landmark_error / 100 * _EYE_CORNERS / _HEAD_WIDTH  # how far off the mesh may lie, in head widths
    return Photograph(
        pixels=pixels,
        camera=camera,
        small=small,
        small_camera=small_camera,
        inside=_inside(mask, unit, slack),
        nearest=_nearest(raster.depth.cpu().numpy(), unit),
        triangle=raster.triangle.cpu().numpy(),
        weights=raster.barycentric.cpu().numpy(),
        normals=normals,
        facing=(normals * to_camera).sum(1).astype(np.float32),
    )


def _window(fit: Fit, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    pixels = fit.camera.project(fit.posed.astype(np.float64))
    margin = 0.06 * (pixels.max(0) - pixels.min(0))
    low = np.floor(pixels.min(0) - margin).astype(int).clip(min=0)
    high = np.minimum(np.ceil(pixels.max(0) + margin).astype(int), [shape[1], shape[0]])
    x0, y0, x1, y1 = (int(v) for v in (*low, *high))
    return (x0, y0, x1, y1) if x1 - x0 >= 8 and y1 - y0 >= 8 else None


def _shrink(pixels: np.ndarray, camera: Camera, side: int) -> tuple[np.ndarray, Camera]:
    factor = side / max(camera.width, camera.height)
    if factor >= 1:
        return np.ascontiguousarray(pixels), camera
    smaller = camera.scaled(factor)
    return cv2.resize(pixels, (smaller.width, smaller.height), interpolation=cv2.INTER_AREA).astype(np.uint8), smaller


def _inside(mask: np.ndarray, unit: float, slack: float) -> Float32[np.ndarray, "h w"]:
    """0 within 1 % of the head's width of the mask's edge, 1 from 4 % on; the picture's own edge is no edge.

    A mesh that lies `slack` head widths off keeps that much farther away, lest it takes the background for skin.
    """
    distance = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5) / unit
    return smoothstep(distance, 0.010 + slack, 0.040 + 2 * slack).astype(np.float32)


def _nearest(depth: np.ndarray, unit: float) -> Float32[np.ndarray, "h w"]:
    size = 2 * max(1, round(0.012 * unit)) + 1
    return cv2.erode(depth.astype(np.float32), np.ones((size, size), np.uint8)).astype(np.float32)
