"""Stacked-hourglass image encoder.

Source: Newell et al., Stacked Hourglass Networks for Human Pose Estimation, ECCV 2016, with the multi-scale residual
block of Bulat and Tzimiropoulos, ICCV 2017, group norm, bicubic upsampling, as SeIF uses it (Liu et al., IEEE TMM
2024, DOI 10.1109/TMM.2024.3405721, section on the pixel-aligned feature). The attribute names are those of the
published checkpoints' state dicts, so that these load entry for entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..shapes import Float


@dataclass(frozen=True)
class EncoderSettings:
    """Size of the encoder.

    Attributes:
        in_channels: image channels in (photo 3 + normal map 3).
        stacks: how many hourglasses follow one another.
        width: channels of the feature maps.
        depth: levels of each hourglass.
        stem: channels after the first convolution; the second block doubles it.
        groups: groups of the group norms.
    """

    in_channels: int = 6
    stacks: int = 4
    width: int = 256
    depth: int = 2
    stem: int = 64
    groups: int = 32


class ResidualBlock(nn.Module):
    """Pre-activated three-scale block: a half and two quarters of the output, concatenated, plus residual."""

    def __init__(self, channels_in: int, channels_out: int, groups: int) -> None:
        """Make a block; a 1x1 convolution carries the residual where the widths differ."""
        super().__init__()
        half, quarter = channels_out // 2, channels_out // 4
        self.bn1, self.conv1 = nn.GroupNorm(groups, channels_in), _conv3(channels_in, half)
        self.bn2, self.conv2 = nn.GroupNorm(groups, half), _conv3(half, quarter)
        self.bn3, self.conv3 = nn.GroupNorm(min(groups, quarter), quarter), _conv3(quarter, quarter)
        self.bn4 = nn.GroupNorm(groups, channels_in)
        self.downsample = None
        if channels_in != channels_out:
            # the norm is saved under two names in the published files; here, too, it is one shared module
            self.downsample = nn.Sequential(
                self.bn4, nn.ReLU(inplace=True), nn.Conv2d(channels_in, channels_out, 1, bias=False)
            )

    def forward(self, x: Float[torch.Tensor, "B C H W"]) -> Float[torch.Tensor, "B D H W"]:
        """Features in, features of the same size out."""
        first = self.conv1(F.relu(self.bn1(x)))
        second = self.conv2(F.relu(self.bn2(first)))
        third = self.conv3(F.relu(self.bn3(second)))
        residual = x if self.downsample is None else self.downsample(x)
        return torch.cat([first, second, third], dim=1) + residual


class Hourglass(nn.Module):
    """Average-pool down, blocks, bicubic up with aligned corners, skip added, `depth` levels deep."""

    def __init__(self, depth: int, width: int, groups: int) -> None:
        """Make the blocks of all levels, outermost level `depth`."""
        super().__init__()
        self.depth = depth
        for level in range(depth, 0, -1):
            self.add_module(f"b1_{level}", ResidualBlock(width, width, groups))
            self.add_module(f"b2_{level}", ResidualBlock(width, width, groups))
            if level == 1:
                self.add_module(f"b2_plus_{level}", ResidualBlock(width, width, groups))
            self.add_module(f"b3_{level}", ResidualBlock(width, width, groups))

    def forward(self, x: Float[torch.Tensor, "B C H W"]) -> Float[torch.Tensor, "B C H W"]:
        """Features in, features out; H and W must divide by 2^depth."""
        return self._level(self.depth, x)

    def _level(self, level: int, x: torch.Tensor) -> torch.Tensor:
        skip = self.get_submodule(f"b1_{level}")(x)
        low = self.get_submodule(f"b2_{level}")(F.avg_pool2d(x, 2))
        low = self._level(level - 1, low) if level > 1 else self.get_submodule(f"b2_plus_{level}")(low)
        low = self.get_submodule(f"b3_{level}")(low)
        return skip + F.interpolate(low, scale_factor=2, mode="bicubic", align_corners=True)


class HourglassEncoder(nn.Module):
    """Image to a feature map of a quarter of its size."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Make stem and stacks."""
        super().__init__()
        s = self.settings = settings
        self.conv1 = nn.Conv2d(s.in_channels, s.stem, 7, stride=2, padding=3)
        self.bn1 = nn.GroupNorm(s.groups, s.stem)
        self.conv2 = ResidualBlock(s.stem, s.stem * 2, s.groups)
        self.conv3 = ResidualBlock(s.stem * 2, s.stem * 2, s.groups)
        self.conv4 = ResidualBlock(s.stem * 2, s.width, s.groups)
        for i in range(s.stacks):
            self.add_module(f"m{i}", Hourglass(s.depth, s.width, s.groups))
            self.add_module(f"top_m_{i}", ResidualBlock(s.width, s.width, s.groups))
            self.add_module(f"conv_last{i}", nn.Conv2d(s.width, s.width, 1))
            self.add_module(f"bn_end{i}", nn.GroupNorm(s.groups, s.width))
            self.add_module(f"l{i}", nn.Conv2d(s.width, s.width, 1))
            if i < s.stacks - 1:
                self.add_module(f"bl{i}", nn.Conv2d(s.width, s.width, 1))
                self.add_module(f"al{i}", nn.Conv2d(s.width, s.width, 1))

    def forward(self, image: Float[torch.Tensor, "B C H W"]) -> list[Float[torch.Tensor, "B D h w"]]:
        """Feature maps (B, width, H/4, W/4) of every stack; inference uses the last, training all."""
        x = self.conv2(F.relu(self.bn1(self.conv1(image))))
        x = self.conv4(self.conv3(F.avg_pool2d(x, 2)))
        outputs = []
        for i in range(self.settings.stacks):
            sub = self.get_submodule
            hidden = sub(f"top_m_{i}")(sub(f"m{i}")(x))
            hidden = F.relu(sub(f"bn_end{i}")(sub(f"conv_last{i}")(hidden)))
            features = sub(f"l{i}")(hidden)
            outputs.append(features)
            if i < self.settings.stacks - 1:
                x = x + sub(f"bl{i}")(hidden) + sub(f"al{i}")(features)
        return outputs


def _conv3(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
