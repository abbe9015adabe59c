"""A folder of freshly drawn samples that one process fills while others train from it.

Drawing a head costs about as much as several training steps on a CPU. So each sample is kept and shown a few times,
every time photographed anew (`synthetic.photographed`) and mirrored at random; as the pool grows all the time, none is
learned by heart.

Format: one ``NNNNNNN.npz`` per `SHARD` samples, plain arrays with a first axis over samples: ``photo`` uint8,
``guidance``, ``target``, ``far_guidance`` and ``far_target`` int8 (127 is 1), ``mask`` and ``weight`` uint8 (weight in
1 / 80), ``points`` float32, ``prior`` and ``code`` float16, ``occupancy`` uint8; shapes as in `synthetic.Sample`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ...errors import SettingsError
from ...shapes import Float
from .occupancy import ShapePoints
from .synthetic import Sample, SyntheticHeads, stack

_LOG: Final = logging.getLogger(__name__)
SHARD: Final = 16
_WEIGHT: Final = 80.0
_NAMES: Final = (
    *("photo", "guidance", "target", "far_guidance", "far_target", "mask", "weight"),
    *("points", "prior", "occupancy", "code"),
)
"""Arrays of a pool's files."""


def fill_pool(heads: SyntheticHeads, folder: Path, *, samples: int, first: int = 0, stride: int = 1) -> None:
    """Draw samples into a folder.

    Args:
        heads: what draws.
        folder: made if missing.
        samples: how many to draw.
        first: number of the first shard.
        stride: step between shard numbers, where several processes fill one pool.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(samples // SHARD):
        target = folder / f"{first + number * stride:07d}.npz"
        if target.exists():
            continue
        part = target.with_suffix(".part")
        with part.open("wb") as stream:
            np.savez(stream, **_packed(stack([heads.draw() for _ in range(SHARD)])))
        part.replace(target)


def _packed(sample: Sample) -> dict[str, np.ndarray]:
    def array(values: torch.Tensor, factor: float, kind: type) -> np.ndarray:
        return (values * factor).round().cpu().numpy().astype(kind)

    return {
        "photo": array(sample.photo, 255, np.uint8),
        "guidance": array(sample.guidance, 127, np.int8),
        "target": array(sample.target, 127, np.int8),
        "far_guidance": array(sample.far_guidance, 127, np.int8),
        "far_target": array(sample.far_target, 127, np.int8),
        "mask": array(sample.mask, 1, np.uint8),
        "weight": array(sample.weight, _WEIGHT, np.uint8),
        "points": sample.shape.points.cpu().numpy(),
        "prior": sample.shape.prior.cpu().numpy().astype(np.float16),
        "occupancy": array(sample.shape.occupancy, 1, np.uint8),
        "code": sample.shape.code.cpu().numpy().astype(np.float16),
    }


class SamplePool:
    """Reads random samples of a folder that may still be growing.

    Args:
        folder: of `fill_pool`.
        seed: of the choice.
        open_shards: how many shards are mixed at a time.
    """

    def __init__(self, folder: Path, seed: int, open_shards: int = 6) -> None:
        self._folder, self._random = folder, np.random.default_rng(seed)
        self._count, self._open = open_shards, []
        self._names: list[Path] = []
        self._looked = -np.inf

    def batches(self, count: int) -> Iterator[Sample]:
        """Endless batches of `count` samples.

        Raises:
            SettingsError: a file was drawn by another version.
        """
        while True:
            yield stack([self._one() for _ in range(count)])

    def _one(self) -> Sample:
        while len(self._open) < self._count:
            self._open.append(self._shard())
        which = int(self._random.integers(len(self._open)))
        arrays, order = self._open[which]
        index = order.pop()
        if not order:
            del self._open[which]
        return _unpacked(arrays, index)

    def _shard(self) -> tuple[dict[str, np.ndarray], list[int]]:
        while time.monotonic() - self._looked > 60 or not self._names:
            self._names = sorted(path for path in self._folder.glob("*.npz") if path.is_file())
            self._looked = time.monotonic()
            if not self._names:
                _LOG.info("waiting for samples in %s", self._folder.name)
                time.sleep(2)
        name = self._names[int(self._random.integers(len(self._names)))]
        try:
            with np.load(name) as data:
                arrays = {key: data[key] for key in data.files}
        except FileNotFoundError:  # taken away since it was listed
            self._looked = -np.inf
            return self._shard()
        missing = sorted(set(_NAMES) - arrays.keys())
        if missing:
            raise SettingsError(
                f"The pool file {name.name} has no {missing[0]}; it was drawn by another version: draw a fresh pool."
            )
        return arrays, [int(i) for i in self._random.permutation(len(arrays["photo"]))]


def _unpacked(arrays: dict[str, np.ndarray], index: int) -> Sample:
    def tensor(name: str, factor: float = 1.0) -> Float[torch.Tensor, "..."]:
        return torch.from_numpy(arrays[name][index].astype(np.float32)) / factor

    return Sample(
        tensor("photo", 255),
        tensor("guidance", 127),
        tensor("target", 127),
        tensor("mask"),
        tensor("weight", _WEIGHT),
        ShapePoints(tensor("points"), tensor("prior"), tensor("occupancy"), tensor("code")),
        tensor("far_guidance", 127),
        tensor("far_target", 127),
    )
