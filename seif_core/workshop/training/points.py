"""Training of the network that finds the dense points, on drawn heads alone."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...errors import SettingsError
from ...headmodel import HeadModel
from ...headmodel.dense_set import DenseSet, dense_set
from ...portrait.mesh_topology import MESH_POINTS
from ...portrait.points_inputs import FEATURE_CHANNELS, frozen_features
from ...portrait.points_network import FoundPoints, PointsNetwork, PointsSettings
from ...shapes import Bool, Float
from .loop import LoopSettings, TrainingLoop
from .points_samples import PointSample, ShownPoints, point_samples, shown

_LOG: Final = logging.getLogger(__name__)
_PATCHES: Final = 400
"""Pieces of pictures from which pasted things and walls take their look."""
_FIRST_WEIGHT: Final = 1.0
_SEEN_WEIGHT: Final = 0.3
_PLAIN_WEIGHT: Final = 1.0
"""Weights of the first look's error, of visibility and of the plain error (in per cent of the crop's side) beside the
likelihood, which alone lets points go that it believes to be hard. By a short trial."""
_HIDDEN: Final = 0.25
"""How much the plain error of a point counts that the picture does not show."""
_READY: Final = 1500
"""Showings that are made before the first step."""
_LEAST_SIGMA: Final = 1e-3
"""Crop sides: a fifth of a pixel; below it the likelihood would reward what no picture tells."""


@dataclass(frozen=True)
class PointsTraining:
    """One training run.

    Attributes:
        loop: steps, rates, checkpoints; see there.
        shards: files of pools and, for each, the file of its points' truth.
        batch: samples a step.
        kept: showings that are kept ready and drawn from; the oldest gives way to each new one.
        fresh: new showings for each that is learned from, once there are as many as are kept.
    """

    loop: LoopSettings
    shards: tuple[tuple[Path, Path], ...]
    batch: int = 16
    kept: int = 3000
    fresh: float = 0.25


class PointsBatch(NamedTuple):
    """What one step learns from."""

    image: Float[torch.Tensor, "B 3 S S"]
    features: dict[int, Float[torch.Tensor, "B c s s"]]
    mesh: Float[torch.Tensor, "B M 3"]
    places: Float[torch.Tensor, "B N 2"]
    seen: Bool[torch.Tensor, "B N"]


def train_points(settings: PointsTraining, model: HeadModel) -> Path:
    """Train, or go on; returns the last checkpoint (a dictionary of tensors, read with `weights_only=True`).

    Raises:
        SettingsError: there are no heads.
        ModelError: the checkpoint is damaged or of another network.
    """
    points = dense_set(model)
    loop = TrainingLoop(settings.loop, lambda: PointsNetwork(PointsSettings(len(points.vertices))))
    source = _Showings(settings, points, loop.first)
    if loop.first == 0:
        for network in (loop.network, loop.averaged):
            network.begin(*source.examples())  # pyright: ignore[reportCallIssue]
    start = time.perf_counter()
    try:
        for step in loop.steps():
            batch = source.batch()
            with loop.half():
                found = loop.network(batch.image, batch.features, batch.mesh)
            loop.optimise(points_loss(found, batch.places, batch.seen))
            if loop.saved(step):
                minutes = (time.perf_counter() - start) / 60
                _LOG.info("step %d loss %.4f, %.1f min, %d showings", step + 1, loop.last_loss, minutes, source.made)
    finally:
        source.stop()
    return loop.checkpoint


def points_loss(
    found: FoundPoints, places: Float[torch.Tensor, "B N 2"], seen: Bool[torch.Tensor, "B N"]
) -> Float[torch.Tensor, ""]:
    """Gaussian negative log likelihood of the points, with the plain errors and the visibility beside it.

    Args:
        found: what the network says.
        places: where the points are, crop sides from the middle.
        seen: which of them are to be seen.
    """
    off = (found.places - places).norm(dim=-1)
    sigma = found.log_sigma.exp() + _LEAST_SIGMA
    likelihood = 2 * torch.log(sigma / 0.01) + off**2 / (2 * sigma**2)
    plain = _rounded(off) + _FIRST_WEIGHT * _rounded((found.first - places).norm(dim=-1))
    counted = torch.where(seen, 1.0, _HIDDEN)
    plain = (plain * counted).sum() / counted.sum()
    told = F.binary_cross_entropy_with_logits(found.seen, seen.float())
    return likelihood.clamp(max=30).mean() + _PLAIN_WEIGHT * plain + _SEEN_WEIGHT * told


def _rounded(off: torch.Tensor) -> torch.Tensor:
    """A distance in per cent of the crop's side, its tip rounded so that it has a slope at 0."""
    return torch.sqrt((off * 100) ** 2 + 1e-2)


