"""The network that finds the dense points of a head and tells how sure it is of each.

It begins where a face mesh that ships ends (`points_inputs`): from that mesh all points are guessed, linearly; then
each is looked at where it was guessed, and all that was seen together moves and judges every point. The crop's features
at each scale are the mesh network's too, ours are added to them.

Source of the task and its loss: Wood et al., 3D face reconstruction with dense landmarks, ECCV 2022
(https://arxiv.org/abs/2204.02776). Looking again where a point was guessed: Dollar et al., Cascaded pose regression,
CVPR 2010.

Convention: places in a crop are in crop sides from its middle, x right, y down. Worked number: (0.25, -0.5) lies at
three quarters of the crop's width on its upper edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..shapes import Float
from .mesh_topology import MESH_POINTS
from .points_inputs import FEATURE_CHANNELS, SIDE

_UNIT: Final = 0.01
"""Crop sides that an answer of 1 stands for, so that weights of usual size give places of usual size."""
_RIDGE: Final = 1e-4
"""Ridge of the linear guess, against modes of unit spread."""
_SPREAD: Final = 0.006
"""Crop sides of standard deviation where the network says 0."""
_STRETCH: Final = 0.25
"""Factor on the features that come in, whose size is 1 to 3."""
_QUIET_START: Final = 0.1
"""What the first weights of that layer are multiplied by, before training. Chosen, not measured."""


@dataclass(frozen=True)
class PointsSettings:
    """Size of the network.

    Attributes:
        points: N, how many points.
        widths: channels a level, at a half, a quarter, ... of the crop's side.
        local: channels that a point is looked at with.
        reach: pixels of the finest level, on each side of a point, that are looked at.
        memory: numbers by which all points are judged together.
        modes: numbers by which the mesh is told.
        factors: columns of `PointsNetwork.common`.
    """

    points: int
    widths: tuple[int, ...] = (16, 40, 64, 112, 144)
    local: int = 8
    reach: int = 2
    memory: int = 192
    factors: int = 48
    modes: int = 96


class FoundPoints(NamedTuple):
    """What the network says of B crops.

    Attributes:
        first: (B, N, 2) places that were guessed.
        places: (B, N, 2).
        log_sigma: (B, N) logarithm of the standard deviation of each coordinate, crop sides.
        seen: (B, N) logit of whether a point is to be seen.
    """

    first: Float[torch.Tensor, "B N 2"]
    places: Float[torch.Tensor, "B N 2"]
    log_sigma: Float[torch.Tensor, "B N"]
    seen: Float[torch.Tensor, "B N"]


class PointsNetwork(nn.Module):
    """Crop and features of another network -> places, doubt and visibility of N points.

    Buffers: `vertices` and `mirror` (N,), as in `headmodel.dense_set`; and what is measured when it has been trained:
    `offset` (N, 2), what its places are off in the mean over real people, crop sides, to be taken away; `spread` (N,),
    by how much its errors on heads that were kept back are larger than it says; `common` (N, K), how they go together
    (`DensePoints`).
    """

    vertices: torch.Tensor
    mirror: torch.Tensor
    offset: torch.Tensor
    spread: torch.Tensor
    common: torch.Tensor

    def __init__(self, settings: PointsSettings) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.settings = s = settings
        w, side = s.widths, SIDE // 2
        self.stem = nn.Conv2d(12, w[0], 3, padding=1)
        self.read, self.down = nn.ModuleDict(), nn.ModuleList()
        for i, width in enumerate(w):
            self.read[str(side >> i)] = nn.Conv2d(FEATURE_CHANNELS[side >> i], width, 1)
            if i > 0:
                self.down.append(_Residual(w[i - 1], width))
        self.up = nn.ModuleList(_Residual(w[i + 1] + w[i], w[i]) for i in range(len(w) - 2, 0, -1))
        self.squeeze = nn.Conv2d(w[-1], 40, 1)
        self.whole = nn.Linear(40 * (side >> (len(w) - 1)) ** 2, s.memory)
        self.modes, self.base = nn.Linear(3 * MESH_POINTS, s.modes), nn.Linear(s.modes, 2 * s.points)
        self.modes.requires_grad_(False)  # noqa: FBT003 - only `begin` sets it: a step would move all of it at once
        self.told_modes = nn.Linear(s.modes, s.memory)
        self.guess = nn.Linear(s.memory, 2 * s.points)
        self.fine, self.coarse = nn.Conv2d(w[0], s.local, 3, padding=1), nn.Conv2d(w[1], 16, 1)
        self.own = nn.Parameter(torch.randn(s.points, 24) * 0.5)
        patch = s.local * (2 * s.reach + 1) ** 2 + 16 * 9
        self.look = nn.Sequential(nn.Linear(patch + 24, 96), nn.SiLU(), nn.Linear(96, 64), nn.SiLU())
        self.told = nn.Linear(64, 6)
        self.gather = nn.Linear(6 * s.points + s.memory, s.memory)
        self.answer = nn.Linear(s.memory, 4 * s.points)
        self.register_buffer("vertices", torch.zeros(s.points, dtype=torch.int64))
        self.register_buffer("mirror", torch.arange(s.points))
        self.register_buffer("offset", torch.zeros(s.points, 2))
        self.register_buffer("spread", torch.ones(s.points))
        self.register_buffer("common", torch.zeros(s.points, s.factors))
        for last in (self.answer, self.guess):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        with torch.no_grad():
            self.told.weight.mul_(_QUIET_START)

    @torch.no_grad()
    def begin(self, meshes: Float[torch.Tensor, "K M 3"], places: Float[torch.Tensor, "K N 2"]) -> None:
        """Set the guess to the best linear one from examples: principal components of the mesh, ridge regression.

        Args:
            meshes: as in `forward`.
            places: where the points were.
        """
        x, y = meshes.flatten(1).double(), places.flatten(1).double()
        mean = x.mean(0)
        _, size, axes = torch.linalg.svd(x - mean, full_matrices=False)
        size, axes = size[: self.settings.modes] / len(x) ** 0.5, axes[: self.settings.modes]
        scaled = axes / size[:, None]
        z = torch.cat([(x - mean) @ scaled.T, torch.ones(len(x), 1, dtype=x.dtype)], 1)
        eye = torch.eye(z.shape[1], dtype=z.dtype)
        solved = torch.linalg.solve(z.T @ z + _RIDGE * len(z) * eye, z.T @ y)
        self.modes.weight.copy_(scaled)
        self.modes.bias.copy_(-(scaled @ mean))
        self.base.weight.copy_(solved[:-1].T / _UNIT)
        self.base.bias.copy_(solved[-1] / _UNIT)

    def forward(
        self,
        image: Float[torch.Tensor, "B 3 S S"],
        features: Mapping[int, Float[torch.Tensor, "B c s s"]],
        mesh: Float[torch.Tensor, "B M 3"],
    ) -> FoundPoints:
        """Find the points.

        Args:
            image: colours, -1..1.
            features: of `points_inputs.frozen_features`, by their side.
            mesh: its points, crop sides from the middle, the third the depth.
        """
        x = self._with(self.stem(F.pixel_unshuffle(image, 2)), features)
        levels = [F.silu(x)]
        for stage in self.down:
            x = self._with(stage(F.avg_pool2d(x, 2)), features)
            levels.append(x)
        whole = self.whole(F.silu(self.squeeze(x)).flatten(1))
        with torch.autocast(image.device.type, enabled=False):
            modes = self.modes(mesh.flatten(1).float())
            based = self.base(modes)
        whole = F.silu(whole + self.told_modes(modes))
        first = (based + self.guess(whole).float()).unflatten(1, (-1, 2)) * _UNIT
        for stage, level in zip(self.up, reversed(levels[1:-1]), strict=True):
            x = stage(torch.cat([_doubled(x), level], dim=1))
        looks = [
            _patches(maps, first.detach(), reach)
            for maps, reach in ((self.fine(levels[0]), self.settings.reach), (self.coarse(x), 1))
        ]
        own = self.own[None].expand(len(image), -1, -1).to(looks[0].dtype)
        seen = self.look(torch.cat([*looks, own], 2))
        told = self.told(seen)
        answer = self.answer(F.silu(self.gather(torch.cat([told.flatten(1), whole], 1)))).unflatten(1, (-1, 4))
        both = (answer + told[..., :4]).float()
        return FoundPoints(
            first,
            first + both[..., :2] * _UNIT,
            both[..., 2].clamp(-4, 4) + torch.log(both.new_tensor(_SPREAD)),
            both[..., 3],
        )

    def _with(self, x: torch.Tensor, features: Mapping[int, torch.Tensor]) -> torch.Tensor:
        """The features of the same size added."""
        side = x.shape[-1]
        return x + self.read[str(side)](features[side] * _STRETCH)


def _patches(maps: torch.Tensor, places: torch.Tensor, reach: int) -> torch.Tensor:
    """(B, N, C * (2 reach + 1)^2) the cells of maps (B, C, s, s) about places (B, N, 2)."""
    steps = torch.arange(-reach, reach + 1, device=places.device, dtype=places.dtype) / maps.shape[-1]
    offsets = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).flatten(0, 1)
    grid = (places[:, :, None] + offsets) * 2
    near = F.grid_sample(maps.float(), grid.float(), padding_mode="border", align_corners=False)
    return near.permute(0, 2, 1, 3).flatten(2).to(maps.dtype)


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


class _Residual(nn.Module):
    """Two convolutions, their sum with what entered; the second begins at nothing, so no norm is needed."""

    def __init__(self, entering: int, leaving: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(entering, leaving, 3, padding=1)
        self.conv2 = nn.Conv2d(leaving, leaving, 3, padding=1)
        self.skip = nn.Conv2d(entering, leaving, 1) if entering != leaving else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Float[torch.Tensor, "B C s s"]) -> Float[torch.Tensor, "B c s s"]:
        """Channels as the network was made for."""
        return self.skip(x) + self.conv2(F.silu(self.conv1(F.silu(x))))
