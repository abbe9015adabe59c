"""The posed head's normal map as the photo's camera sees it.

Convention: RGB = (n + 1) / 2 with n in camera space, x right, y up, z towards the viewer. Worked number: a surface
that faces the camera straight on has the colour (0.5, 0.5, 1.0), in bytes (128, 128, 255).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ..raster import interpolate, rasterize_view, vertex_normals
from ..shapes import Bool, Float32, Int, UInt8
from .fit import Fit


class NormalMap(NamedTuple):
    """Normals of the posed mesh at the photo's size.

    Attributes:
        normals: (H, W, 3) float32 unit normals, 0 where no surface is.
        mask: (H, W) bool, where the mesh is.
        face: (H, W) bool, where the nearest surface belongs to the face (no scalp, ear, neck, eyeball or mouth).
        triangle: (H, W) int64 index of the triangle, -1 where none is.
    """

    normals: Float32[np.ndarray, "H W 3"]
    mask: Bool[np.ndarray, "H W"]
    face: Bool[np.ndarray, "H W"]
    triangle: Int[np.ndarray, "H W"]

    def image(self) -> UInt8[np.ndarray, "H W 3"]:
        """(H, W, 3) uint8 RGB, grey (127) where no surface is."""
        out = np.round((self.normals + 1) * 127.5).astype(np.uint8)
        out[~self.mask] = 127
        return out


def render_normals(fit: Fit, *, device: str = "cpu") -> NormalMap:
    """Normal map of `fit.posed` seen through `fit.camera`, at the portrait's size.

    Args:
        fit: a fitted head.
        device: torch device that draws.
    """
    triangles = torch.as_tensor(fit.model.triangles.astype(np.int64), device=device)
    vertices = torch.as_tensor(fit.posed, device=device)
    raster = rasterize_view(vertices, triangles, fit.camera, cull_back=True)
    normals = interpolate(raster, triangles, vertex_normals(vertices, triangles))
    normals = torch.nn.functional.normalize(normals, dim=2, eps=1e-12)
    index = raster.triangle.cpu().numpy()
    face = face_triangles(fit)[index] & (index >= 0)
    return NormalMap(normals.cpu().numpy().astype(np.float32), index >= 0, face, index)


def face_triangles(fit: Fit) -> Bool[np.ndarray, " T"]:
    """Triangles (T,) of the skin of the face, as in `HeadModel.triangles`."""
    regions = fit.model.regions
    inside = regions["face"].copy()
    for name in ("eyeballs", "mouth_interior", "scalp", "ears", "neck"):
        if name in regions:
            inside &= ~regions[name]
    return inside[fit.model.triangles].all(1)
