"""Head pose and key weights of all frames at once, from their points on one person.

Each round finds anew outliers, what the person's own neutral is seen to differ by from the head that stands for it, and
what a weight costs. A network sees every person a little wrong, always in the same way, and that error would be taken
for an expression that never ends. Where the neutral is told (a frame's number), it is exact; else a key is taken to
rest in some of the frames: what it never falls below is the person's, up to `CaptureSettings.likely_bias`. A weight
costs the less the larger it was found, so that what moves is not held back and what is still stays so (Candes, Wakin
and Boyd, Enhancing sparsity by reweighted l1 minimization, 2008).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..fitting.parameters import LOG_DISTANCE, ROOT
from ..fitting.start import starting_parameters
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..progress import Progress
from ..shapes import Float, Int
from .bounded_step import bounded_step
from .energy import FIRST_WEIGHT, PLACE, POSE, FrameEnergy, Noise
from .person import UNSEEN_KEYS, Person
from .response import Response, measured_response
from .settings import CaptureSettings
from .tracking import DenseTrack

_PATIENCE: Final = 4.0
"""Standard deviations at which a point starts to count as an outlier (Geman and McClure)."""


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
        error: (F,) mean distance of the points in metres at the head.
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
    *,
    progress: Progress | None = None,
    dense: DenseTrack | None = None,
) -> Solved:
    """Find pose and weights in every frame.

    Args:
        landmarks: (F, 478, 3) of the face mesh, pixels.
        person: whom the video shows.
        view: its camera.
        settings: priors.
        progress: asked at every round whether to go on.
        dense: dense points in the same frames, of a person of the Open head.

    Raises:
        PhotoUnsuitableError: the landmarks of a frame fall together.
        CancelledError: the user cancelled.
    """
    return Search(landmarks.astype(np.float64), person, view, settings, dense=dense).run(progress or Progress())


class Search:
    """The search on one person.

    Attributes:
        searched: (K,) which of the person's keys are searched.
        params: (F, P) of all frames, as in `energy`.
        offset: (M, 2) metres by which the person's points are seen elsewhere.
    """

    def __init__(
        self,
        landmarks: np.ndarray,
        person: Person,
        view: View,
        settings: CaptureSettings,
        *,
        dense: DenseTrack | None = None,
        response: Response | None = None,
    ) -> None:
        """Begin; a `response` other than the one that ships is for measuring it."""
        self.settings, self.view, self.person = settings, view, person
        response = response or measured_response()
        response = response if dense is not None else response.without_dense()
        places = landmarks[..., :2] if dense is None else np.concatenate([landmarks[..., :2], dense.pixels], 1)
        points = response.points
        neutral, keys = person.points(None if dense is None else dense.vertices)
        self.searched = np.array([name not in UNSEEN_KEYS for name in person.key_names])
        seen = response.seen(person.key_names, keys[:, points])
        self.neutral = torch.as_tensor(neutral[points] - person.joints[0])
        self.keys = torch.as_tensor(seen[self.searched])
        self.observed = torch.as_tensor(places[:, points].astype(np.float64))
        row = {int(point): index for index, point in enumerate(points)}
        self.irises = tuple(
            (row[iris], [row[lid] for lid in lids]) for iris, lids in zip(MEDIAPIPE.irises, MEDIAPIPE.lids, strict=True)
        )
        down = np.array([1.0, -1.0])[:, None]
        factors = (response.factors * down).reshape(2 * len(points), -1)
        self.noise = Noise(torch.as_tensor(factors), torch.as_tensor(response.own.ravel()))
        self.gaze = torch.tensor([name.startswith("eyeLook") for name in self._names()])
        self.spread = torch.where(self.gaze, settings.gaze_spread, settings.spread).double()
        self.offset = torch.zeros((len(points), 2), dtype=torch.float64)
        self.trust = torch.ones(self.observed.shape[:2], dtype=torch.float64)
        self.params = torch.as_tensor(self._start(landmarks, points[points < MEDIAPIPE.iris_points[0]]))
        self.sparsity = torch.full((len(landmarks), len(self.keys)), settings.sparsity, dtype=torch.float64)

    def _names(self) -> list[str]:
        return [name for name, searched in zip(self.person.key_names, self.searched, strict=True) if searched]

    def _start(self, landmarks: np.ndarray, solid: Int[np.ndarray, " S"]) -> np.ndarray:
        params = np.zeros((len(landmarks), FIRST_WEIGHT + len(self.keys)))
        points = self.person.points()[0][solid] - self.person.joints[0]
        for row, marks in enumerate(landmarks):
            start = starting_parameters(
                points,
                np.ones(len(solid)),
                marks[solid, :2],
                centre=self.view.centre,
                focal=self.view.focal,
                distance=1.0,
            )
            away = float(np.exp(start[LOG_DISTANCE]))
            params[row, POSE] = start[ROOT]
            params[row, PLACE] = (away * start[3], away * start[4], -away)
        return params

    def run(self, progress: Progress) -> Solved:
        """All rounds.

        Raises:
            CancelledError: the user cancelled.
        """
        settings = self.settings
        for turn in range(settings.rounds):
            for step in range(settings.steps):
                progress.step((turn + step / settings.steps) / settings.rounds)
                gradient, matrix = self.energy().linearise(self.params)
                self.params = bounded_step(self.params, gradient, matrix, free=FIRST_WEIGHT)
            if turn + 1 < settings.rounds:
                self._find_neutral()
                self._find_outliers()
                weights = self.params[:, FIRST_WEIGHT:]
                self.sparsity = settings.sparsity * settings.reweighting / (settings.reweighting + weights)
        return self._result()

    def energy(self) -> FrameEnergy:
        """The energy with the neutral and the outliers that are known by now."""
        return FrameEnergy(
            self.neutral,
            self.keys,
            self.irises,
            self.view.focal,
            torch.tensor(self.view.centre, dtype=torch.float64),
            self.observed,
            self.offset,
            self.noise,
            self.trust,
            self.spread,
            self.sparsity,
        )

    def _find_neutral(self) -> None:
        """What the person's points differ by from the head's, metres in the upright frame of the face."""
        if self.settings.neutral == "none":
            return
        weights, frame = self.params[:, FIRST_WEIGHT:], self.settings.neutral_frame
        own = torch.quantile(weights, self.settings.rest_share, dim=0).clamp(max=self.settings.likely_bias)
        likely = weights - own if frame is None else torch.zeros_like(weights)
        params = torch.cat([self.params[:, :FIRST_WEIGHT], torch.where(self.gaze, weights, likely)], 1)
        differing = self.offset - self.energy().residual(params)
        chosen = slice(None) if frame is None else [min(frame, len(weights) - 1)]
        self.offset = differing[chosen].median(0).values

    def _find_outliers(self) -> None:
        square = (self.energy().residual(self.params).square() / self.noise.variance()).sum(-1)
        self.trust = 1 / (1 + square / _PATIENCE**2)

    def _result(self) -> Solved:
        found = self.params.numpy()
        weights = np.zeros((len(found), len(self.person.key_names)))
        weights[:, self.searched] = found[:, FIRST_WEIGHT:]
        error = self.energy().residual(self.params).norm(dim=-1).mean(1).numpy()
        return Solved(weights, found[:, POSE].copy(), found[:, PLACE].copy(), error)
