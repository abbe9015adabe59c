"""The square of the photo that the networks see, and the unit cube behind it.

The square is laid around the fitted head and what the mask shows of its hair, so that heads fill it alike in training
and in use. Behind each of its pixels the cube's z counts along the viewing ray: points that share a pixel share x and
y, whatever the perspective, which is what a pixel-aligned implicit function asks for.

Convention: camera space as in `camera` (metres, x right, y up, the viewer at the origin looking along -z). Cube: x
right, y up, z to the viewer, each -0.5..0.5 over the square and, in z, over the same length in metres at the head's
depth::

    x = (u - left) / side - 0.5     y = 0.5 - (v - top) / side     z = (depth + Z) / scale,  scale = side depth / focal

Worked number: focal 1000 px, side 500 px, depth 0.6 m: scale is 0.3 m, and a point 3 cm nearer than the depth has
z = 0.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..geometry.camera import Camera
from ..headmodel import HeadModel
from ..portrait.crop import Crop
from ..shapes import Bool, Float, Float32

USUAL: Final = 1.6
"""Side of the square in lengths of the head (the longer side of its box in the picture)."""
LARGEST: Final = 2.2
"""The same for the largest hair."""
_BELOW: Final = 0.75
"""How far below the head's middle, in its lengths, the mask is asked for hair: not for shoulders."""
_ROOM: Final = 2.06
"""Sides of the square in the farthest reach to a side: twice, and 3 % air."""


@dataclass(frozen=True)
class HeadView:
    """A square of the photo and its cube.

    Attributes:
        camera: the photo's camera.
        left: left edge of the square, pixels of the photo.
        top: top edge of the square, pixels of the photo.
        side: its side, pixels of the photo.
        depth: distance of the cube's middle along -z, metres.
        roll: how far the square is turned about its middle, radians, positive clockwise as seen in the picture; left
            and top are those of the square before it is turned. The networks work on upright squares (`upright`), which
            lie so in the photo.
    """

    camera: Camera
    left: float
    top: float
    side: float
    depth: float
    roll: float = 0.0

    @property
    def crop(self) -> Crop:
        """The square as a crop of the photo."""
        return Crop(self.left + self.side / 2, self.top + self.side / 2, self.side, self.roll)

    @staticmethod
    def around(
        head: Float[np.ndarray, "N 3"], camera: Camera, outline: Float[np.ndarray, "M 2"] | None = None
    ) -> HeadView:
        """The square around a head.

        Args:
            head: (N, 3) camera space, metres: the head proper (`head_proper`), neck left out.
            camera: the photo's camera.
            outline: (M, 2) pixels that the whole head, hair included, covers.
        """
        pixels = camera.project(head)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        centre, length = (low + high) / 2, float((high - low).max())
        side = USUAL * length
        if outline is not None and len(outline):
            off = outline - centre
            off = off[off[:, 1] < _BELOW * length]
            if len(off):
                reach = max(float(np.abs(off[:, 0]).max()), float(-off[:, 1].min()))
                side = float(np.clip(_ROOM * reach, USUAL * length, LARGEST * length))
        depth = float(-(head[:, 2].min() + head[:, 2].max()) / 2)
        return HeadView(camera, float(centre[0] - side / 2), float(centre[1] - side / 2), side, depth)

    @property
    def scale(self) -> float:
        """Metres per unit of the cube at its middle."""
        return self.side * self.depth / self.camera.focal

    def crop_camera(self, size: int) -> Camera:
        """The camera that sees the square alone, `size` pixels a side; of a square that is not turned."""
        factor = size / self.side
        c = self.camera
        return Camera(c.focal * factor, (c.cx - self.left) * factor, (c.cy - self.top) * factor, size, size)

    def to_cube(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """Camera space, metres, to the cube."""
        pixels = self.camera.project(points)
        square = self.crop.from_photo(pixels.reshape(-1, 2)).reshape(pixels.shape)
        depth = (self.depth + points[..., 2]) / self.scale
        return np.stack([square[..., 0] - 0.5, 0.5 - square[..., 1], depth], axis=-1)

    def to_camera(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """The cube to camera space, metres."""
        c = self.camera
        distance = self.depth - points[..., 2] * self.scale
        square = np.stack([points[..., 0] + 0.5, 0.5 - points[..., 1]], axis=-1)
        u, v = np.moveaxis(self.crop.to_photo(square.reshape(-1, 2)).reshape(square.shape), -1, 0)
        return np.stack([(u - c.cx) / c.focal * distance, (c.cy - v) / c.focal * distance, -distance], axis=-1)


def head_proper(model: HeadModel) -> Bool[np.ndarray, " V"]:
    """(V,) bool: face, scalp and ears, by which the square is laid."""
    regions = model.regions
    return regions["face"] | regions["scalp"] | regions["ears"]


def mask_outline(mask: np.ndarray) -> Float32[np.ndarray, "M 2"]:
    """Pixels (M, 2) at both ends of each row and each column of a mask (H, W)."""
    covered = mask > 127 if mask.dtype == np.uint8 else mask > 0.5
    height, width = covered.shape
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    first, last = covered.argmax(axis=1)[rows], width - covered[:, ::-1].argmax(axis=1)[rows]
    top, bottom = covered.argmax(axis=0)[columns], height - covered[::-1].argmax(axis=0)[columns]
    ends = [(first, rows), (last, rows), (columns, top), (columns, bottom)]
    return np.concatenate([np.stack(e, axis=1) for e in ends]).astype(np.float32)
