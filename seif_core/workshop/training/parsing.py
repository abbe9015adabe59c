"""Training of the parsing network on real portraits of which only a part is known, and on drawn heads."""

from __future__ import annotations

import logging
import time
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch

from ...errors import SettingsError
from ...portrait.head_parsing import CLASSES
from ...portrait.parsing_inputs import network_inputs
from ...portrait.parsing_network import ParsingNetwork
from ...shapes import Float, Int
from .loop import LoopSettings, TrainingLoop
from .parsing_samples import ParsingSample, varied

_LOG: Final = logging.getLogger(__name__)
_AHEAD: Final = 3
"""Batches that are made ready while the network learns."""
_PASTED_ON_DRAWN: Final = 0.15
"""Share of the drawn samples that something is pasted onto: they have things of their own."""
_UNKNOWN: Final = 255
"""Label of a drawn pixel of which nothing is known."""
_PATCHES: Final = 400
"""Pieces of pictures from which pasted things take their look."""
_RARE: Final = {"glasses": 2.0, "front": 1.5, "beard": 1.5, "headwear": 1.2, "hair": 1.3, "brows": 1.5}
"""How much more a pixel of these counts than others, which are many. Chosen by eye."""


@dataclass(frozen=True)
class ParsingTraining:
    """One training run.

    Attributes:
        loop: steps, rates, checkpoints; see there.
        photos: folder of samples of real portraits (`parsing_photos`).
        drawn: folder of drawn samples, which may still grow; None for none.
        batch: samples a step.
        drawn_share: share of the samples that are drawn, once there are some.
        pasted: share of the real ones that something is pasted onto.
        left_out: each so manieth real portrait is kept back for measuring.
    """

    loop: LoopSettings
    photos: Path
    drawn: Path | None = None
    batch: int = 8
    drawn_share: float = 0.4
    pasted: float = 0.5
    left_out: int = 18


class Batch(NamedTuple):
    """What one step learns from."""

    maps: Float[torch.Tensor, "B 11 S S"]
    features: dict[int, Float[torch.Tensor, "B c s s"]]
    allowed: Int[torch.Tensor, "B S S"]


def train_parsing(settings: ParsingTraining) -> Path:
    """Train, or go on; returns the last checkpoint (a dictionary of tensors, read with `weights_only=True`).

    Raises:
        SettingsError: there are no photos.
        ModelError: the checkpoint is damaged or of another network.
    """
    loop = TrainingLoop(settings.loop, ParsingNetwork)
    batches = _ahead(_Batches(settings, loop.first))
    start = time.perf_counter()
    for step in loop.steps():
        batch = next(batches)
        with loop.half():
            logits = loop.network(batch.maps, batch.features)
        loop.optimise(partial_loss(logits.float(), batch.allowed))
        if loop.saved(step):
            _LOG.info("step %d loss %.4f, %.1f minutes", step + 1, loop.last_loss, (time.perf_counter() - start) / 60)
    return loop.checkpoint


def partial_loss(
    logits: Float[torch.Tensor, "B 9 S S"], allowed: Int[torch.Tensor, "B S S"]
) -> Float[torch.Tensor, ""]:
    """Minus the log of what the network gives to all classes that a pixel may have.

    The mean is taken over pixels of which something is known.

    Args:
        logits: of the classes.
        allowed: the classes as bits (bit k for `CLASSES[k]`), 0 where nothing is known.
    """
    shift = torch.arange(len(CLASSES), device=allowed.device)[:, None, None]
    may = ((allowed[:, None] >> shift) & 1).bool()
    known = may.any(1)
    weight = known.to(logits.dtype)
    alone = may.sum(1) == 1
    for name, times in _RARE.items():
        weight = torch.where(alone & may[:, CLASSES.index(name)], weight * times, weight)
    some = may | ~known[:, None]  # no logarithm of nothing
    lost = logits.logsumexp(1) - logits.masked_fill(~some, -1e4).logsumexp(1)
    return (lost * weight).sum() / weight.sum().clamp(min=1)