def network_batch(images: np.ndarray, features: dict[int, np.ndarray]) -> tuple[torch.Tensor, dict[int, torch.Tensor]]:
    """Crops (B, S, S, 3) uint8 and features (B, c, s, s) as the network takes them."""
    image = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    last = torch.channels_last
    return image.contiguous(memory_format=last), {
        side: torch.from_numpy(values).float().contiguous(memory_format=last) for side, values in features.items()
    }


class _Showings:
    """Makes showings in a thread and keeps the latest; steps draw from what is there."""

    def __init__(self, settings: PointsTraining, points: DenseSet, first: int) -> None:
        self.settings, self.points = settings, points
        self.draw = np.random.default_rng((settings.loop.seed, first))
        self.heads: list[PointSample] = [one for pair in settings.shards for one in point_samples(*pair)]
        if not self.heads:
            raise SettingsError("There are no drawn heads to learn the points from; draw some with seif train heads.")
        self._choose = np.random.default_rng((settings.loop.seed, first, 1))
        self._patches = [self._patch() for _ in range(_PATCHES)]
        self.made, self._wanted, self._stopped = (
            0,
            float(min(settings.kept, _READY if first == 0 else _READY // 3)),
            threading.Event(),
        )
        count, n = settings.kept, len(points.vertices)
        self._images = np.zeros((count, 192, 192, 3), np.uint8)
        self._features = {side: np.zeros((count, c, side, side), np.float16) for side, c in FEATURE_CHANNELS.items()}
        self._meshes = np.zeros((count, MESH_POINTS, 3), np.float32)
        self._places, self._seen = np.zeros((count, n, 2), np.float32), np.zeros((count, n), bool)
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    def examples(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Meshes and places of the first showings."""
        while self.made < _READY:
            self._wait()
        return torch.from_numpy(self._meshes[:_READY]), torch.from_numpy(self._places[:_READY])

    def _wait(self) -> None:
        time.sleep(0.1)
        if not self._thread.is_alive():
            raise SettingsError("The drawn heads cannot be shown; draw them anew.")

    def batch(self) -> PointsBatch:
        """Some of the latest showings."""
        while self.made < 4 * self.settings.batch:
            self._wait()
        self._wanted += self.settings.fresh * self.settings.batch
        rows = self._choose.choice(min(self.made, self.settings.kept), self.settings.batch, replace=False)
        image, features = network_batch(self._images[rows], {s: f[rows] for s, f in self._features.items()})
        return PointsBatch(
            image,
            features,
            torch.from_numpy(self._meshes[rows]),
            torch.from_numpy(self._places[rows]),
            torch.from_numpy(self._seen[rows].copy()),
        )

    def stop(self) -> None:
        """Make no more."""
        self._stopped.set()
        self._thread.join()

    def _make(self) -> None:
        cv2.setNumThreads(1)
        while not self._stopped.is_set():
            if self.made >= self._wanted:
                time.sleep(0.01)
                continue
            one = self._shown(int(self.draw.integers(len(self.heads))))
            row = self.made % self.settings.kept
            told = frozen_features(one.image)
            for side, values in told.features.items():
                self._features[side][row] = values
            self._meshes[row] = told.mesh
            self._images[row], self._places[row], self._seen[row] = one.image, one.places, one.seen
            self.made += 1

    def _shown(self, k: int) -> ShownPoints:
        return shown(self.heads[k], self.points, self.draw, self._patches)

    def _patch(self) -> np.ndarray:
        image = self.heads[int(self.draw.integers(len(self.heads)))].head.image
        side = int(self.draw.integers(24, len(image) // 3))
        x, y = self.draw.integers(0, len(image) - side, 2)
        return image[y : y + side, x : x + side].copy()
