"""Training of the normal networks, of the front and the far side, on heads made on the fly.

Resumable, on the CPU or GPUs, in one process or under `torchrun`.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...implicit.normal_network import FAR, NormalNetwork, NormalSettings
from ...shapes import Float
from .loop import LoopSettings, TrainingLoop
from .source import SampleSource
from .synthetic import Sample, SyntheticSettings, photographed
from .watch import Watch

_LOG: Final = logging.getLogger(__name__)
_HALF: Final = 0.5
_SMALL_ANGLES: Final = 0.3
_ROUNDED: Final = 1e-4
"""Weight of the root in the training loss, and what rounds it at zero. Chosen, not measured."""


@dataclass(frozen=True)
class NormalTraining:
    """One training run.

    Attributes:
        loop: steps, rates, checkpoints; see there.
        batch: samples a step and process.
        size: side of the pictures in the first part of the run, at most `data.size`.
        grown_from: share of the steps after which pictures have `data.size`.
        pool: folder of drawn samples (`pool.fill_pool`); None draws each sample anew.
        watch: folder of real portraits on which every checkpoint is shown; None for none.
        side: which normals are learned, of the side that the photo shows or of the far one.
        network: size of the network; what ships for the side when left out.
        data: what is drawn.
    """

    loop: LoopSettings
    batch: int = 8
    size: int = 192
    grown_from: float = 0.7
    pool: Path | None = None
    watch: Path | None = None
    side: Literal["front", "back"] = "front"
    network: NormalSettings | None = None
    data: SyntheticSettings = field(default_factory=lambda: SyntheticSettings(size=256))


def train_normals(settings: NormalTraining) -> Path:
    """Train, or go on; returns the last checkpoint (a dictionary of tensors, read with `weights_only=True`)."""
    s = settings
    network = s.network or (NormalSettings() if s.side == "front" else FAR)
    loop = TrainingLoop(s.loop, lambda: NormalNetwork(network))
    source = SampleSource(s.data, s.pool, loop)
    watch = None
    if s.watch is not None and s.side == "front" and loop.is_first:
        watch = Watch(s.watch, s.data.size)
    shown: Sample | None = None
    start = time.perf_counter()
    for step in loop.steps():
        sample = source.batch(s.batch)
        size = s.data.size if step >= s.grown_from * s.loop.steps else min(s.size, s.data.size)
        front = s.side == "front"
        shown = prepared(sample, size, source.generator) if front else far_prepared(sample, source.generator)
        loop.optimise(_loss(loop, shown))
        if loop.saved(step):
            minutes = (time.perf_counter() - start) / 60
            _LOG.info("step %d loss %.4f, %.1f minutes", step + 1, loop.last_loss, minutes)
            draw_sheet(loop.averaged, shown, s.loop.folder / "samples.png", s.loop.device)
            if watch is not None:
                found = watch.look(loop.averaged, s.loop.folder / "portraits.png", s.loop.device)
                _LOG.info("portraits: %s", found)
                with (s.loop.folder / "portraits.csv").open("a") as stream:
                    stream.write(f"{step + 1},{found}\n")
    return loop.checkpoint


def _loss(loop: TrainingLoop, sample: Sample) -> Float[torch.Tensor, ""]:
    device = loop.settings.device
    photo, guidance, target, mask, weight = (
        part.to(device, non_blocking=True).contiguous(memory_format=torch.channels_last) for part in sample[:5]
    )
    with loop.half():
        predicted = loop.network(photo, guidance, mask)
    return normal_loss(predicted.float(), target, weight)


def prepared(sample: Sample, size: int, generator: torch.Generator) -> Sample:
    """A batch photographed anew, mirrored at random, at `size` pixels; its far side is left as it was."""

    def resized(picture: torch.Tensor) -> torch.Tensor:
        if picture.shape[-1] == size:
            return picture
        return F.interpolate(picture, size=(size, size), mode="bilinear", antialias=True, align_corners=False)

    mask = (resized(sample.mask) > 0.5).float()
    photo = resized(photographed(sample, generator)) * mask
    guidance, target = (unit(resized(normals)) * mask for normals in (sample.guidance, sample.target))
    parts = [photo, guidance, target, mask, resized(sample.weight) * mask]
    photo, guidance, target, mask, weight = _mirrored(parts, generator)
    return sample._replace(photo=photo, guidance=guidance, target=target, mask=mask, weight=weight)


def far_prepared(sample: Sample, generator: torch.Generator) -> Sample:
    """The same for the far side: its normals take the place of the front's, all pictures have their size."""
    target = sample.far_target
    photo = F.interpolate(photographed(sample, generator), size=target.shape[-2:], mode="area")
    mask = (F.interpolate(sample.mask, size=target.shape[-2:], mode="area") > _HALF).float()
    known = (target.square().sum(1, keepdim=True) > _HALF).float()
    parts = [photo * mask, sample.far_guidance * mask, target * mask, mask, known * mask]
    photo, guidance, target, mask, weight = _mirrored(parts, generator)
    return sample._replace(photo=photo, guidance=guidance, target=target, mask=mask, weight=weight)


def _mirrored(parts: list[torch.Tensor], generator: torch.Generator) -> list[torch.Tensor]:
    """Photo, guidance, target, mask and weight of a batch, half of the samples mirrored."""
    photo = parts[0]
    flip = torch.rand(len(photo), generator=generator, device=generator.device).to(photo.device) < _HALF
    for i, part in enumerate(parts):
        mirrored = part[flip].flip(-1)
        if i in {1, 2}:
            mirrored = mirrored * mirrored.new_tensor([-1, 1, 1])[:, None, None]
        part[flip] = mirrored
    return parts


def unit(normals: Float[torch.Tensor, "B 3 H W"]) -> Float[torch.Tensor, "B 3 H W"]:
    """Unit length where there is more than half a normal, 0 elsewhere."""
    length = normals.norm(dim=1, keepdim=True)
    return normals / length.clamp(min=1e-6) * (length > 0.5)


@torch.no_grad()
def draw_sheet(network: torch.nn.Module, sample: Sample, path: Path, device: str) -> None:
    """A picture of up to eight samples: photo, guidance, prediction, truth."""
    predicted = network(*(part.to(device) for part in (sample.photo, sample.guidance, sample.mask))).cpu()
    rows = [
        torch.cat(
            [sample.photo[i].cpu(), *((n[i].cpu() + 1) / 2 for n in (sample.guidance, predicted, sample.target))], 2
        )
        for i in range(min(8, len(predicted)))
    ]
    sheet: Float[torch.Tensor, "3 H W"] = torch.cat(rows, 1)
    picture = (sheet.permute(1, 2, 0).clamp(0, 1).numpy() * 255).astype(np.uint8)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def normal_loss(
    predicted: Float[torch.Tensor, "B 3 H W"],
    target: Float[torch.Tensor, "B 3 H W"],
    weight: Float[torch.Tensor, "B 1 H W"],
) -> Float[torch.Tensor, ""]:
    """Weighted mean of (1 - cosine) and of the root of it, which keeps small angles from vanishing."""
    cosine = (predicted * target).sum(1, keepdim=True).clamp(-1, 1)
    miss = 1 - cosine
    return ((miss + _SMALL_ANGLES * (miss + _ROUNDED).sqrt()) * weight).sum() / weight.sum().clamp(min=1)
