"""Points about a head with their labels: inside or outside, and the semantic code.

The inside of a head is taken as everything between the first and the last surface behind a pixel. So it is closed,
whatever openings the meshes have (hair shells, the neck, eyes, the mouth), and has no cavities; hollows that open
sideways, such as those behind the ears, are filled in.

Convention: the cube of `implicit.view`: x right, y up, z to the viewer, -0.5..0.5. Worked number: front 0.1 and back
-0.2 at a pixel: the point with z = 0 there is inside.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from ...implicit.depth_range import DepthRange
from ...shapes import Float


class ShapePoints(NamedTuple):
    """N points of the cube about one head.

    Attributes:
        points: (N, 3).
        prior: (N, 4) what the fitted head says: semantic code after fading (3) and signed distance in cube units to the
            closed skin, negative inside.
        occupancy: (N,) 1 inside the true head, else 0.
        code: (N, 3) semantic code of the true head after fading.
    """

    points: Float[torch.Tensor, "N 3"]
    prior: Float[torch.Tensor, "N 4"]
    occupancy: Float[torch.Tensor, " N"]
    code: Float[torch.Tensor, "N 3"]


def sample_points(
    true: DepthRange, prior: DepthRange, mask: torch.Tensor, count: int, generator: torch.Generator
) -> Float[torch.Tensor, "N 3"]:
    """Points where a surface is looked for: about the true and the fitted surfaces, near the outline, anywhere between.

    Some lie anywhere in the cube, so that a network learns that there is nothing.

    Args:
        true: of the true head.
        prior: of the fitted head.
        mask: (H, W) bool, the head's mask.
        count: how many points.
        generator: randomness.
    """
    size, device = mask.shape[0], mask.device

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator, device=device)

    shown = torch.isfinite(true.front) & torch.isfinite(true.back)
    region = shown | (mask & torch.isfinite(prior.front))
    near = torch.nn.functional.max_pool2d(region.float()[None, None], 9, 1, 4)[0, 0] > 0
    inner, rim = region.nonzero(), (near & ~shown).nonzero()
    n_rim, n_any = count // 10 if len(rim) else 0, count // 16
    chosen = inner[(rand(count - n_rim - n_any) * len(inner)).long().clamp(max=len(inner) - 1)]
    row, column = chosen.unbind(1)
    front = torch.where(shown, true.front, prior.front)[row, column]
    back = torch.where(shown, true.back, prior.back)[row, column]
    kind, spread = rand(len(chosen)), torch.randn(len(chosen), generator=generator, device=device)
    narrow = torch.where(rand(len(chosen)) < 0.6, 0.01, 0.04)
    z = front + spread * narrow
    z = torch.where(kind < 0.45, back + spread * narrow, z)
    fitted = torch.where(torch.isfinite(prior.front[row, column]), prior.front[row, column], front)
    z = torch.where(kind < 0.22, fitted + spread * 0.03, z)
    z = torch.where(kind < 0.1, back + (front - back) * (rand(len(chosen)) * 1.6 - 0.3), z)
    pixels = chosen
    if n_rim:
        edge = rim[(rand(n_rim) * len(rim)).long().clamp(max=len(rim) - 1)]
        middle, half = (front + back).median() / 2, (front - back).median() / 2
        z = torch.cat([z, middle + (rand(n_rim) * 2 - 1) * half])
        pixels = torch.cat([chosen, edge])
    offset = rand(len(pixels), 2)
    x = (pixels[:, 1] + offset[:, 0]) / size - 0.5
    y = 0.5 - (pixels[:, 0] + offset[:, 1]) / size
    return torch.cat([torch.stack([x, y, z.clamp(-0.5, 0.5)], 1), rand(n_any, 3) - 0.5])
