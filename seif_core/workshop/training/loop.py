"""What every training run shares: optimiser, rate, running average, checkpoints, loss curve, several processes.

Under `torchrun` each process draws its own samples and gradients are averaged over all (data parallel); the first
process alone writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import distributed, nn

from ...errors import ModelError, SettingsError
from ...network_files import load_weights
from ...shapes import Float


@dataclass(frozen=True)
class LoopSettings:
    """Course of a training run.

    Attributes:
        folder: where checkpoints, curves and sample sheets go; a run found there is continued.
        device: cpu or cuda.
        steps: optimisation steps in all.
        rate: peak learning rate of AdamW; cosine decay to a hundredth.
        warmup: steps of linear growth of the rate.
        average: decay of the running average of the weights, which is what is kept.
        seed: of the first sample.
        save_every: steps between checkpoints.
        start: safetensors file whose weights a fresh run begins with; None for random ones.
    """

    folder: Path
    device: str = "cpu"
    steps: int = 20_000
    rate: float = 1e-3
    warmup: int = 200
    average: float = 0.998
    seed: int = 0
    save_every: int = 250
    start: Path | None = None

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            SettingsError: a value lies outside its range.
        """
        if self.steps < 1 or self.save_every < 1 or not 0 < self.rate < 1:
            raise SettingsError(
                f"{self.steps} steps at a rate of {self.rate}, saved every {self.save_every}, cannot be trained; "
                "choose at least one step and a rate between 0 and 1."
            )


class TrainingLoop:
    """A network being trained."""

    def __init__(self, settings: LoopSettings, make: Callable[[], nn.Module], *, channels_last: bool = True) -> None:
        """Make or resume the network.

        Raises:
            ModelError: the checkpoint or the weights to start with are damaged or of another network.

        Args:
            settings: course of the run.
            make: makes the network with fresh weights.
            channels_last: the order in memory; what is faster depends on the network.
        """
        self.settings = s = settings
        self.rank, self.world = _join(s.device)
        torch.manual_seed(s.seed)
        self.network = _placed(make(), s.device, channels_last)
        self.averaged = _placed(make(), s.device, channels_last)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=s.rate, weight_decay=1e-4, betas=(0.9, 0.98))
        self.checkpoint = s.folder / "checkpoint.pt"
        self.last_loss = float("nan")
        self._losses: list[float] = []
        s.folder.mkdir(parents=True, exist_ok=True)
        self.first = self._resume()
        self._step = self.first

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def steps(self) -> Iterator[int]:
        """The steps left, the rate set for each."""
        for step in range(self.first, self.settings.steps):
            self._step = step
            for group in self.optimiser.param_groups:
                group["lr"] = self.settings.rate * self._schedule(step)
            yield step

    def optimise(self, loss: Float[torch.Tensor, ""]) -> None:
        """One step down the loss."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.world > 1:
            for parameter in self.network.parameters():
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.world
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        decay = min(self.settings.average, (self._step + 1) / (self._step + 10))
        with torch.no_grad():
            for mean, value in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        self._losses.append(loss.item())

    def half(self) -> torch.autocast:
        """The context in which networks run in bf16, where that is faster: on CUDA, and on processors that have it."""
        kind = torch.device(self.settings.device).type
        can = torch.cpu.get_capabilities() if kind == "cpu" else {"amx_bf16": True}
        return torch.autocast(kind, torch.bfloat16, enabled=bool(can.get("avx512_bf16") or can.get("amx_bf16")))

    def saved(self, step: int) -> bool:
        """Save a checkpoint and the curve where it is time; whether this process did."""
        s = self.settings
        if (step + 1) % s.save_every and step + 1 != s.steps:
            return False
        self.last_loss, self._losses = float(np.mean(self._losses)), []
        if not self.is_first:
            return False
        parts = {"network": self.network, "averaged": self.averaged, "optimiser": self.optimiser}
        part = self.checkpoint.with_suffix(".part")
        torch.save({"step": step + 1, **{name: value.state_dict() for name, value in parts.items()}}, part)
        part.replace(self.checkpoint)
        with (s.folder / "losses.csv").open("a") as stream:
            stream.write(f"{step + 1},{self.last_loss:.5f}\n")
        draw_curve(s.folder / "losses.csv", s.folder / "losses.png")
        return True

    def _schedule(self, step: int) -> float:
        s = self.settings
        if step < s.warmup:
            return (step + 1) / s.warmup
        along = (step - s.warmup) / max(1, s.steps - s.warmup)
        return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * along)))

    def _resume(self) -> int:
        if not self.checkpoint.exists():
            if self.settings.start is not None:
                load_weights(self.network, self.settings.start)
            self.averaged.load_state_dict(self.network.state_dict())
            return 0
        try:
            state = torch.load(self.checkpoint, map_location=self.settings.device, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimiser.load_state_dict(state["optimiser"])
            return int(state["step"])
        except (OSError, EOFError, RuntimeError, LookupError, ValueError) as error:
            raise ModelError(
                f"The checkpoint in {self.settings.folder.name} is damaged or of another network; train into a fresh "
                "folder."
            ) from error


def _placed(network: nn.Module, device: str, channels_last: bool) -> nn.Module:
    if not channels_last:
        return network.to(device)
    # torch's stubs lack the keyword
    return network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _join(device: str) -> tuple[int, int]:
    """Rank and number of the processes that `torchrun` started; 0 and 1 without it."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return int(os.environ.get("RANK", "0")), world


def draw_curve(losses: Path, picture: Path) -> None:
    """Draw the curve of ``step,loss`` lines as a picture, logarithmic from the least to the largest loss."""
    rows = np.loadtxt(losses, delimiter=",", ndmin=2)
    width, height, edge = 640, 360, 30
    image = np.full((height, width, 3), 255, np.uint8)
    value = np.log(np.maximum(rows[:, 1], 1e-9))
    low, high = float(value.min()), float(value.max())
    x = edge + rows[:, 0] / rows[-1, 0] * (width - 2 * edge)
    y = height - edge - (value - low) / max(high - low, 1e-9) * (height - 2 * edge)
    cv2.polylines(image, [np.rint(np.stack([x, y], 1)).astype(np.int32)], False, (160, 80, 20), 2, cv2.LINE_AA)  # noqa: FBT003
    words = f"{np.exp(high):.4f} to {np.exp(low):.4f}, {int(rows[-1, 0])} steps"
    cv2.putText(image, words, (edge, edge - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.imwrite(str(picture), image)
