"""Light on synthetic heads: an ambient gradient, soft area lights and one key light with a cast shadow."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...geometry.rasterizer import rasterize
from ...shapes import Float, Int


@dataclass(frozen=True, eq=False)
class Lights:
    """Light in camera space (x right, y up, z to the viewer).

    Attributes:
        directions: (L, 3) unit vectors towards the lights; the first is the key light.
        colours: (L, 3) linear RGB.
        wraps: (L,) 0 a point far away, 1 a light as large as the sky's half.
        ambient: (2, 3) linear RGB from above and from below.
        gloss: exponent of the skin's highlight.
        shine: strength of the highlight.
        shadow: strength of the key light's cast shadow in 0..1.
    """

    directions: Float[torch.Tensor, "L 3"]
    colours: Float[torch.Tensor, "L 3"]
    wraps: Float[torch.Tensor, " L"]
    ambient: Float[torch.Tensor, "2 3"]
    gloss: float
    shine: float
    shadow: float


def random_lights(generator: torch.Generator) -> Lights:
    """Portrait light: from soft and frontal to hard and from the side."""

    def rand(*size: int) -> torch.Tensor:
        return torch.rand(size, generator=generator, device=generator.device)

    count = 3
    azimuth = (rand(count) - 0.5) * 3.4
    height = rand(count) * 1.3 - 0.25
    directions = torch.stack([azimuth.sin() * height.cos(), height.sin(), azimuth.cos() * height.cos()], 1)
    tint = 1 + (rand(count, 3) - 0.5) * 0.3
    strength = torch.stack([0.4 + rand(1)[0] * 0.6, rand(1)[0] * 0.5, rand(1)[0] * 0.3])
    soft = rand(1).item()
    ambient = (
        (0.12 + 0.5 * rand(1)) * (1 + (rand(2, 3) - 0.5) * 0.25) * torch.stack([rand(1) * 0 + 1, 0.3 + 0.6 * rand(1)])
    )
    return Lights(
        directions,
        tint * strength[:, None],
        rand(count) * 0.5 + 0.3 * soft,
        ambient,
        gloss=10 + 50 * rand(1).item(),
        shine=0.25 * rand(1).item(),
        shadow=(1 - soft) if rand(1).item() < 0.8 else 0.0,
    )


def shade(
    albedo: Float[torch.Tensor, "N 3"],
    normals: Float[torch.Tensor, "N 3"],
    lights: Lights,
    *,
    lit: Float[torch.Tensor, " N"],
    shine: Float[torch.Tensor, " N"],
    sky: Float[torch.Tensor, " N"] | None = None,
) -> Float[torch.Tensor, "N 3"]:
    """Linear RGB of points with an albedo and unit normal.

    Args:
        albedo: (N, 3) linear RGB.
        normals: (N, 3) unit.
        lights: the light.
        lit: (N,) visibility of the key light.
        shine: (N,) gloss.
        sky: (N,) how open each point lies to the ambient light, 1 if left out.
    """
    up = (normals[:, 1:2] + 1) / 2
    light = lights.ambient[0] * up + lights.ambient[1] * (1 - up)
    if sky is not None:
        light = light * sky[:, None]
    cosine = normals @ lights.directions.T
    lambert = ((cosine + lights.wraps) / (1 + lights.wraps)).clamp(min=0) ** 1.3
    visible = torch.ones_like(lambert)
    visible[:, 0] = lit
    if sky is not None:  # lights as large as the sky are shaded like it
        visible = visible * (1 - lights.wraps.clamp(max=1) * (1 - sky[:, None]))
    light = light + (lambert * visible) @ lights.colours
    half = F.normalize(lights.directions + torch.tensor([0.0, 0, 1], device=normals.device), dim=1)
    highlight = ((normals @ half.T).clamp(min=0) ** lights.gloss * visible) @ lights.colours
    return albedo * light + lights.shine * shine[:, None] * highlight


def key_visibility(
    vertices: Float[torch.Tensor, "V 3"],
    triangles: Int[torch.Tensor, "T 3"],
    points: Float[torch.Tensor, "N 3"],
    lights: Lights,
    size: int = 160,
) -> Float[torch.Tensor, " N"]:
    """How much of the key light reaches each point: a filtered shadow map, 1 lit, 0 in full shadow."""
    forward = lights.directions[0]
    side = F.normalize(torch.linalg.cross(torch.tensor([0.0, 1, 0.1], device=points.device), forward), dim=0)
    frame = torch.stack([side, torch.linalg.cross(forward, side), forward])
    seen = vertices @ frame.T
    low, high = seen.amin(0), seen.amax(0)
    scale = size / (high - low)[:2].amax()
    xy = (seen[:, :2] - low[:2]) * scale
    raster = rasterize(xy, high[2] - seen[:, 2] + 1.0, triangles, size, size)
    here = points @ frame.T
    depth = high[2] - here[:, 2] + 1.0
    grid = ((here[:, :2] - low[:2]) * scale / size * 2 - 1)[None, None]
    blocked = torch.zeros(len(points), device=points.device)
    nearest = torch.where(torch.isfinite(raster.depth), raster.depth, raster.depth.new_tensor(1e3))[None, None]
    for dx in (-1.5, 0.0, 1.5):
        for dy in (-1.5, 0.0, 1.5):
            shift = torch.tensor([dx, dy], device=points.device) * 2 / size
            value = F.grid_sample(nearest, grid + shift, mode="nearest", align_corners=False)[0, 0, 0]
            blocked += (value < depth - 0.006).float() / 9
    return 1 - lights.shadow * blocked


def occlusion(depth: Float[torch.Tensor, "H W"], strength: float) -> Float[torch.Tensor, "H W"]:
    """How open pixels lie to the sky, 1 open, 0 buried: how far their surroundings stand before them, at two scales.

    Source of the idea: Luft, Colditz and Deussen, Image enhancement by unsharp masking the depth buffer, SIGGRAPH 2006.

    Args:
        depth: (H, W) metres, inf where there is nothing.
        strength: 0 none, 1 full.
    """
    size = depth.shape[0]
    covered = torch.isfinite(depth)
    values = torch.where(covered, depth, torch.zeros_like(depth))[None, None]
    total = torch.zeros_like(depth)
    for share, reach in ((0.03, 0.008), (0.09, 0.025)):
        radius = max(1, round(size * share))
        both = torch.cat([values, covered.float()[None, None]])
        for kernel, padding in (((2 * radius + 1, 1), (radius, 0)), ((1, 2 * radius + 1), (0, radius))):
            both = F.avg_pool2d(both, kernel, 1, padding)
        mean = both[0, 0] / both[1, 0].clamp(min=1e-6)
        total = total + (torch.where(covered, depth - mean, torch.zeros_like(depth)) / reach).clamp(0, 1)
    return 1 - strength * 0.5 * total
