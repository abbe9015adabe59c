"""Front normals from the photo with the posed 3DMM's normals as guidance.

A U-Net (Ronneberger et al., MICCAI 2015, https://arxiv.org/abs/1505.04597) predicts a correction that is added to the
guidance before normalisation: untrained, or where it says nothing, the answer is the 3DMM itself. Pixels enter and
leave in blocks of 2 x 2 (Shi et al., CVPR 2016, https://arxiv.org/abs/1609.05158), which makes it four times as fast.

Convention: normals in camera space, x right, y up, z to the viewer, unit length, 0 outside the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..network_blocks import Residual
from ..shapes import Float


@dataclass(frozen=True)
class NormalSettings:
    """Size of the normal network.

    Attributes:
        widths: channels per level, finest first; the first works at half of the picture's size, each next one at half
            of that.
        blocks: residual blocks per level and side.
        groups: groups of the group norms.
    """

    widths: tuple[int, ...] = (32, 64, 128, 192, 256)
    blocks: int = 1
    groups: int = 8


FAR = NormalSettings(widths=(32, 64, 128, 192))
"""The network of the far side, which works on half as many pixels a side."""


class NormalNetwork(nn.Module):
    """Photo (3, 0..1), guidance normals (3), head mask (1), guidance mask (1) -> unit normals (3)."""

    IN_CHANNELS = 8

    def __init__(self, settings: NormalSettings | None = None) -> None:
        """Make the network; its last layer starts at zero, so that it starts as the identity of the guidance."""
        super().__init__()
        self.settings = s = settings or NormalSettings()
        self.stem = nn.Conv2d(self.IN_CHANNELS * 4, s.widths[0], 3, padding=1)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for i, width in enumerate(s.widths):
            entering = s.widths[max(0, i - 1)]
            self.down.append(_stage(entering, width, s))
        for i in range(len(s.widths) - 2, -1, -1):
            self.up.append(_stage(s.widths[i + 1] + s.widths[i], s.widths[i], s))
        self.head = nn.Conv2d(s.widths[0], 3 * 4, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias if self.head.bias is not None else self.head.weight)

    def forward(
        self,
        photo: Float[torch.Tensor, "B 3 H W"],
        guidance: Float[torch.Tensor, "B 3 H W"],
        mask: Float[torch.Tensor, "B 1 H W"],
    ) -> Float[torch.Tensor, "B 3 H W"]:
        """Normals inside the mask, 0 outside; H and W must divide by 2^levels."""
        covered = (guidance.square().sum(1, keepdim=True) > 0.25).to(photo.dtype)
        x = self.stem(F.pixel_unshuffle(torch.cat([(photo * 2 - 1) * mask, guidance, mask, covered], dim=1), 2))
        skips = []
        for i, stage in enumerate(self.down):
            x = stage(x if i == 0 else F.avg_pool2d(x, 2))
            skips.append(x)
        for stage, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = stage(torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), skip], dim=1))
        correction = F.pixel_shuffle(self.head(x), 2)
        facing = torch.zeros_like(guidance)
        facing[:, 2] = 0.5
        start = torch.where(covered > 0, guidance, facing)
        return F.normalize(start + correction, dim=1) * mask


def _stage(entering: int, leaving: int, s: NormalSettings) -> nn.Sequential:
    blocks = [Residual(entering if i == 0 else leaving, leaving, s.groups) for i in range(s.blocks)]
    return nn.Sequential(*blocks)
