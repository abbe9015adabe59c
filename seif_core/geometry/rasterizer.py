"""A small z-buffer rasterizer in torch, for CPU and GPU: which triangle covers each pixel, and where.

Each triangle is cut into the rows of its bounding box and each row into the pixels between the edges, all at once, in
chunks; the nearest wins by one `scatter_reduce`. Exact and deterministic. Pixel centres lie at +0.5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch

from ..shapes import Float, Float32, Int
from .camera import Camera

_TRIANGLES: Final = 1 << 15
"""Triangles, rows of triangles, and pixels at a time: stays in the processor's cache, within some megabytes."""
_ROWS: Final = 1 << 16
_PIXELS: Final = 1 << 15
_NEAREST: Final = 1e-6
"""Depth from which on triangles are drawn, in the unit of the depths."""
_TOLERANCE: Final = 1e-9
"""Barycentric weight by which a pixel's centre may lie outside, so that no gap opens between neighbours."""


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


class Layers(NamedTuple):
    """What covers each pixel, one row for each pixel of each triangle, in no order.

    Attributes:
        pixel: (N,) int64, row * width + column.
        triangle: (N,) int64.
        barycentric: (N, 3) float32, as in `Raster`.
        depth: (N,) float32.
    """

    pixel: Int[torch.Tensor, " N"]
    triangle: Int[torch.Tensor, " N"]
    barycentric: Float32[torch.Tensor, "N 3"]
    depth: Float32[torch.Tensor, " N"]


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
    best = torch.full((height * width,), torch.iinfo(torch.int64).max, dtype=torch.int64, device=device)
    for first in range(0, len(triangles), _TRIANGLES):
        part = triangles[first : first + _TRIANGLES]
        ids, boxes = _boxes(xy, depth, part, height, width, cull_back=cull_back)
        for rows in _chunks(boxes[:, 2]):
            _draw(_planes(xy, depth, part[ids[rows]], boxes[rows]), first + ids[rows], width, best)
    rows, columns = torch.nonzero(best.view(height, width) != torch.iinfo(torch.int64).max).unbind(1)
    pixels = rows * width + columns
    shown = best.index_select(0, pixels) & 0xFFFFFFFF
    triangle = torch.full_like(best, -1).index_copy_(0, pixels, shown)
    barycentric = torch.zeros((height * width, 3), dtype=torch.float32, device=device)
    out_depth = torch.full((height * width,), torch.inf, dtype=torch.float32, device=device)
    drawn = torch.zeros(len(triangles), dtype=torch.bool, device=device)
    drawn[shown] = True
    seen, index = torch.nonzero(drawn).squeeze(1), drawn.cumsum(0) - 1
    corner = xy[triangles[seen, 0]].nan_to_num().floor().long()
    # the corner is near: what is linear from there is told precisely enough by single numbers
    slopes = _planes(xy, depth, triangles[seen], corner).slopes.float()
    places = torch.stack([columns, rows], 1)
    for first in range(0, len(pixels), _PIXELS):
        part = slice(first, first + _PIXELS)
        own = index.index_select(0, shown[part])
        away = places[part] - corner.index_select(0, own)
        across, down, value = slopes.index_select(0, own).unbind(1)  # of each corner's share of 1 / z
        inverse = torch.addcmul(torch.addcmul(value, across, away[:, :1]), down, away[:, 1:])
        nearness = 1.0 / inverse.sum(1, keepdim=True)
        barycentric.index_copy_(0, pixels[part], inverse * nearness)
        out_depth.index_copy_(0, pixels[part], nearness[:, 0])
    return Raster(triangle.view(height, width), barycentric.view(height, width, 3), out_depth.view(height, width))


class _Planes(NamedTuple):
    """N triangles; what is linear on the screen: slopes across and down, and the value at the first pixel's centre.

    Attributes:
        boxes: (N, 2 or more) first column and row of the pixels that each may cover; how many rows, last column.
        edges: (N, 3, 3) slopes and value of each corner's barycentric weight on the screen.
        slopes: (N, 3, 3) the same over the corners' depths: their sum is 1 / z.
    """

    boxes: torch.Tensor
    edges: torch.Tensor
    slopes: torch.Tensor


