"""Hair as displaced shells: a cap that follows the skull and, for long hair, a curtain that hangs from it.

Single strands on it are drawn by `strands`.

Directions are given in polar coordinates about the head's centre: theta from the crown, phi around the vertical, 0 at
the face. The shell's lower end is a function of phi, so that one grid makes crew cuts, bobs, long hair, partings,
fringes and receding hairlines; strands are ridges of displacement that follow the flow from the crown.

Convention: model space (metres, Y up, face +Z). Worked number: theta = 90 degrees, phi = 90 degrees is the direction
+X, the subject's left ear.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ...shapes import Float, Int
from .noise import NoiseField
from .strands import StrandStyle, random_strands


@dataclass(frozen=True)
class HairStyle:
    """Parameters of one head of hair; lengths in metres, angles in radians.

    Attributes:
        thickness: distance of the cap from the scalp.
        front: theta at which hair ends above the forehead.
        side: theta at which short hair ends at the temples and ears.
        back: theta at which short hair ends at the nape.
        length: how far the curtain hangs below the widest point; 0 for short hair.
        opening: half of the angle around the face that the curtain leaves open.
        parting: phi of the parting.
        flare: outward (positive) or inward lean of the curtain per metre.
        clump: amplitude of locks.
        strand: amplitude of strands.
        strand_count: strands around the head.
        curl: amplitude of the strands' meander, in radians of phi; large values make curls.
        brim: how far the lower edge stands out, metres: hats.
        hat: whether it is a hat, of cloth, and no hair.
        loose: strands that stray from the shell; None for none.
    """

    thickness: float
    front: float
    side: float
    back: float
    length: float
    opening: float
    parting: float
    flare: float
    clump: float
    strand: float
    strand_count: int
    curl: float
    brim: float = 0.0
    hat: bool = False
    loose: StrandStyle | None = None


def random_style(generator: torch.Generator) -> HairStyle:
    """A style from crew cut to long and from straight to afro."""

    def draw(low: float, high: float) -> float:
        return low + (high - low) * torch.rand((), generator=generator, device=generator.device).item()

    if draw(0, 1) < 0.06:
        return _random_hat(draw)
    long = draw(0, 1) < 0.45
    afro = draw(0, 1) < 0.12
    curly = afro or draw(0, 1) < 0.25
    count = int(draw(36, 90))
    slope = draw(0.15, 1.0)
    curl = draw(0.05, 0.25) if curly else draw(0.0, 0.05)
    return HairStyle(
        thickness=draw(0.03, 0.07) if afro else draw(0.004, 0.03) if not long else draw(0.01, 0.03),
        front=math.radians(draw(32, 66)),
        side=math.radians(draw(72, 105)),
        back=math.radians(draw(105, 130)),
        length=draw(0.05, 0.3) if long else 0.0,
        opening=math.radians(draw(40, 85)),
        parting=math.radians(draw(-40, 40)),
        flare=draw(-0.25, 0.12),
        clump=draw(0.001, 0.007),
        strand=slope * 0.09 / count,
        strand_count=count,
        curl=curl,
        loose=random_strands(generator, curl),
    )


def _random_hat(draw: Callable[[float, float], float]) -> HairStyle:
    around = draw(58, 74)
    return HairStyle(
        thickness=draw(0.008, 0.03),
        front=math.radians(draw(42, 62)),
        side=math.radians(around),
        back=math.radians(around + draw(5, 30)),
        length=0.0,
        opening=1.0,
        parting=0.0,
        flare=0.0,
        clump=draw(0.0, 0.002),
        strand=0.0,
        strand_count=8,
        curl=0.0,
        brim=draw(0.02, 0.07) if draw(0, 1) < 0.5 else 0.0,
        hat=True,
    )


class HairShell(NamedTuple):
    """A head of hair.

    Attributes:
        vertices: (V, 3) metres.
        triangles: (F, 3).
        streak: (V, 1) about -1..1, how light the hair is on its strands and locks.
        grid: (R, C, 3) the vertices in rows from crown to tips and columns around the head.
    """

    vertices: Float[torch.Tensor, "V 3"]
    triangles: Int[torch.Tensor, "F 3"]
    streak: Float[torch.Tensor, "V 1"]
    grid: Float[torch.Tensor, "R C 3"]


def skull_radius(
    vertices: Float[torch.Tensor, "V 3"], centre: Float[torch.Tensor, "3"], thetas: int = 32, phis: int = 64
) -> Float[torch.Tensor, "T P"]:
    """Radius of the head (T, P) in metres per direction: the farthest vertex within six degrees, smoothed."""
    offset = vertices - centre
    radius = offset.norm(dim=1)
    theta = torch.linspace(0, math.pi, thetas, device=vertices.device)
    phi = torch.arange(phis, device=vertices.device) * (2 * math.pi / phis)
    directions = _directions(theta[:, None], phi[None])
    close = (directions.reshape(-1, 3) @ (offset / radius[:, None]).T) > math.cos(math.radians(6))
    value = torch.where(close, radius[None], torch.zeros_like(radius)[None]).amax(1).view(thetas, phis)
    mean = value[value > 0].mean()
    value = torch.where(value > 0, value, mean)
    kernel = torch.ones(1, 1, 3, 3, device=vertices.device) / 9
    padded = torch.nn.functional.pad(value[None, None], (1, 1, 0, 0), mode="circular")
    padded = torch.nn.functional.pad(padded, (0, 0, 1, 1), mode="replicate")
    return torch.nn.functional.conv2d(padded, kernel)[0, 0]


def hair_shell(
    skull: Float[torch.Tensor, "T P"],
    centre: Float[torch.Tensor, "3"],
    style: HairStyle,
    generator: torch.Generator,
    *,
    rows: int = 60,
    columns: int = 240,
) -> HairShell:
    """One head of hair.

    Args:
        skull: `skull_radius` of the head.
        centre: the polar coordinates' centre, metres.
        style: what to make.
        generator: randomness of the outline, locks and strands.
        rows: steps from crown to tips.
        columns: steps around the head.
    """
    device = skull.device
    phi = (torch.arange(columns, device=device) * (2 * math.pi / columns))[None].expand(rows, columns)
    s = torch.linspace(0, 1, rows, device=device)[:, None].expand(rows, columns)
    outline = NoiseField(0.8, 2, generator)
    end, hang = _outline(phi[0], style, outline)
    widest = torch.full_like(end, math.radians(88))
    arc = torch.where(hang > 0, widest, end)
    cap_length = arc * skull.mean()
    total = cap_length + hang
    along = s * total
    theta = (along / cap_length).clamp(max=1) * arc
    drop = (along - cap_length).clamp(min=0)
    base = _lookup(skull, theta, phi)
    wave = NoiseField(0.5, 3, generator)
    sunk = torch.stack([drop * 0, -drop * 8, drop * 0], -1)
    flow = _directions(theta, phi) + sunk  # smooth across the crown
    meander = style.curl * wave(torch.stack([phi.cos() * 2, phi.sin() * 2, along * 40], -1))
    strand = torch.sin((phi + meander) * style.strand_count + 6 * wave(flow * 1.5)) * theta.sin()
    lock = wave(flow * torch.tensor([2.5, 0.9, 2.5], device=device))
    taper = ((1 - s) * 6).clamp(max=1).sqrt() if style.length == 0 else (s * 0 + 1)
    parting = 1 - 0.6 * torch.exp(-((_angle(phi - style.parting) / 0.25) ** 2)) * (s < 0.5)
    lift = style.thickness * (0.9 + 0.4 * wave(flow * 0.6)) * parting
    lift = (lift.clamp(min=0.001) + style.clump * lock + style.strand * strand) * taper + 0.001
    points = centre + _directions(theta, phi) * (base + lift)[..., None]
    outward = _directions(torch.full_like(phi, math.pi / 2), phi)
    down = torch.zeros_like(points)
    down[..., 1] = -drop
    points = (
        points + down + outward * (style.flare * drop + 0.01 * lock * (drop > 0) * (drop * 8).clamp(max=1))[..., None]
    )
    if style.brim:
        out = ((s - 0.85) / 0.15).clamp(0, 1) * (0.4 + 0.6 * (phi.cos() * 0.5 + 0.5))
        points = points + outward * (style.brim * out)[..., None]
    streak = torch.zeros_like(strand) if style.hat else 0.7 * strand + 0.5 * lock
    return HairShell(points.reshape(-1, 3), _grid_triangles(rows, columns, device), streak.reshape(-1, 1), points)


def _outline(
    phi: Float[torch.Tensor, " P"], style: HairStyle, noise: NoiseField
) -> tuple[Float[torch.Tensor, " P"], Float[torch.Tensor, " P"]]:
    around = _angle(phi).abs()
    ragged = noise(torch.stack([phi.cos(), phi.sin(), phi * 0], -1))
    to_side = _smoothstep(math.radians(30), math.radians(65), around)
    to_back = _smoothstep(math.radians(95), math.radians(140), around)
    end = style.front + (style.side - style.front) * to_side + (style.back - style.side) * to_back
    end = end + 0.06 * ragged
    if style.length == 0:
        return end, torch.zeros_like(end)
    open_side = _smoothstep(style.opening - 0.15, style.opening + 0.15, around)
    hang = style.length * open_side * (1 + 0.15 * ragged)
    return end, torch.where(open_side > 0.02, hang.clamp(min=0.002), torch.zeros_like(hang))


def _directions(theta: torch.Tensor, phi: torch.Tensor) -> torch.Tensor:
    theta, phi = torch.broadcast_tensors(theta, phi)
    return torch.stack([theta.sin() * phi.sin(), theta.cos(), theta.sin() * phi.cos()], -1)


def _lookup(skull: torch.Tensor, theta: torch.Tensor, phi: torch.Tensor) -> torch.Tensor:
    wrapped = torch.nn.functional.pad(skull[None, None], (0, 1, 0, 0), mode="circular")
    grid = torch.stack([(phi % (2 * math.pi)) / math.pi - 1, theta / math.pi * 2 - 1], -1)[None]
    return torch.nn.functional.grid_sample(wrapped, grid, align_corners=True)[0, 0]


def _angle(phi: torch.Tensor) -> torch.Tensor:
    return (phi + math.pi) % (2 * math.pi) - math.pi


def _smoothstep(low: float, high: float, x: torch.Tensor) -> torch.Tensor:
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _grid_triangles(rows: int, columns: int, device: torch.device) -> torch.Tensor:
    r = torch.arange(rows - 1, device=device)[:, None] * columns
    c = torch.arange(columns, device=device)[None]
    right = (c + 1) % columns
    a, b, d, e = r + c, r + right, r + columns + c, r + columns + right
    return torch.cat([torch.stack([a, d, e], -1).view(-1, 3), torch.stack([a, e, b], -1).view(-1, 3)])
