"""Head pose and key weights of all frames at once, from their landmarks on one person.

Each round finds outliers anew and what the person's own neutral differs by from the head that stands for it: a face
mesh sees every person a little wrong, always in the same way, and that error would be taken for an expression that
never ends. Where the neutral is told (a frame's number), it is exact; else the quietest frames show it, of whose
weights what lies below `CaptureSettings.likely_bias` is taken for it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..fitting.parameters import LOG_DISTANCE, ROOT
from ..fitting.start import starting_parameters
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..progress import Progress
from ..shapes import Float
from .bounded_step import bounded_step
from .energy import (
    FIRST_WEIGHT,
    PLACE,
    POSE,
    SHARP,
    FrameEnergy,
    landmark_sigma,
    observation_matrix,
    shared_noise,
    whitened,
)
from .person import UNSEEN_KEYS, Person
from .response import seen_movements
from .settings import CaptureSettings

_PATIENCE: Final = 4.0
"""Standard deviations at which a landmark starts to count as an outlier (Geman and McClure)."""
_QUIET_SHARE: Final = 0.15
_QUIET_LEAST: Final = 3
"""Share and least number of the frames that count as quiet."""
_DEPTH_COMMON: Final = 30.0
"""How much less depths weigh than places in the picture, besides 1, of their squares: they err together. Chosen, not
measured."""


class View(NamedTuple):
    """The camera of a video, pixels."""

    focal: float
    centre: tuple[float, float]


class Solved(NamedTuple):
    """What was found in F frames.

    Attributes:
        weights: (F, K) in 0..1, of all keys.
        rotation: (F, 3) axis-angle of the head, camera space.
        translation: (F, 3) metres of the head's root joint, camera space.
        error: (F,) mean distance of the landmarks in metres at the head.
    """

    weights: Float[np.ndarray, "F K"]
    rotation: Float[np.ndarray, "F 3"]
    translation: Float[np.ndarray, "F 3"]
    error: Float[np.ndarray, " F"]


def solve_frames(
    landmarks: Float[np.ndarray, "F L 3"],
    person: Person,
    view: View,
    settings: CaptureSettings,
    progress: Progress | None = None,
) -> Solved:
    """Find pose and weights in every frame.

    Args:
        landmarks: (F, 478, 3) of the face mesh, pixels.
        person: whom the video shows.
        view: its camera.
        settings: noise and priors.
        progress: asked at every round whether to go on.

    Raises:
        PhotoUnsuitableError: the landmarks of a frame fall together.
        CancelledError: the user cancelled.
    """
    return _Search(landmarks.astype(np.float64), person, view, settings).run(progress or Progress())


class _Search:
    def __init__(self, landmarks: np.ndarray, person: Person, view: View, settings: CaptureSettings) -> None:
        self.settings, self.view, self.person = settings, view, person
        sigma = landmark_sigma(settings, person.embedding.sigma)
        self.rows = np.flatnonzero(np.isfinite(sigma))
        self.sigma = sigma[self.rows]
        neutral, keys = person.marks()
        self.neutral, self.correlation = neutral - person.joints[0], shared_noise(neutral)[np.ix_(self.rows, self.rows)]
        self.searched = np.array([name not in UNSEEN_KEYS for name in person.key_names])
        self.keys = torch.as_tensor(seen_movements(keys[self.searched], list(SHARP)))
        self.measured = torch.as_tensor(observation_matrix()[self.rows])
        self.landmarks = torch.as_tensor(landmarks)
        spread = [settings.gaze_spread if n.startswith("eyeLook") else settings.spread for n in self._names()]
        self.spread = torch.tensor(spread, dtype=torch.float64)
        depth = np.zeros(MEDIAPIPE.count)
        depth[self.rows] = settings.depth_share**0.5 / self.sigma
        depth[list(MEDIAPIPE.iris_points)] = 0
        self.depth_weight = torch.as_tensor(depth / np.sqrt(1 + _DEPTH_COMMON))
        self.offset = torch.zeros((len(self.rows), 2), dtype=torch.float64)
        self.trust = torch.ones((len(landmarks), len(self.rows)), dtype=torch.float64)
        self.white = whitened(self.correlation, self.sigma)
        self.params = torch.as_tensor(self._start(landmarks, neutral - person.joints[0]))

    def _names(self) -> list[str]:
        return [name for name, searched in zip(self.person.key_names, self.searched, strict=True) if searched]

    def _start(self, landmarks: np.ndarray, points: np.ndarray) -> np.ndarray:
        params = np.zeros((len(landmarks), FIRST_WEIGHT + len(self.keys)))
        solid = [k for k in self.rows if k not in MEDIAPIPE.iris_points]
        weights = np.ones(len(solid))
        for row, marks in enumerate(landmarks):
            start = starting_parameters(
                points[solid], weights, marks[solid, :2], centre=self.view.centre, focal=self.view.focal, distance=1.0
            )
            away = float(np.exp(start[LOG_DISTANCE]))
            params[row, POSE] = start[ROOT]
            params[row, PLACE] = (away * start[3], away * start[4], -away)
        return params

    def run(self, progress: Progress) -> Solved:
        rounds = self.settings.rounds
        for turn in range(rounds):
            for step in range(self.settings.steps):
                progress.step((turn + step / self.settings.steps) / rounds)
                energy = self.energy()
                gradient, matrix = energy.linearise(self.params)
                self.params = bounded_step(self.params, gradient, matrix, free=FIRST_WEIGHT)
            if turn + 1 < rounds:
                self._find_neutral()
                self._find_outliers()
        return self._result()

    def energy(self) -> FrameEnergy:
        """The energy with the neutral and the outliers that are known by now."""
        scale = self.view.focal / -self.params[:, PLACE][:, 2]
        observed = self.measured @ self.landmarks[..., :2]
        rotation = self._in_plane()
        shift = torch.einsum("bxy,my->bmx", rotation, self.offset) * scale[:, None, None]
        return FrameEnergy(
            torch.as_tensor(self.neutral),
            self.keys,
            self.measured,
            self.view.focal,
            torch.tensor(self.view.centre, dtype=torch.float64),
            observed - shift,
            self.landmarks[..., 2],
            self.white,
            self.trust,
            self.depth_weight,
            scale,
            self.spread,
            self.settings.sparsity,
        )

    def _in_plane(self) -> torch.Tensor:
        """(B, 2, 2) from the head's upright frame to the picture's, y down: how the face is rolled."""
        z = self.params[:, 2]
        cos, sin = z.cos(), z.sin()
        return torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)

    def _find_neutral(self) -> None:
        """What the person's landmarks differ by from the head's, metres in the upright frame of the face."""
        if self.settings.neutral == "none":
            return
        weights, frame = self.params[:, FIRST_WEIGHT:], self.settings.neutral_frame
        total = (weights / self.spread).sum(1)
        if frame is not None:
            chosen = torch.tensor([min(frame, len(weights) - 1)])
            likely = torch.zeros_like(weights[chosen])
        else:
            count = min(len(weights), max(_QUIET_LEAST, round(_QUIET_SHARE * len(weights))))
            chosen = total.argsort()[:count]
            likely = (weights[chosen] - self.settings.likely_bias).clamp(min=0)
        gaze = torch.tensor([name.startswith("eyeLook") for name in self._names()])
        likely = torch.where(gaze, weights[chosen], likely)
        still = torch.cat([self.params[chosen, :FIRST_WEIGHT], likely], 1)
        energy = self.energy()
        seen = self.measured @ self.landmarks[chosen, :, :2]
        differing = (seen - self.measured @ energy.pixels(still)) / energy.scale[chosen, None, None]
        upright = torch.einsum("bxy,bmx->bmy", self._in_plane()[chosen], differing)
        self.offset = upright.median(0).values

    def _find_outliers(self) -> None:
        square = (self.energy().residual(self.params) / torch.as_tensor(self.sigma)[:, None]).square().sum(-1)
        self.trust = 1 / (1 + square / _PATIENCE**2)

    def _result(self) -> Solved:
        found = self.params.numpy()
        weights = np.zeros((len(found), len(self.person.key_names)))
        weights[:, self.searched] = found[:, FIRST_WEIGHT:]
        error = self.energy().residual(self.params).norm(dim=-1).mean(1).numpy()
        return Solved(weights, found[:, POSE].copy(), found[:, PLACE].copy(), error)
