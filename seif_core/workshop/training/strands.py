"""Hair as single strands: thin tapered tubes that start on a shell of hair, follow its flow and stray from it.

A shell alone is too tidy: in photographs wisps catch the light, cross partings, fall over the forehead and stand about
the outline. What a portrait of some hundred pixels tells apart are flat wisps of some millimetres; so broad are these.

Convention: model space, metres; the shell is a grid of rows from crown to tips and of columns around the head. Worked
number: a strand that starts at half the height of a shell of 60 rows and is 0.25 long ends near row 44.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...shapes import Float, Int

_NODES: Final = 9
_SIDES: Final = 4
_FALL: Final = 0.6
"""Share of gravity in the direction of what hangs beyond the shell's lower edge."""
_BEYOND: Final = 0.12
"""Share of the way from crown to tips that strands hang beyond the shell."""
_FLAT: Final = 0.4
"""Thickness of a wisp in its breadths."""


@dataclass(frozen=True)
class StrandStyle:
    """The loose strands of one head of hair.

    Attributes:
        count: how many.
        width: metres, of the broadest.
        stray: metres, how far the tips lie from the shell in the mean.
        length: share of the way from crown to tips, of the longest.
        curl: radians around the head by which strands meander.
    """

    count: int
    width: float
    stray: float
    length: float
    curl: float


class Strands(NamedTuple):
    """A mesh of strands.

    Attributes:
        vertices: (V, 3) metres.
        triangles: (F, 3) counter-clockwise from outside.
        streak: (V, 1) in -1..1, how light each strand is.
    """

    vertices: Float[torch.Tensor, "V 3"]
    triangles: Int[torch.Tensor, "F 3"]
    streak: Float[torch.Tensor, "V 1"]


def random_strands(generator: torch.Generator, curl: float) -> StrandStyle:
    """From none, on a quarter of the heads, to some hundred.

    Args:
        generator: randomness.
        curl: of the hair, radians.
    """
    a, b, c, d = torch.rand(4, generator=generator, device=generator.device).tolist()
    return StrandStyle(
        count=int(600 * max(0.0, (a - 0.25) / 0.75) ** 1.5),
        width=0.0015 + 0.0025 * b,
        stray=0.0005 + 0.006 * c**2,
        length=0.2 + 0.5 * d,
        curl=curl,
    )


def loose_strands(grid: Float[torch.Tensor, "R C 3"], style: StrandStyle, generator: torch.Generator) -> Strands:
    """Strands on a shell of hair.

    Args:
        grid: (R, C, 3) the shell's vertices, metres; columns go around and close.
        style: what to make.
        generator: randomness of places, lengths, widths.
    """
    device, count = grid.device, style.count

    def draw(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand((count, 1), generator=generator, device=device)

    rows, columns = grid.shape[:2]
    along = torch.linspace(0, 1, _NODES, device=device)[None]
    row = (draw(0.02, 0.95) + draw(0.3, 1) * style.length * along) * (rows - 1)
    sway = style.curl * columns / (2 * math.pi) * along * (draw(0, 2 * math.pi) + draw(2, 7) * along).sin()
    column = draw(0, columns) + sway + draw(-2, 2) * along**2
    over = (row - (rows - 1)).clamp(0, _BEYOND * rows)
    on_shell = _read(grid, row, column)
    step = (grid[-1] - grid[-2])[None].expand(rows, -1, -1)
    fall = step.norm(dim=-1, keepdim=True) * grid.new_tensor([0, -1, 0])
    hang = _read(step + _FALL * (fall - step), row, column) * over[..., None]
    outward = F.normalize(_read(_normals(grid), row, column), dim=-1)
    stray = style.stray * -draw(0.02, 1).log() * along**1.5
    width = style.width * draw(0.4, 1) * (1 - along).clamp(min=0).sqrt().clamp(min=0.6)
    middle = on_shell + hang + outward * (stray + 0.5 * _FLAT * width)[..., None]
    vertices = _tubes(middle, outward, width)
    streak = draw(-1, 1)[:, :, None].expand(-1, _NODES * _SIDES, 1)
    return Strands(vertices, _triangles(count, device), streak.reshape(-1, 1))


def _read(grid: torch.Tensor, row: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
    """Values (N, K, 3) of a grid (R, C, 3) between its nodes; rows end, columns go around."""
    rows, columns = grid.shape[:2]
    wrapped = F.pad(grid.permute(2, 0, 1)[None], (0, 1, 0, 0), mode="circular")
    where = torch.stack([column % columns / columns * 2 - 1, row.clamp(0, rows - 1) / (rows - 1) * 2 - 1], -1)
    return F.grid_sample(wrapped, where[None], align_corners=True)[0].permute(1, 2, 0)


def _normals(grid: torch.Tensor) -> torch.Tensor:
    """Outward unit normals (R, C, 3)."""
    down = _differences(grid)
    around = grid.roll(-1, 1) - grid.roll(1, 1)
    return F.normalize(torch.cross(down, around, dim=-1), dim=-1)


def _differences(values: torch.Tensor) -> torch.Tensor:
    """Central differences along the first axis, one-sided at the ends."""
    return torch.cat([values[1:2] - values[:1], values[2:] - values[:-2], values[-1:] - values[-2:-1]])


def _tubes(middle: torch.Tensor, outward: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    """Vertices (N K sides, 3) of tubes about lines (N, K, 3)."""
    ahead = _differences(middle.transpose(0, 1)).transpose(0, 1)
    ahead = F.normalize(ahead, dim=-1)
    side = F.normalize(torch.cross(ahead, outward, dim=-1), dim=-1)
    up = torch.cross(side, ahead, dim=-1)
    angle = torch.arange(_SIDES, device=middle.device) * (2 * math.pi / _SIDES) + math.pi / 2
    ring = side[:, :, None] * angle.cos()[:, None] + _FLAT * up[:, :, None] * angle.sin()[:, None]
    return (middle[:, :, None] + 0.5 * width[..., None, None] * ring).reshape(-1, 3)


def _triangles(count: int, device: torch.device) -> torch.Tensor:
    strand = torch.arange(count, device=device)[:, None, None] * _NODES
    node = (strand + torch.arange(_NODES - 1, device=device)[None, :, None]) * _SIDES
    side = torch.arange(_SIDES, device=device)[None, None]
    right = (side + 1) % _SIDES
    a, b, c, d = node + side, node + right, node + _SIDES + side, node + _SIDES + right
    return torch.cat([torch.stack([a, c, d], -1).view(-1, 3), torch.stack([a, d, b], -1).view(-1, 3)])
