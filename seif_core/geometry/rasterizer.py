"""A small z-buffer rasterizer in torch, for CPU and GPU: which triangle covers each pixel, and where.

Triangles are small at the sizes used here, so each is expanded to the pixels of its bounding box, all at once, in
chunks; the nearest wins by one `scatter_reduce`. Exact and deterministic. Pixel centres lie at +0.5.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from ..shapes import Float, Float32, Int
from .camera import Camera

_CHUNK = 1 << 18  # pixels at a time: stays in the processor's cache, and within some tens of megabytes


class Raster(NamedTuple):
    """What covers each pixel.

    Attributes:
        triangle: (H, W) int64, index of the nearest triangle, -1 where there is none.
        barycentric: (H, W, 3) float32, weights of its corners (perspective-correct if depth was given), 0 elsewhere.
        depth: (H, W) float32, interpolated depth (metres along -Z), inf where there is none.
    """

    triangle: Int[torch.Tensor, "H W"]
    barycentric: Float32[torch.Tensor, "H W 3"]
    depth: Float32[torch.Tensor, "H W"]


def rasterize(
    xy: Float[torch.Tensor, "V 2"],
    depth: Float[torch.Tensor, " V"],
    triangles: Int[torch.Tensor, "T 3"],
    height: int,
    width: int,
    *,
    cull_back: bool = False,
) -> Raster:
    """Rasterize triangles given in pixel coordinates.

    Args:
        xy: (V, 2) pixels, x right, y down.
        depth: (V,) positive distances along the view axis; use ones for a flat (UV) raster.
        triangles: (T, 3) vertex indices, counter-clockwise as seen from outside with Y up.
        height: image height in pixels.
        width: image width in pixels.
        cull_back: drop triangles that face away from the viewer.
    """
    device = xy.device
    xy, depth = xy.detach().double(), depth.detach().double()
    corners = xy[triangles]  # T 3 2
    z = depth[triangles]
    area = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    keep = area < 0 if cull_back else area != 0  # y points down: counter-clockwise has negative area
    keep &= (z > 1e-6).all(1) & torch.isfinite(corners).all(-1).all(-1)
    lo = (corners.amin(1) - 0.5).ceil().clamp(min=0).long()
    hi = (corners.amax(1) - 0.5).floor().long()
    hi = torch.minimum(hi, torch.tensor([width - 1, height - 1], device=device))
    size = (hi - lo + 1).clamp(min=0)
    count = torch.where(keep, size[:, 0] * size[:, 1], torch.zeros_like(size[:, 0]))
    best = torch.full((height * width,), torch.iinfo(torch.int64).max, dtype=torch.int64, device=device)
    ids = torch.nonzero(count).squeeze(1)
    for part in _chunks(ids, count[ids]):
        n = count[part]
        owner = torch.repeat_interleave(part, n)
        local = torch.arange(len(owner), device=device) - torch.repeat_interleave(n.cumsum(0) - n, n)
        px = lo[owner, 0] + local % size[owner, 0]
        py = lo[owner, 1] + local // size[owner, 0]
        weights = _weights(corners[owner], area[owner], torch.stack([px, py], 1).double() + 0.5)
        inside = (weights >= -1e-9).all(1)
        owner, px, py, weights = owner[inside], px[inside], py[inside], weights[inside]
        inverse = (weights / z[owner]).sum(1)  # perspective: 1/z is linear on the screen
        # non-negative float32 bits sort like the floats: depth in the high word, triangle in the low word
        key = ((1.0 / inverse).float().view(torch.int32).long() << 32) | owner
        best.scatter_reduce_(0, py * width + px, key, "amin")
    hit = best != torch.iinfo(torch.int64).max
    triangle = torch.where(hit, best & 0xFFFFFFFF, torch.full_like(best, -1))
    barycentric = torch.zeros((height * width, 3), dtype=torch.float32, device=device)
    out_depth = torch.full((height * width,), torch.inf, dtype=torch.float32, device=device)
    pixels = torch.nonzero(hit).squeeze(1)
    owner = triangle[pixels]
    centre = torch.stack([pixels % width, pixels // width], 1).double() + 0.5
    w = _weights(corners[owner], area[owner], centre) / z[owner]
    total = w.sum(1, keepdim=True)
    barycentric[pixels] = (w / total).float()
    out_depth[pixels] = (1.0 / total[:, 0]).float()
    return Raster(triangle.view(height, width), barycentric.view(height, width, 3), out_depth.view(height, width))


def project(camera: Camera, points: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, "*N 2"]:
    """`Camera.project` in torch, differentiable: camera-space points in metres to pixels."""
    depth = -points[..., 2]
    return torch.stack(
        [camera.cx + camera.focal * points[..., 0] / depth, camera.cy - camera.focal * points[..., 1] / depth], dim=-1
    )


def rasterize_view(
    vertices: Float[torch.Tensor, "V 3"],
    triangles: Int[torch.Tensor, "T 3"],
    camera: Camera,
    *,
    cull_back: bool = False,
) -> Raster:
    """Rasterize camera-space vertices (metres) as the camera sees them."""
    return rasterize(
        project(camera, vertices), -vertices[:, 2], triangles, camera.height, camera.width, cull_back=cull_back
    )


def interpolate(
    raster: Raster, triangles: Int[torch.Tensor, "T 3"], values: Float[torch.Tensor, "V C"]
) -> Float[torch.Tensor, "H W C"]:
    """Per-vertex values at each pixel, 0 where nothing is; differentiable in `values`."""
    height, width = raster.triangle.shape
    pixels = torch.nonzero(raster.triangle.reshape(-1) >= 0).squeeze(1)
    corners = triangles[raster.triangle.reshape(-1)[pixels]]
    weights = raster.barycentric.reshape(-1, 3)[pixels].to(values.dtype)
    out = values.new_zeros((height * width, values.shape[1]))
    out = out.index_put((pixels,), torch.einsum("pk,pkc->pc", weights, values[corners]))
    return out.view(height, width, -1)


def _cross(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _weights(corners: torch.Tensor, area: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    first = _cross(corners[:, 1] - points, corners[:, 2] - points) / area
    second = _cross(corners[:, 2] - points, corners[:, 0] - points) / area
    return torch.stack([first, second, 1 - first - second], 1)


def _chunks(ids: torch.Tensor, counts: torch.Tensor) -> list[torch.Tensor]:
    if len(ids) == 0:
        return []
    group = (counts.cumsum(0) - counts) // _CHUNK
    return [ids[group == g] for g in torch.unique(group)]