def _boxes(
    xy: torch.Tensor, depth: torch.Tensor, triangles: torch.Tensor, height: int, width: int, *, cull_back: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which triangles may be seen (N,), and the pixels that they may cover (N, 4), as in `_Planes`."""
    first, second, third = (xy.index_select(0, corner) for corner in triangles.unbind(1))
    area = _cross(second - first, third - first)
    keep = area < 0 if cull_back else area != 0  # y points down: counter-clockwise has negative area
    keep &= torch.isfinite(area) & (depth > _NEAREST)[triangles].all(1)
    low = (torch.minimum(torch.minimum(first, second), third) - 0.5).ceil().clamp(min=0)
    high = (torch.maximum(torch.maximum(first, second), third) - 0.5).floor()
    high = torch.minimum(high, high.new_tensor([width - 1, height - 1]))
    ids = torch.nonzero(keep & (low <= high).all(1)).squeeze(1)
    low, high = low[ids], high[ids]
    return ids, torch.cat([low, high[:, 1:] - low[:, 1:] + 1, high[:, :1]], 1).long()


def _planes(xy: torch.Tensor, depth: torch.Tensor, triangles: torch.Tensor, boxes: torch.Tensor) -> _Planes:
    offset = xy[triangles] - (boxes[:, None, :2] + 0.5)
    ahead, behind = offset[:, [1, 2, 0]], offset[:, [2, 0, 1]]
    values = torch.stack([ahead[..., 1] - behind[..., 1], behind[..., 0] - ahead[..., 0], _cross(ahead, behind)], 1)
    first, second, third = offset.unbind(1)
    edges = values / _cross(second - first, third - first)[:, None, None]
    return _Planes(boxes, edges, edges / depth[triangles][:, None])


def _draw(planes: _Planes, ids: torch.Tensor, width: int, best: torch.Tensor) -> None:
    """Put the nearest of some triangles, which are called `ids` (N,), at each pixel into `best` (H * W,)."""
    owner, place, inverse = _covered(planes, width)
    # non-negative float32 bits sort like the floats: depth in the high word, triangle in the low word
    key = ((1.0 / inverse).float().view(torch.int32).long() << 32) | ids.index_select(0, owner)
    best.scatter_reduce_(0, place, key, "amin")


def _covered(planes: _Planes, width: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What some triangles cover: for each of M pairs the row of `planes`, the pixel's place, and 1 / z there.

    Each triangle is cut into the rows of its box, each row into the pixels between its edges.
    """
    owner, row = _expanded(planes.boxes[:, 2])
    across, down, value = planes.edges.index_select(0, owner).unbind(1)
    value = torch.addcmul(value, down, row[:, None]) + _TOLERANCE
    ends = -value / torch.where(across == 0, 1.0, across)
    first = torch.where(across > 0, ends, torch.where((across == 0) & (value < 0), torch.inf, -torch.inf)).amax(1)
    last = torch.where(across < 0, ends, torch.inf).amin(1)
    left, top, _, right = planes.boxes.index_select(0, owner).unbind(1)
    first = first.clamp(min=0).ceil()
    last = torch.minimum(last.floor(), (right - left).double())
    count = (last - first + 1).clamp(min=0)
    some = torch.nonzero(count).squeeze(1)
    owner, row, first = owner[some], row[some], first[some].long()
    line, step = _expanded(count[some].long())
    slopes = planes.slopes.sum(2).index_select(0, owner)  # of 1 / z
    start = slopes[:, 2] + slopes[:, 1] * row + slopes[:, 0] * first
    inverse = torch.addcmul(start.index_select(0, line), slopes[:, 0].index_select(0, line), step)
    place = (top[some] + row) * width + left[some] + first
    return owner.index_select(0, line), place.index_select(0, line) + step, inverse


def rasterize_layers(
    xy: Float[torch.Tensor, "V 2"],
    depth: Float[torch.Tensor, " V"],
    triangles: Int[torch.Tensor, "T 3"],
    height: int,
    width: int,
) -> Layers:
    """Everything that covers each pixel, not the nearest alone: for what can be seen through.

    Args:
        xy: (V, 2) pixels, x right, y down.
        depth: (V,) positive distances along the view axis.
        triangles: (T, 3) vertex indices; both sides count.
        height: image height in pixels.
        width: image width in pixels.
    """
    xy, depth = xy.detach().double(), depth.detach().double()
    parts: list[tuple[torch.Tensor, ...]] = []
    for first in range(0, len(triangles), _TRIANGLES):
        part = triangles[first : first + _TRIANGLES]
        ids, boxes = _boxes(xy, depth, part, height, width, cull_back=False)
        for rows in _chunks(boxes[:, 2]):
            planes = _planes(xy, depth, part[ids[rows]], boxes[rows])
            owner, place, inverse = _covered(planes, width)
            corner = planes.boxes[owner, :2]
            away = torch.stack([place % width, place // width], 1) - corner
            across, down, value = planes.slopes[owner].unbind(1)
            shares = value + across * away[:, :1] + down * away[:, 1:]
            parts.append((place, first + ids[rows][owner], (shares / inverse[:, None]).float(), (1 / inverse).float()))
    if not parts:
        none = torch.zeros(0, dtype=torch.int64)
        return Layers(none, none, torch.zeros((0, 3)), torch.zeros(0))
    return Layers(*(torch.cat(column) for column in zip(*parts, strict=True)))


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
    triangle, barycentric = raster.triangle.reshape(-1), raster.barycentric.reshape(-1, 3)
    out = values.new_zeros((height * width, values.shape[1]))
    for part in torch.split(torch.nonzero(triangle >= 0).squeeze(1), _PIXELS):  # three corners' values of all are many
        weights, corners = barycentric[part].to(values.dtype), triangles[triangle[part]]
        out = out.index_put_((part,), torch.einsum("pk,pkc->pc", weights, values[corners]))
    return out.view(height, width, -1)


def _cross(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _expanded(counts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Owner and number within it, of as many things as each owner has."""
    owner = torch.repeat_interleave(counts)
    return owner, torch.arange(len(owner), device=counts.device) - (counts.cumsum(0) - counts)[owner]


def _chunks(counts: torch.Tensor) -> list[torch.Tensor]:
    """Indices in parts with about `_ROWS` rows of pixels each."""
    index = torch.arange(len(counts), device=counts.device)
    part = torch.div(counts.cumsum(0) - counts, _ROWS, rounding_mode="floor")
    return list(torch.split(index, torch.bincount(part).tolist())) if len(counts) else []
