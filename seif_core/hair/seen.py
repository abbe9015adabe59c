"""What the photo's parsing says of points in space."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..geometry.camera import Camera
from ..geometry.rasterizer import rasterize_view
from ..geometry.sampling import sample
from ..shapes import Bool, Float, Float32, Int
from .space import HairSpace

_FRAME: Final = 1.0
"""Pixels of the photo's frame that count as off it."""
_SIDE: Final = 320
"""Pixels of the longer side of the picture in which it is told what hides what."""
_BEHIND: Final = 0.006
"""Metres that a point may lie behind the nearest surface and still be seen. Chosen by eye on the sample portraits."""
_ALL_HIDDEN: Final = 1e-3
"""Guard against division by zero where a pixel shows nothing but backdrop and what hides."""


class Shares(NamedTuple):
    """What the pixels of N points show.

    Attributes:
        wanted: (N,) in 0..1, share of hair among all that is no background.
        known: (N,) in 0..1, how much is known of it: nothing on background, behind glasses and hands, off the crop.
        background: (N,) in 0..1; 0 off the crop.
    """

    wanted: Float32[np.ndarray, " N"]
    known: Float32[np.ndarray, " N"]
    background: Float32[np.ndarray, " N"]


def at_pixels(space: HairSpace, values: np.ndarray, pixels: Float[np.ndarray, "N 2"]) -> np.ndarray:
    """Values of a map of the parsing's crop, (S, S) or (S, S, C), at pixels of the photo; 0 off the crop."""
    side = values.shape[0]
    place = (space.parsing.crop.from_photo(pixels) * side - 0.5).astype(np.float32)
    return sample(np.ascontiguousarray(values), place[:, 0], place[:, 1])


def shares_at(space: HairSpace, pixels: Float[np.ndarray, "N 2"]) -> Shares:
    """What the parsing says at pixels (N, 2) of the photo; off its frame nothing is known."""
    parsing, camera = space.parsing, space.camera
    layers = (parsing.share(*space.names), parsing.share("background"), parsing.share("glasses", "front"))
    side = parsing.shares.shape[1]
    maps = np.stack([*layers, np.ones((side, side), np.float32)], axis=2)
    wanted, background, hidden, within = at_pixels(space, maps, pixels).T
    framed = ((pixels > _FRAME) & (pixels < np.array([camera.width, camera.height]) - _FRAME)).all(1)
    within, background = within * framed, background * framed
    rest = np.maximum(1 - background - hidden, _ALL_HIDDEN)
    known = np.clip(within - background - hidden, 0, 1)
    return Shares(np.clip(wanted / rest, 0, 1).astype(np.float32), known, background)


class View(NamedTuple):
    """A mesh in the photo.

    Attributes:
        scale: pixels of the picture for a pixel of the photo.
        origin: (2,) the picture's top left corner, pixels of the photo.
        depth: (h, w) float32 metres along -z, inf where nothing is.
        triangle: (h, w) the triangle seen, -1 for none.
        weights: (h, w, 3) its barycentric weights.
    """

    scale: float
    origin: Float[np.ndarray, "2"]
    depth: Float32[np.ndarray, "h w"]
    triangle: Int[np.ndarray, "h w"]
    weights: Float32[np.ndarray, "h w 3"]

    def pixels(self, points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
        """Pixels of the photo to those of the picture."""
        return (points - self.origin) * self.scale

    def sees(self, points: Float[np.ndarray, "N 2"], depth: Float[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
        """Whether points, pixels of the photo and metres along -z, lie on the surface or before it; not beside it."""
        nearest = self.nearest(points)
        return np.isfinite(nearest) & (depth < nearest + _BEHIND)

    def before(self, points: Float[np.ndarray, "N 2"], depth: Float[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
        """Whether nothing of the surface lies before points."""
        return depth < self.nearest(points)

    def nearest(self, points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, " N"]:
        """Depth of the surface at pixels of the photo, metres along -z; inf beside it."""
        height, width = self.depth.shape
        column, row = np.floor(self.pixels(points)).astype(int).T
        within = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        return np.where(within, self.depth[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)], np.inf)


def look_at(
    space: HairSpace,
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    *,
    side: int = _SIDE,
    around: Float[np.ndarray, "N 3"] | None = None,
) -> View:
    """Draw a mesh of the rest pose as the photo's camera sees it, in a picture that is laid around it.

    Args:
        space: the head's.
        vertices: (V, 3) rest pose.
        triangles: (T, 3).
        side: pixels of the longer side.
        around: (N, 3) points that the picture is laid around; the mesh's own where left out.
    """
    points = space.to_camera(vertices)
    pixels = space.camera.project(points if around is None else space.to_camera(around))
    low, high = pixels.min(0), pixels.max(0)
    scale = float(side / (high - low).max())
    size = np.ceil((high - low) * scale).astype(int) + 1
    camera = space.camera
    own = Camera(
        camera.focal * scale, (camera.cx - low[0]) * scale, (camera.cy - low[1]) * scale, int(size[0]), int(size[1])
    )
    raster = rasterize_view(torch.from_numpy(points), torch.from_numpy(np.ascontiguousarray(triangles)).long(), own)
    return View(scale, low, raster.depth.numpy(), raster.triangle.numpy(), raster.barycentric.numpy())