class _Batches:
    """Draws samples, varies them, and asks the segmentation network."""

    def __init__(self, settings: ParsingTraining, first: int) -> None:
        s = self.settings = settings
        self.draw = np.random.default_rng((s.loop.seed, first))
        self.real: dict[Path, list[ParsingSample]] = {}
        self.drawn: dict[Path, list[ParsingSample]] = {}
        self._take(self.real, s.photos)
        self.patches = [self._patch() for _ in range(_PATCHES)]
        self._looked = -np.inf

    def __iter__(self) -> Iterator[Batch]:
        while True:
            self._look()
            yield stacked([self._one() for _ in range(self.settings.batch)])

    def _one(self) -> ParsingSample:
        s = self.settings
        if self.drawn and self.draw.random() < s.drawn_share:
            return varied(self._any(self.drawn), self.draw, self.patches, _PASTED_ON_DRAWN)
        return varied(self._any(self.real), self.draw, self.patches, s.pasted)

    def _any(self, pool: dict[Path, list[ParsingSample]]) -> ParsingSample:
        samples = list(pool.values())[self.draw.integers(len(pool))]
        return samples[self.draw.integers(len(samples))]

    def _patch(self) -> np.ndarray:
        image = self._any(self.real).image
        side = len(image)
        size = int(self.draw.integers(side // 8, side // 2))
        x, y = self.draw.integers(0, side - size, 2)
        return image[y : y + size, x : x + size]

    def _look(self) -> None:
        """Take in what was added to the folders since; once a minute."""
        s = self.settings
        if time.monotonic() - self._looked < 60:
            return
        self._take(self.real, s.photos)
        if s.drawn is not None and any(s.drawn.glob("*.npz")):
            self._take(self.drawn, s.drawn)
        self._looked = time.monotonic()

    def _take(self, pool: dict[Path, list[ParsingSample]], folder: Path) -> None:
        paths = training_files(folder, self.settings.left_out)
        pool.update({path: load_samples(path) for path in paths if path not in pool})


def training_files(folder: Path, left_out: int, *, kept_back: bool = False) -> list[Path]:
    """The samples that are trained on, or those that are kept back: about each `left_out`-th, told by their names.

    Raises:
        SettingsError: there are none.
    """
    paths = sorted(path for path in folder.glob("*.npz") if not path.name.endswith(".part.npz"))
    chosen = [path for path in paths if (zlib.crc32(path.stem.encode()) % left_out == 0) == kept_back]
    if not chosen:
        raise SettingsError(f"The folder {folder.name} holds no samples of photos; make them first.")
    return chosen


def load_samples(path: Path) -> list[ParsingSample]:
    """The samples of a file, as `parsing_photos` or the drawing wrote it.

    Raises:
        SettingsError: the file was written by another version.
    """
    with np.load(path) as data:
        if "labels" in data.files:
            photos, labels, landmarks = (data[name] for name in ("photo", "labels", "landmarks"))
            seen = np.ones(labels.shape[1:], np.float32)
            return [_drawn(*one, seen) for one in zip(photos, labels, landmarks, strict=True)]
        missing = sorted(set(ParsingSample._fields) - set(data.files))
        if missing:
            raise SettingsError(f"The sample {path.name} has no {missing[0]}; another version wrote it: make it anew.")
        arrays = {name: data[name] for name in ParsingSample._fields}
    arrays["seen"] = arrays["seen"].astype(np.float32) / 255
    return [ParsingSample(**arrays)]


def _drawn(photo: np.ndarray, labels: np.ndarray, landmarks: np.ndarray, seen: np.ndarray) -> ParsingSample:
    allowed = np.where(labels == _UNKNOWN, 0, np.uint16(1) << np.minimum(labels, len(CLASSES) - 1).astype(np.uint16))
    points = landmarks[:, :2].astype(np.float32)
    return ParsingSample(photo, allowed.astype(np.uint16), seen, points, points)


def stacked(samples: list[ParsingSample]) -> Batch:
    """What the network is shown of samples that are in its crop already."""
    shown = [
        network_inputs(s.image, s.seen, s.points.astype(np.float64), s.outline.astype(np.float64)) for s in samples
    ]

    def stack(parts: list[np.ndarray]) -> torch.Tensor:
        return torch.from_numpy(np.stack(parts)).contiguous(memory_format=torch.channels_last)

    features = {side: stack([one.features[side] for one in shown]) for side in shown[0].features}
    allowed = torch.from_numpy(np.stack([s.allowed.astype(np.int32) for s in samples]))
    return Batch(stack([one.maps for one in shown]), features, allowed)


def _ahead(batches: _Batches) -> Iterator[Batch]:
    """The batches, made ready by a thread while the network learns."""
    source = iter(batches)
    with ThreadPoolExecutor(1, initializer=cv2.setNumThreads, initargs=(1,)) as maker:
        ready = deque(maker.submit(next, source) for _ in range(_AHEAD))
        while True:
            got = ready.popleft().result()
            ready.append(maker.submit(next, source))
            yield got
