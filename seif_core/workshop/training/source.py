"""Where a training run's samples come from: a pool, or drawn on the training device."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from ...headmodel import load_head_model
from .loop import TrainingLoop
from .pool import SamplePool
from .synthetic import Sample, SyntheticHeads, SyntheticSettings, stack


class SampleSource:
    """Batches of samples for one process of a run.

    Attributes:
        generator: randomness of what is done to the samples afterwards, on their device.
    """

    def __init__(self, data: SyntheticSettings, pool: Path | None, loop: TrainingLoop) -> None:
        """Seeded by the run, the process and the step that the run goes on from.

        Args:
            data: what is drawn.
            pool: folder of drawn samples, or None to draw each anew.
            loop: the run.
        """
        seed = (loop.settings.seed * 1009 + loop.rank) * 1_000_003 + loop.first
        self._batches: Iterator[Sample] | None = None
        if pool is not None:
            self._pool = SamplePool(pool, seed)
            self.generator = torch.Generator().manual_seed(seed)
        else:
            self._heads = SyntheticHeads(load_head_model(), data, loop.settings.device, seed)
            self.generator = self._heads.generator
        self._pooled = pool is not None

    def batch(self, count: int) -> Sample:
        """`count` samples."""
        if not self._pooled:
            return stack([self._heads.draw() for _ in range(count)])
        if self._batches is None:
            self._batches = self._pool.batches(count)
        return next(self._batches)
