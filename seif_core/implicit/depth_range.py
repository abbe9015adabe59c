"""First and last surface of a mesh behind each pixel: what counts as the inside of a training head, and its far side.

Convention: the cube of `implicit.view`: z to the viewer, so the first surface has the larger z. Worked number: a ball
of radius 0.1 in the middle has the front 0.1 and the back -0.1 at the middle pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from ..geometry.rasterizer import rasterize
from ..shapes import Bool, Float, Int


class DepthRange(NamedTuple):
    """First and last surface behind each pixel of the square.

    Attributes:
        front: (H, W) z in the cube, -inf where there is nothing.
        back: (H, W) z in the cube, inf where there is nothing.
    """

    front: Float[torch.Tensor, "H W"]
    back: Float[torch.Tensor, "H W"]

    def inside(self, points: Float[torch.Tensor, "N 3"]) -> Bool[torch.Tensor, " N"]:
        """(N,) whether points of the cube lie between the surfaces (of the nearest pixel)."""
        row, column = self.pixels(points)
        return (points[:, 2] < self.front[row, column]) & (points[:, 2] > self.back[row, column])

    def pixels(self, points: Float[torch.Tensor, "N 3"]) -> tuple[Int[torch.Tensor, " N"], Int[torch.Tensor, " N"]]:
        """Row and column of the pixels that points of the cube fall on."""
        size = self.front.shape[0]
        column = ((points[:, 0] + 0.5) * size).long().clamp(0, size - 1)
        row = ((0.5 - points[:, 1]) * size).long().clamp(0, size - 1)
        return row, column


def depth_range(
    cube: Float[torch.Tensor, "V 3"],
    triangles: Int[torch.Tensor, "T 3"],
    size: int,
    front: Float[torch.Tensor, "H W"] | None = None,
) -> DepthRange:
    """Both surfaces of a mesh given in the cube.

    Args:
        cube: (V, 3) its vertices.
        triangles: (T, 3).
        size: pixels a side, even.
        front: (H, W) z of the first surface, -inf where there is nothing, if it is known already. The last surface is
            looked for with half as many pixels.
    """
    if front is None:
        front = -last_surface(cube * cube.new_tensor([1, 1, -1]), triangles, size)
    back = last_surface(cube, triangles, size // 2).repeat_interleave(2, 0).repeat_interleave(2, 1)
    shown = torch.isfinite(back) & torch.isfinite(front)
    return DepthRange(front.masked_fill(~shown, -torch.inf), back.masked_fill(~shown, torch.inf))


def last_surface(
    cube: Float[torch.Tensor, "V 3"], triangles: Int[torch.Tensor, "T 3"], size: int
) -> Float[torch.Tensor, "H W"]:
    """(H, W) least z behind each pixel, inf where there is nothing.

    Args:
        cube: (V, 3) vertices in the cube.
        triangles: (T, 3).
        size: pixels a side.
    """
    xy = torch.stack([(cube[:, 0] + 0.5) * size, (0.5 - cube[:, 1]) * size], 1)
    far = 1000.0  # rays are parallel in the cube, so depths are interpolated as they are: far away 1 / z is linear
    return (rasterize(xy, far + cube[:, 2].double(), triangles, size, size).depth.double() - far).float()
