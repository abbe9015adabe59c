"""The pixel-aligned implicit function: occupancy and semantic code of a 3D point, from the image features under it.

Source: Liu et al., SeIF, IEEE TMM 2024, DOI 10.1109/TMM.2024.3405721; pixel alignment after Saito et al., PIFu,
ICCV 2019 (https://arxiv.org/abs/1905.05172).

Convention: points in the unit cube around the head, x right, y up, z to the viewer; `calibration` scales them to the
image: ``diag(2, -2, -2)`` makes x and y run over -1..1 from the picture's left to right and top to bottom, and z grow
away from the viewer. Worked number: the point (0.25, 0.25, 0.1) samples the features at (0.5, -0.5), three quarters
to the right and a quarter down, with the depth feature -0.2 * 256 / 200 = -0.256.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..shapes import Float
from .encoder import EncoderSettings, HourglassEncoder

CALIBRATION = (2.0, -2.0, -2.0)
"""Scales of x, y and z from the unit cube to the image."""
LEAK: Final = 0.01
"""Slope below zero, torch's usual one, with which the weights were trained."""


@dataclass(frozen=True)
class ImplicitSettings:
    """Size of one network.

    Attributes:
        encoder: the image encoder.
        hidden: widths of the point classifier's hidden layers.
        semantic_input: whether the point's semantic code (3 channels) is an input, as in SeIF, or not, as in the
            semantic network.
        distance_input: whether the signed distance to the fitted 3DMM is an input too, and the first guess of the
            occupancy that the network corrects (after Xiu et al., ICON, CVPR 2022, https://arxiv.org/abs/2112.09127).
        depth_scale: factor on z before it becomes a feature.
        size: side of the pictures that the network was made for, pixels. Those of a network whose encoder takes nine
            channels are photo, normal map and the fitted 3DMM's normals.
    """

    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    hidden: tuple[int, ...] = (1024, 512, 256, 128)
    semantic_input: bool = False
    distance_input: bool = False
    depth_scale: float = 256 / 200
    size: int = 512


ORIGINAL_SEMANTIC = ImplicitSettings()
"""The published semantic network."""

ORIGINAL_SEIF = replace(ORIGINAL_SEMANTIC, semantic_input=True)
"""The published SeIF network."""

COMPACT = ImplicitSettings(
    EncoderSettings(in_channels=9, stacks=1, width=64, depth=3, stem=32, groups=8),
    (128, 128, 64),
    semantic_input=True,
    distance_input=True,
    size=128,
)
"""The small SeIF network that is trained here; its codes come from the fitted 3DMM instead of a semantic network."""

COMPACT_UNCONSTRAINED = replace(
    COMPACT, encoder=replace(COMPACT.encoder, in_channels=6), semantic_input=False, distance_input=False
)
"""The same without anything of the 3DMM, for comparison."""

_STEEP: Final = 40.0
"""First guess of the occupancy's logit per cube unit of distance."""
_FAR: Final = 0.1
"""Cube units beyond which distances are all the same."""


def first_guess(distance: Float[torch.Tensor, "*N"]) -> Float[torch.Tensor, "*N"]:
    """The occupancy's logit by the fitted 3DMM alone, at signed distances in cube units."""
    return -_STEEP * distance.clamp(-_FAR, _FAR)


