"""Training of the implicit function on heads made on the fly: occupancy and semantic codes at points about each head.

The normal maps that the network sees here are the true ones, drawn towards the guidance and blurred in patches, as the
normal network's are.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...implicit.head_field import network_image
from ...implicit.network import COMPACT, ImplicitNetwork, ImplicitSettings
from ...shapes import Float
from .loop import LoopSettings, TrainingLoop
from .normals import unit
from .occupancy import ShapePoints
from .source import SampleSource
from .synthetic import Sample, SyntheticSettings, photographed

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImplicitTraining:
    """One training run.

    Attributes:
        loop: steps, rates, checkpoints; see there.
        batch: samples a step and process.
        points: points of each sample that a step looks at.
        code_weight: weight of the semantic codes' squared error against the occupancy's cross entropy.
        pool: folder of drawn samples (`pool.fill_pool`); None draws each sample anew.
        network: size and inputs of the network.
        data: what is drawn.
    """

    loop: LoopSettings
    batch: int = 16
    points: int = 2048
    code_weight: float = 4.0
    pool: Path | None = None
    network: ImplicitSettings = field(default_factory=lambda: COMPACT)
    data: SyntheticSettings = field(default_factory=lambda: SyntheticSettings(size=256, points=4096))


def train_implicit(settings: ImplicitTraining) -> Path:
    """Train, or go on; returns the last checkpoint (a dictionary of tensors, read with `weights_only=True`)."""
    s = settings
    loop = TrainingLoop(s.loop, lambda: ImplicitNetwork(s.network), channels_last=False)
    source = SampleSource(s.data, s.pool, loop)
    start, right = time.perf_counter(), 0.0
    for step in loop.steps():
        image, shape = prepared(source.batch(s.batch), s.points, s.network, source.generator)
        answer = _answer(loop, image, shape)
        loop.optimise(implicit_loss(answer, shape, s.code_weight))
        right = 0.98 * right + 0.02 * _agreement(answer, shape)
        if loop.saved(step):
            minutes = (time.perf_counter() - start) / 60
            _LOG.info("step %d loss %.4f, right %.4f, %.1f minutes", step + 1, loop.last_loss, right, minutes)
    return loop.checkpoint


def _answer(loop: TrainingLoop, image: torch.Tensor, shape: ShapePoints) -> Float[torch.Tensor, "B 4 N"]:
    device = torch.device(loop.settings.device)
    network = loop.network
    if not isinstance(network, ImplicitNetwork):
        raise TypeError("an implicit network is trained here")
    image = image.to(device)
    points, prior = shape.points.to(device).mT, shape.prior.to(device).mT
    with loop.half():
        features = network.encode(image)[-1]
    return network.logits(features.float(), points, prior[:, :3], prior[:, 3:])


def implicit_loss(
    answer: Float[torch.Tensor, "B 4 N"], shape: ShapePoints, code_weight: float
) -> Float[torch.Tensor, ""]:
    """Cross entropy of the occupancy and squared error of the codes.

    Args:
        answer: logits of occupancy and codes.
        shape: labels, with a first axis over samples.
        code_weight: weight of the codes.
    """
    occupancy = F.binary_cross_entropy_with_logits(answer[:, 0], shape.occupancy.to(answer.device))
    codes = F.mse_loss(torch.sigmoid(answer[:, 1:]), shape.code.to(answer.device).mT)
    return occupancy + code_weight * codes


def _agreement(answer: torch.Tensor, shape: ShapePoints) -> float:
    return ((answer[:, 0] > 0) == (shape.occupancy.to(answer.device) > 0.5)).float().mean().item()


def prepared(
    sample: Sample, count: int, network: ImplicitSettings, generator: torch.Generator
) -> tuple[Float[torch.Tensor, "B C S S"], ShapePoints]:
    """The encoder's pictures and `count` of the points of a batch."""

    def resized(picture: torch.Tensor) -> torch.Tensor:
        if picture.shape[-1] == network.size:
            return picture
        size = (network.size, network.size)
        return F.interpolate(picture, size=size, mode="bilinear", antialias=True, align_corners=False)

    pictures = (sample.photo, sample.guidance, sample.target, sample.mask, sample.weight)
    photo, guidance, target, mask, weight = (resized(picture) for picture in pictures)
    small = sample._replace(photo=photo, guidance=guidance, target=target, mask=mask, weight=weight)
    image = network_image(
        photographed(small, generator), blurred_normals(small, generator), small.guidance, small.mask, network
    )
    total = sample.shape.points.shape[1]
    if count >= total:
        return image, sample.shape
    chosen = torch.randperm(total, generator=generator, device=generator.device)[:count].to(image.device)
    return image, ShapePoints(*(part[:, chosen] for part in sample.shape))


def blurred_normals(sample: Sample, generator: torch.Generator) -> Float[torch.Tensor, "B 3 H W"]:
    """The true normals as a normal network would see them: partly the guidance's, partly smoothed."""
    batch, _, height, width = sample.target.shape
    device = generator.device

    def patches(low: float, high: float) -> torch.Tensor:
        coarse = torch.rand((batch, 1, 6, 6), generator=generator, device=device) * (high - low) + low
        return F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False).to(
            sample.target.device
        )

    soft = F.interpolate(sample.target, scale_factor=1 / 8, mode="area")
    soft = F.interpolate(soft, size=(height, width), mode="bilinear", align_corners=False)
    known = (sample.guidance.square().sum(1, keepdim=True) > 0.25).float()
    mixed = sample.target + (soft - sample.target) * patches(0, 1)
    mixed = mixed + (sample.guidance - mixed) * patches(-0.3, 0.5).clamp(min=0) * known
    noise = torch.randn((batch, 3, 12, 12), generator=generator, device=device) * 0.12
    mixed = mixed + F.interpolate(noise, size=(height, width), mode="bicubic", align_corners=False).to(mixed.device)
    return unit(mixed + 1e-3 * sample.target) * sample.mask
