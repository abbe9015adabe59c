"""The network that tells what each pixel of a head's crop shows.

A U-Net (Ronneberger et al., MICCAI 2015, https://arxiv.org/abs/1505.04597). Pixels enter and leave in blocks of 2 x 2
(Shi et al., CVPR 2016, https://arxiv.org/abs/1609.05158); at each level it is also shown frozen features of a network
that has seen many people (`parsing_inputs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..network_blocks import Residual
from ..shapes import Float
from .head_parsing import CLASSES
from .parsing_inputs import FEATURE_CHANNELS, MAPS, SIDE


@dataclass(frozen=True)
class ParsingSettings:
    """Size of the network.

    Attributes:
        widths: channels a level, finest first; the first works at half of the picture's side, each next one at half of
            that.
        groups: groups of the group norms.
    """

    widths: tuple[int, ...] = (24, 48, 80, 96, 128)
    groups: int = 8


class ParsingNetwork(nn.Module):
    """Maps of a head's crop and features of another network -> logits of the classes."""

    def __init__(self, settings: ParsingSettings | None = None) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.settings = s = settings or ParsingSettings()
        self.stem = nn.Conv2d(MAPS * 4, s.widths[0], 3, padding=1)
        self.read = nn.ModuleDict()
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for i, width in enumerate(s.widths):
            side = SIDE >> (i + 1)
            if side in FEATURE_CHANNELS:
                self.read[str(side)] = nn.Conv2d(FEATURE_CHANNELS[side], width, 1)
            if i > 0:
                self.down.append(Residual(s.widths[i - 1], width, s.groups))
        for i in range(len(s.widths) - 2, 0, -1):
            self.up.append(Residual(s.widths[i + 1] + s.widths[i], s.widths[i], s.groups))
        self.head = nn.Sequential(
            nn.Conv2d(s.widths[1] + s.widths[0], s.widths[0], 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(s.widths[0], len(CLASSES) * 4, 3, padding=1),
        )

    def forward(
        self, maps: Float[torch.Tensor, "B 11 S S"], features: Mapping[int, Float[torch.Tensor, "B c s s"]]
    ) -> Float[torch.Tensor, "B 9 S S"]:
        """Logits of the classes at each pixel.

        Args:
            maps: as in `parsing_inputs.NetworkInputs`.
            features: the same, by their side.
        """
        x = self._told(self.stem(F.pixel_unshuffle(maps, 2)), features)
        skips = [F.silu(x)]
        for stage in self.down:
            x = self._told(stage(F.avg_pool2d(x, 2)), features)
            skips.append(x)
        for stage, skip in zip(self.up, reversed(skips[1:-1]), strict=True):
            x = stage(torch.cat([_doubled(x), skip], dim=1))
        return F.pixel_shuffle(self.head(torch.cat([_doubled(x), skips[0]], dim=1)), 2)

    def _told(self, x: torch.Tensor, features: Mapping[int, torch.Tensor]) -> torch.Tensor:
        """The features of the same size added, where there are any."""
        side = x.shape[-1]
        return x + self.read[str(side)](features[side]) if str(side) in self.read else x


def _doubled(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
