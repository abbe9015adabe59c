"""Training of the normal network on heads made on the fly: resumable, on the CPU or a GPU.

Samples are drawn by worker processes on the CPU, or on the GPU itself; no sample is ever seen twice.
"""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from ..headmodel import load_head_model
from ..implicit.normal_network import NormalNetwork, NormalSettings, normal_loss
from ..shapes import Float
from .synthetic import Sample, SyntheticHeads, SyntheticSettings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NormalTraining:
    """One training run.

    Attributes:
        folder: where checkpoints, curves and sample sheets go; a run found there is continued.
        device: cpu or cuda.
        steps: optimisation steps in all.
        batch: samples a step.
        rate: peak learning rate of AdamW; cosine decay to a hundredth.
        warmup: steps of linear growth of the rate.
        average: decay of the running average of the weights, which is what is kept.
        workers: processes that draw samples; 0 draws in this process.
        seed: of the first sample.
        save_every: steps between checkpoints.
        network: size of the network.
        data: what is drawn.
    """

    folder: Path
    device: str = "cpu"
    steps: int = 20_000
    batch: int = 8
    rate: float = 1e-3
    warmup: int = 300
    average: float = 0.998
    workers: int = 0
    seed: int = 0
    save_every: int = 250
    network: NormalSettings = field(default_factory=NormalSettings)
    data: SyntheticSettings = field(default_factory=SyntheticSettings)


def train_normals(settings: NormalTraining) -> Path:
    """Train, or go on; returns the last checkpoint (a dictionary of tensors, read with `weights_only=True`)."""
    s = settings
    s.folder.mkdir(parents=True, exist_ok=True)
    network = NormalNetwork(s.network).to(s.device)
    averaged = NormalNetwork(s.network).to(s.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=s.rate, weight_decay=1e-4, betas=(0.9, 0.98))
    checkpoint = s.folder / "checkpoint.pt"
    first = _resume(checkpoint, network, averaged, optimiser, s.device)
    losses: list[float] = []
    start = time.perf_counter()
    for step, sample in zip(range(first, s.steps), _samples(s, first), strict=False):
        for group in optimiser.param_groups:
            group["lr"] = s.rate * _schedule(step, s)
        losses.append(_step(network, optimiser, sample, s.device))
        _average(averaged, network, min(s.average, (step + 1) / (step + 10)))
        if (step + 1) % s.save_every == 0 or step + 1 == s.steps:
            _LOG.info("step %d loss %.4f %.1f min", step + 1, np.mean(losses), (time.perf_counter() - start) / 60)
            with (s.folder / "losses.csv").open("a") as stream:
                stream.write(f"{step + 1},{np.mean(losses):.5f}\n")
            losses = []
            _save(checkpoint, step + 1, {"network": network, "averaged": averaged, "optimiser": optimiser})
            draw_sheet(averaged, sample, s.folder / "samples.png", s.device)
    return checkpoint


def _resume(
    path: Path, network: NormalNetwork, averaged: NormalNetwork, optimiser: torch.optim.Optimizer, device: str
) -> int:
    if not path.exists():
        averaged.load_state_dict(network.state_dict())
        return 0
    state = torch.load(path, map_location=device, weights_only=True)
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def _save(path: Path, step: int, parts: dict[str, nn.Module | torch.optim.Optimizer]) -> None:
    part = path.with_suffix(".part")
    torch.save({"step": step, **{name: value.state_dict() for name, value in parts.items()}}, part)
    part.replace(path)


def _schedule(step: int, s: NormalTraining) -> float:
    if step < s.warmup:
        return (step + 1) / s.warmup
    along = (step - s.warmup) / max(1, s.steps - s.warmup)
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * along)))


def _step(network: NormalNetwork, optimiser: torch.optim.Optimizer, sample: Sample, device: str) -> float:
    photo, guidance, target, mask, weight = (
        part.to(device, non_blocking=True).contiguous(memory_format=torch.channels_last) for part in sample
    )
    with torch.autocast(torch.device(device).type, torch.bfloat16):
        predicted = network(photo, guidance, mask)
    loss = normal_loss(predicted.float(), target, weight)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return loss.item()


@torch.no_grad()
def _average(averaged: NormalNetwork, network: NormalNetwork, decay: float) -> None:
    for mean, value in zip(averaged.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


def _samples(s: NormalTraining, first: int) -> Iterator[Sample]:
    if s.workers == 0:
        heads = SyntheticHeads(load_head_model(), s.data, s.device, s.seed * 1_000_003 + first)
        while True:
            yield heads.batch(s.batch)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=4 * s.workers)
    for index in range(s.workers):
        seed = s.seed * 1_000_003 + first * 101 + index
        context.Process(target=_draw_forever, args=(queue, s.data, s.batch, seed), daemon=True).start()
    while True:
        yield Sample(*(torch.from_numpy(part) for part in queue.get()))


def _draw_forever(queue: Queue, data: SyntheticSettings, batch: int, seed: int) -> None:
    torch.set_num_threads(1)
    heads = SyntheticHeads(load_head_model(), data, "cpu", seed)
    while True:
        queue.put(tuple(part.numpy() for part in heads.batch(batch)))


@torch.no_grad()
def draw_sheet(network: NormalNetwork, sample: Sample, path: Path, device: str) -> None:
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