class PointClassifier(nn.Module):
    """MLP over points (1x1 convolutions); its input is concatenated again before every layer but the first."""

    def __init__(self, channels: int, hidden: tuple[int, ...], outputs: int = 4) -> None:
        """Make the layers."""
        super().__init__()
        widths = (channels, *hidden)
        self.layers = len(hidden) + 1
        for i in range(self.layers):
            entering = widths[i] + (channels if i else 0)
            leaving = hidden[i] if i < len(hidden) else outputs
            self.add_module(f"conv{i}", nn.Conv1d(entering, leaving, 1))

    def forward(self, features: Float[torch.Tensor, "B C N"]) -> Float[torch.Tensor, "B D N"]:
        """Features per point to logits."""
        x = features
        for i in range(self.layers):
            x = self._layer(i, x, features)
            if i < self.layers - 1:
                x = F.leaky_relu(x, LEAK, inplace=not x.requires_grad)
        return x

    def _layer(
        self, index: int, x: Float[torch.Tensor, "B C N"], features: Float[torch.Tensor, "B F N"]
    ) -> Float[torch.Tensor, "B D N"]:
        """A layer by two products, so that its input need not be put together: a third of the time."""
        layer = self.get_submodule(f"conv{index}")
        assert isinstance(layer, nn.Conv1d)  # noqa: S101 - narrows the type
        assert layer.bias is not None  # noqa: S101 - narrows the type
        own = x.shape[1]
        weight = layer.weight[..., 0].expand(len(x), -1, -1)
        out = torch.baddbmm(layer.bias[None, :, None], weight[..., :own], x)
        return torch.baddbmm(out, weight[..., own:], features) if index else out


class ImplicitNetwork(nn.Module):
    """Encoder and point classifier; output row 0 is occupancy, rows 1-3 the semantic code."""

    def __init__(self, settings: ImplicitSettings) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.settings = settings
        self.image_filter = HourglassEncoder(settings.encoder)
        channels = settings.encoder.width + 1 + 3 * settings.semantic_input + settings.distance_input
        self.surface_classifier = PointClassifier(channels, settings.hidden)

    def encode(self, image: Float[torch.Tensor, "B C H W"]) -> list[Float[torch.Tensor, "B D h w"]]:
        """Feature maps of an image in -1..1, 0 outside the head's mask."""
        return self.image_filter(image)

    def query(
        self,
        features: Float[torch.Tensor, "B D h w"],
        points: Float[torch.Tensor, "B 3 N"],
        semantics: Float[torch.Tensor, "B 3 N"] | None = None,
        distance: Float[torch.Tensor, "B 1 N"] | None = None,
    ) -> Float[torch.Tensor, "B 4 N"]:
        """Occupancy and semantic code at points of the unit cube; 0 for points outside the image.

        Args:
            features: one feature map of `encode`.
            points: x, y, z; see the module's convention.
            semantics: semantic codes in 0..1 at the points, for a network with `semantic_input`.
            distance: signed distances to the fitted 3DMM in cube units, negative inside, for one with
                `distance_input`.
        """
        inside = (points[:, :2].abs() <= 0.5).all(dim=1, keepdim=True)
        return torch.sigmoid(self.logits(features, points, semantics, distance)) * inside

    def logits(
        self,
        features: Float[torch.Tensor, "B D h w"],
        points: Float[torch.Tensor, "B 3 N"],
        semantics: Float[torch.Tensor, "B 3 N"] | None = None,
        distance: Float[torch.Tensor, "B 1 N"] | None = None,
    ) -> Float[torch.Tensor, "B 4 N"]:
        """What `query` answers before the sigmoid, as losses want it; arguments as there."""
        scale = points.new_tensor(CALIBRATION)[None, :, None]
        x, y, z = (points * scale).unbind(1)
        sampled = F.grid_sample(features, torch.stack([x, y], dim=2)[:, :, None], mode="bilinear", align_corners=True)[
            ..., 0
        ]
        entering = [sampled, z[:, None] * self.settings.depth_scale]
        for wanted, given, name in (
            (self.settings.semantic_input, semantics, "semantic codes"),
            (self.settings.distance_input, distance, "distances to the 3DMM"),
        ):
            if wanted and given is None:
                raise ValueError(f"this network needs the points' {name}")
        if self.settings.semantic_input and semantics is not None:
            entering.append(semantics)
        near = None
        if self.settings.distance_input and distance is not None:
            near = distance.clamp(-_FAR, _FAR)
            entering.append(near * 10)
        answer = self.surface_classifier(torch.cat(entering, dim=1))
        if near is None:
            return answer
        return torch.cat([answer[:, :1] + first_guess(near), answer[:, 1:]], dim=1)
