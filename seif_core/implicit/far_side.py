"""The head's far side: its normals as a map, and the surface moved along the viewing rays until it follows them.

In the cube the far side is a height field, so following a map is one sparse least-squares problem on its pixels
(Horn, Height and gradient from shading, IJCV 1990), and what is behind a pixel moves as one.

Convention: the cube of `view` (z to the viewer); maps are turned so that they face the viewer: where the outward normal
of the far side is (x, y, -z), the map holds (x, y, z). Worked number: a far side that recedes from the viewer by one
for every one to the right, z = -x, has the gradient (-1, 0), the map (-0.71, 0, 0.71) and the outward normal
(-0.71, 0, -0.71).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..shapes import Float

_FACING: Final = (0.15, 0.4)
"""z of the map from which it begins to count, and counts fully: near the outline slopes are endless."""


@dataclass(frozen=True)
class FarSettings:
    """How far the far side's map is followed.

    Attributes:
        length: cube units; relief much shorter than 2 pi times this is the map's, longer the surface's.
        limit: cube units, nothing moves farther.
        thickness: share of the way to the front that nothing exceeds.
        size: pixels a side of the height field.
    """

    length: float = 0.06
    limit: float = 0.05
    thickness: float = 0.25
    size: int = 128


def far_normals(back: Float[torch.Tensor, "H W"]) -> Float[torch.Tensor, "3 H W"]:
    """Normal map of a far side.

    Args:
        back: (H, W) z in the cube of the last surface behind each pixel, not finite where there is nothing.

    Returns:
        (3, H, W) unit length, turned to the viewer, 0 where it or a neighbour is not.
    """
    z = torch.where(torch.isfinite(back), back, torch.nan)
    across = (z[1:-1, 2:] - z[1:-1, :-2]) * (z.shape[1] / 2)
    up = (z[:-2, 1:-1] - z[2:, 1:-1]) * (z.shape[0] / 2)
    normals = F.normalize(torch.stack([across, up, torch.ones_like(across)]), dim=0)
    return F.pad(torch.nan_to_num(normals), (1, 1, 1, 1))
