"""What several networks are built of. The names of the parts are those of the weights that ship."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from .shapes import Float


class Residual(nn.Module):
    """Two normalised convolutions, their sum with what entered (He et al., Identity mappings, ECCV 2016)."""

    def __init__(self, entering: int, leaving: int, groups: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, entering), nn.Conv2d(entering, leaving, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(groups, leaving), nn.Conv2d(leaving, leaving, 3, padding=1)
        self.skip = nn.Conv2d(entering, leaving, 1) if entering != leaving else nn.Identity()

    def forward(self, x: Float[torch.Tensor, "B C s s"]) -> Float[torch.Tensor, "B c s s"]:
        """Channels as the network was made for."""
        y = self.conv1(F.silu(self.norm1(x)))
        return self.skip(x) + self.conv2(F.silu(self.norm2(y)))
