"""What a posed mesh shows in a picture: which triangle is at each pixel, how deep, and which way vertices face."""

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
from ..shapes import Bool, Float32, Int
from .photograph import head_width_pixels

_AROUND: Final = 0.012
"""Head widths around a pixel within which the nearest surface hides what lies behind: an edge is as wide as that.
Chosen by eye on the sample portraits."""


@dataclass(frozen=True, eq=False)
class MeshView:
    """A mesh of V vertices in a picture of h by w pixels.

    Attributes:
        triangle: (h, w) the mesh's triangle at each pixel, -1 for none.
        weights: (h, w, 3) float32, its barycentric weights.
        nearest: (h, w) float32 metres, depth of the nearest surface around each pixel, inf where there is none.
        normals: (V, 3) float32, vertex normals in camera space.
        facing: (V,) float32, cosine between normal and the direction to the camera.
    """

    triangle: Int[np.ndarray, "h w"]
    weights: Float32[np.ndarray, "h w 3"]
    nearest: Float32[np.ndarray, "h w"]
    normals: Float32[np.ndarray, "V 3"]
    facing: Float32[np.ndarray, " V"]

    @property
    def covered(self) -> Bool[np.ndarray, "h w"]:
        """Where the mesh is."""
        return self.triangle >= 0

    def paint(self, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Per-vertex values (V, C) as the picture shows them: (h, w, C) float32, 0 off the mesh."""
        corners = triangles[np.maximum(self.triangle, 0)]
        return np.einsum("hwk,hwkc->hwc", self.weights, values[corners].astype(np.float32))


def view_mesh(fit: Fit, camera: Camera, device: str = "cpu") -> MeshView:
    """Look at a fitted mesh.

    Args:
        fit: the posed mesh.
        camera: of the picture.
        device: torch device of the rasterizer.
    """
    points = torch.from_numpy(np.ascontiguousarray(fit.posed, np.float32)).to(device)
    triangles = torch.from_numpy(fit.model.triangles).long().to(device)
    raster = rasterize_view(points, triangles, camera, cull_back=True)
    normals = vertex_normals(points, triangles).cpu().numpy()
    to_camera = -fit.posed / np.linalg.norm(fit.posed, axis=1, keepdims=True)
    size = 2 * max(1, round(_AROUND * head_width_pixels(fit, camera))) + 1
    nearest = cv2.erode(raster.depth.cpu().numpy().astype(np.float32), np.ones((size, size), np.uint8))
    return MeshView(
        triangle=raster.triangle.cpu().numpy(),
        weights=raster.barycentric.cpu().numpy(),
        nearest=np.asarray(nearest, np.float32),
        normals=normals,
        facing=(normals * to_camera).sum(1).astype(np.float32),
    )
