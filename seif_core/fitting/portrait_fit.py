"""Fit a head model to portraits: rigid start, then shape, expression, jaw and camera together, then the gaze.

All stages minimise the `Energy` by Levenberg-Marquardt on the landmarks alone, in double precision, so that the same
portrait gives the same head. The landmarks are levelled first, so that a photo that lies on its side gives the head of
the upright one. Outliers and contour points are found anew in every round.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import torch

from ..device import choose_device, one_thread
from ..errors import ModelError, PhotoUnsuitableError
from ..geometry.camera import Camera
from ..headmodel import HeadModel
from ..headmodel.landmark_schemes import LandmarkScheme, landmark_scheme
from ..headmodel.skinning import pose_vertices
from ..headmodel.torch_model import TorchHeadModel
from ..portrait.portrait import Portrait
from ..progress import Progress
from .contour import ContourFinder, Silhouette
from .energy import Energy, Sightings, noise_correlation, scale_of
from .fit import Fit
from .key_prior import expression_precision_root
from .keys import ExpressionSpace
from .levenberg import minimize
from .parameters import (
    EYES,
    JAW,
    PLACE,
    RIGID_COUNT,
    ROOT,
    Layout,
    PointSet,
    focal_of,
    points,
    pose_of,
    project,
    translation_of,
)
from .priors import prior_rows
from .roll import level, rolled_fit
from .settings import FitSettings
from .shared_identity import SharedIdentity
from .sighted import dense_vertices, sighted_points
from .start import starting_parameters
from .teeth import jaw_opening, teeth_gap

_LEAST_LANDMARKS: Final = 12
"""Usable landmarks below which a model has no landmarks to fit: pose, focal length and some shape need as many."""
_MANY: Final = 8
"""Portraits from which a second thread is worth its waking; measured on two cores: one portrait takes 0.7 s with one
thread and 1.3 s with two."""


_SEEN: Final = 0.5
"""Probability from which a dense point is one that the photo shows."""
_GUESSED: Final = 99.0
"""Variance, in units of a landmark's own, that one beyond the photo's frame has on top: ten times the spread. On a
sample portrait whose sides were cut off the face comes 0.9 and 1.0 mm from that of the whole photo instead of 1.3 and
2.1; with half of the face, or a corner, cut off it stays at 1.7 and 0.7 (1.5 and 0.6 without)."""


def fit_portrait(
    portrait: Portrait,
    model: HeadModel,
    *,
    device: str = "cpu",
    seed: int = 0,
    settings: FitSettings = FitSettings(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> Fit:
    """Fit `model` to one portrait; see `fit_portraits`."""
    return fit_portraits([portrait], model, device=device, seed=seed, settings=settings, progress=progress)[0]


def fit_same_person(
    portraits: list[Portrait],
    model: HeadModel,
    *,
    device: str = "cpu",
    seed: int = 0,
    settings: FitSettings = FitSettings(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> list[Fit]:
    """Fit `model` to portraits of one person, who has one identity for all of them; see `fit_portraits`."""
    return fit_portraits(
        portraits, model, device=device, seed=seed, settings=settings, progress=progress, same_person=True
    )


def fit_portraits(
    portraits: list[Portrait],
    model: HeadModel,
    *,
    device: str = "cpu",
    seed: int = 0,  # noqa: ARG001 - nothing here is random; the pipeline hands one seed to every stage
    settings: FitSettings = FitSettings(),  # noqa: B008 - frozen
    progress: Progress | None = None,
    same_person: bool = False,
) -> list[Fit]:
    """Fit `model` to portraits of one landmark scheme, each on its own, all at once.

    Args:
        portraits: one or more.
        model: the head model; it must carry the scheme's embedding.
        device: torch device; `mps` has no double precision, there the CPU does this step.
        seed: taken for uniformity.
        settings: noise, priors, effort.
        progress: reports and may cancel.
        same_person: whether they show one person, who then has one identity for all of them (`shared_identity`).

    Raises:
        PhotoUnsuitableError: landmarks that are not finite or fall together.
        ModelError: the model lacks the landmark embedding.
        SettingsError: unknown landmark scheme.
        DeviceError: no such device.
        CancelledError: the user cancelled.
    """
    scheme = landmark_scheme(portraits[0].landmark_scheme)
    _check(portraits, scheme, model)
    place = torch.device(choose_device(device))
    place = torch.device("cpu") if place.type == "mps" else place
    prepared = _prepare(model, scheme, settings, place)
    levelled, angles = zip(*(level(portrait, scheme) for portrait in portraits), strict=True)
    guessed = np.stack([p.beyond(p.landmarks[:, :2]) for p in portraits]).astype(np.float64)
    gaps = [teeth_gap(portrait, scheme) for portrait in portraits]
    fitter = _Fitter(
        list(levelled), model, prepared, settings, progress or Progress(),
        guessed=guessed, gaps=gaps, same_person=same_person,
    )  # fmt: skip
    with one_thread() if len(portraits) < _MANY else nullcontext():
        fits = fitter.run()
    return [rolled_fit(fit, angle) for fit, angle in zip(fits, angles, strict=True)]


def _check(portraits: list[Portrait], scheme: LandmarkScheme, model: HeadModel) -> None:
    if scheme.name not in model.embeddings or (model.embeddings[scheme.name].sigma > 0).sum() < _LEAST_LANDMARKS:
        raise ModelError(f"The head model '{model.name}' has no landmarks '{scheme.name}'; choose another detector.")
    for portrait in portraits:
        if portrait.landmarks.shape != (scheme.count, 3) or not np.isfinite(portrait.landmarks).all():
            raise PhotoUnsuitableError(
                f"The face in {portrait.name} has no usable landmarks ({scheme.count} finite points were expected); "
                "choose a photo with a clear face."
            )


class _Prepared(NamedTuple):
    """What depends on the model and the scheme alone; L landmarks used, in `used`."""

    scheme: LandmarkScheme
    space: ExpressionSpace
    used: np.ndarray
    sigma: torch.Tensor
    noise: torch.Tensor
    whole: TorchHeadModel
    vertex_ids: np.ndarray
    local: torch.Tensor
    finder: ContourFinder
    finder_model: TorchHeadModel
    contour_rows: torch.Tensor
    jaw_arm: float


@lru_cache(maxsize=4)
def _prepare(model: HeadModel, scheme: LandmarkScheme, settings: FitSettings, device: torch.device) -> _Prepared:
    embedding = model.embeddings[scheme.name]
    space = ExpressionSpace.of_model(model)
    searched = space.searched_model()
    used = np.array([k for k in range(scheme.count) if embedding.sigma[k] > 0 and k not in scheme.iris_points])
    sigma = np.sqrt(embedding.sigma[used].astype(np.float64) ** 2 + settings.detector_noise**2)
    positions = embedding.points(model.template.astype(np.float64))
    contour = tuple(k for k in scheme.contour if k in set(used.tolist()))
    finder = ContourFinder.build(model, embedding, contour)
    dense = dense_vertices(model)
    ids = np.unique(np.concatenate([embedding.vertex_ids.ravel(), finder.vertex_ids, dense]))
    local = np.full(len(model.template), -1)
    local[ids] = np.arange(len(ids))
    row_of = {int(k): row for row, k in enumerate(used)}
    return _Prepared(
        scheme,
        space,
        used,
        torch.as_tensor(sigma, device=device),
        torch.as_tensor(
            noise_correlation(positions[used], settings.noise_correlation, settings.noise_reach), device=device
        ),
        TorchHeadModel.from_model(searched, vertex_ids=ids, device=device, dtype=torch.float64),
        ids,
        torch.as_tensor(local, device=device),
        finder,
        TorchHeadModel.from_model(searched, vertex_ids=finder.vertex_ids, device=device, dtype=torch.float64),
        torch.as_tensor([row_of[k] for k in contour], dtype=torch.long, device=device),
        float(np.linalg.norm(positions[list(scheme.inner_lips)].mean(0) - model.joint_regressor[2] @ model.template)),
    )


def _restrict(model: TorchHeadModel, ids: torch.Tensor) -> TorchHeadModel:
    return replace(
        model,
        template=model.template[ids],
        shape_basis=model.shape_basis[:, ids],
        expression_basis=model.expression_basis[:, ids],
        pose_basis=model.pose_basis[:, ids],
        skin_weights=model.skin_weights[ids],
    )


class _Fitter:
    """One batch on its way through the stages; B portraits, P parameters."""

    def __init__(
        self,
        portraits: list[Portrait],
        model: HeadModel,
        prepared: _Prepared,
        settings: FitSettings,
        progress: Progress,
        *,
        guessed: np.ndarray,
        gaps: list[float | None],
        same_person: bool,
    ) -> None:
        self.portraits, self.model, self.prepared, self.settings = portraits, model, prepared, settings
        self.progress = progress
        self.layout = Layout(len(model.shape_basis), len(prepared.space.basis))
        self.shared = SharedIdentity(self.layout, len(portraits)) if same_person and len(portraits) > 1 else None
        self.embedding = model.embeddings[prepared.scheme.name]
        device = prepared.sigma.device
        marks = np.stack([p.landmarks for p in portraits]).astype(np.float64)
        self.marks = torch.as_tensor(marks, device=device)
        self.observed = self.marks[:, prepared.used, :2]
        self.focal, self.gaps = [p.focal_px for p in portraits], gaps
        self.centre = torch.tensor([p.principal_point for p in portraits], dtype=torch.float64, device=device)
        self.params = torch.zeros((len(portraits), self.layout.size), dtype=torch.float64, device=device)
        count = len(prepared.contour_rows)
        self.silhouette = Silhouette(
            torch.zeros((len(portraits), count), dtype=torch.bool, device=device),
            torch.zeros((len(portraits), count), dtype=torch.long, device=device),
            torch.zeros((len(portraits), count, 2), dtype=torch.float64, device=device),
        )
        bounded = prepared.space.bounded
        self.expression_root = torch.as_tensor(expression_precision_root(prepared.space, settings), device=device)
        self.lower = torch.full_like(self.params[0], -torch.inf)
        self.upper = -self.lower
        self.lower[JAW.start] = 0
        if bounded:
            self.lower[self.layout.expression], self.upper[self.layout.expression] = 0, 1
        self.sighted = None
        if settings.measured != "landmarks":
            self.sighted = sighted_points(portraits, model, settings.doubt, device)
        if self.sighted is not None:
            self.sighted_extra = torch.zeros_like(self.sighted.sigma)
            self.sighted_set = self._sighted_set(self.sighted.vertices)
        self.alone = self.sighted is not None and settings.measured == "dense"
        self.seeing = self.alone
        guesses = prepared.scheme.has_depth and not self.alone  # the dense points tell more of it
        self.depth = self.marks[:, prepared.used, 2] if guesses else None
        fine = np.isin(prepared.used, np.concatenate([*prepared.scheme.lids, prepared.scheme.inner_lips]))
        rows = np.flatnonzero(fine if self.alone else np.ones(len(fine)))
        self.kept = torch.as_tensor(rows, device=device)
        self.guessed = torch.as_tensor(guessed[:, prepared.used], device=device) * _GUESSED
        self.extra = self.guessed.clone()

    def run(self) -> list[Fit]:
        self._start()
        rigid = torch.zeros(self.layout.size, dtype=torch.bool, device=self.params.device)
        rigid[ROOT] = rigid[PLACE] = True
        self._round(rigid)
        everything = torch.ones_like(rigid)
        everything[EYES] = False
        for turn in range(self.settings.rounds):
            self.seeing = self.alone or turn >= self.settings.rounds // 2
            self.progress.step((turn + 1) / (self.settings.rounds + 2))
            self._find_contours()
            self._find_outliers(max(1.0, self.settings.first_laxness / 2**turn))
            self._round(everything)
        if self.prepared.scheme.irises:
            self._look()
        return [self._result(k) for k in range(len(self.portraits))]

    def _start(self) -> None:
        used = self.prepared.used
        template = self.model.template.astype(np.float64)
        root = self.model.joint_regressor[0].astype(np.float64) @ template
        positions = self.embedding.points(template)[used]
        for k, portrait in enumerate(self.portraits):
            start = starting_parameters(
                positions - root,
                1 / self.prepared.sigma.cpu().numpy() ** 2,
                portrait.landmarks[used, :2].astype(np.float64),
                centre=portrait.principal_point,
                focal=portrait.focal_px,
                distance=self.settings.distance,
            )
            away = np.exp(start[5])
            start[3:5] -= root[:2] / away
            self.params[k, :RIGID_COUNT] = torch.as_tensor(start, device=self.params.device)

    def _point_set(self) -> PointSet:
        """The landmarks on the vertices that they use in this round."""
        batch, device = len(self.portraits), self.params.device
        ids = torch.as_tensor(self.embedding.vertex_ids[self.prepared.used].astype(np.int64), device=device)
        corners = self.prepared.local[ids].repeat(batch, 1, 1)
        weights = torch.as_tensor(self.embedding.weights[self.prepared.used].astype(np.float64), device=device)
        weights = weights.repeat(batch, 1, 1)
        rows, slid = self.prepared.contour_rows, self.silhouette.slid[..., None]
        corners[:, rows] = torch.where(slid, self.prepared.local[self.silhouette.vertex][..., None], corners[:, rows])
        unique, inverse = torch.unique(corners[:, self.kept], return_inverse=True)
        return PointSet(_restrict(self.prepared.whole, unique), inverse, weights[:, self.kept])

    def _sighted_set(self, vertices: np.ndarray) -> PointSet:
        """The dense points, each of which is a vertex; the same in every round."""
        corners = self.prepared.local[torch.as_tensor(vertices, device=self.params.device)][None, :, None]
        unique, inverse = torch.unique(corners.repeat(len(self.portraits), 1, 3), return_inverse=True)
        weights = torch.zeros_like(inverse, dtype=torch.float64)
        weights[..., 0] = 1
        return PointSet(_restrict(self.prepared.whole, unique), inverse, weights)

    def _transform(self) -> torch.Tensor:
        """(B, L, 2, 2) what a landmark's offset in pixels is in standard deviations, of those that are taken."""
        scale, kept = scale_of(self.params), self.kept
        weight = 1 / (self.prepared.sigma * scale[:, None])
        transform = torch.diag_embed(weight[..., None].repeat(1, 1, 2))
        rows, across = self.prepared.contour_rows, self.silhouette.across
        outer = across[..., :, None] * across[..., None, :]
        along = torch.eye(2, dtype=outer.dtype, device=outer.device) - outer
        noise = torch.maximum(self.prepared.sigma[rows], self.prepared.sigma.new_tensor(self.settings.contour_noise))
        sliding = outer / self.settings.contour_noise + along / (self.settings.contour_slide * noise[:, None, None])
        sliding = sliding / scale[:, None, None, None]
        transform[:, rows] = torch.where(self.silhouette.slid[..., None, None], sliding, transform[:, rows])
        return transform[:, kept]

    def _energy(self) -> Energy:
        scale, kept = scale_of(self.params), self.kept
        weight = 1 / (self.prepared.sigma * scale[:, None])
        matrix, target = self._priors()
        return Energy(
            self.layout,
            self._point_set(),
            self.centre,
            self.observed[:, kept],
            self._transform(),
            None if self.depth is None else self.depth[:, kept],
            weight[:, kept] * self.settings.depth_weight**0.5,
            scale,
            torch.linalg.cholesky(self.prepared.noise[kept][:, kept] + torch.diag_embed(self.extra[:, kept])),
            matrix,
            target,
            self._sightings(),
        )

    def _priors(self) -> tuple[torch.Tensor, torch.Tensor]:
        scales, arm = scale_of(self.params).tolist(), self.prepared.jaw_arm
        jaw = [jaw_opening(gap, scale, arm) for gap, scale in zip(self.gaps, scales, strict=True)]
        return prior_rows(self.layout, self.settings, self.focal, self.params, self.expression_root, jaw=jaw)

    def _sightings(self) -> Sightings | None:
        """The dense points with what is added to the doubts of outliers."""
        if self.sighted is None or not self.seeing:
            return None
        return self.sighted.sightings(self.sighted_set, self.sighted_extra)

    def _round(self, free: torch.Tensor) -> None:
        energy = self._energy()
        self.params = self._minimize(energy, free, self.settings.steps)

    def _minimize(self, energy: Energy, free: torch.Tensor, steps: int) -> torch.Tensor:
        if self.shared is not None and bool(free[self.layout.shape].any()):
            return self.shared.minimize(energy, self.params, steps=steps, free=free, lower=self.lower, upper=self.upper)
        return minimize(
            energy.linearise, energy.cost, self.params, steps=steps, free=free, lower=self.lower, upper=self.upper
        )

    def _find_contours(self) -> None:
        p, finder = self.params, self.prepared.finder
        posed = self.prepared.finder_model(
            p[:, self.layout.shape], p[:, self.layout.expression], pose_of(p), translation_of(p)
        )
        pixels, _ = project(p, self.centre, posed)
        self.silhouette = finder.find(posed, pixels, self.observed[:, self.prepared.contour_rows], scale_of(p))

    def _find_outliers(self, patience: float) -> None:
        """Give landmarks that lie far off noise of their own: the weights of Geman and McClure's loss.

        A landmark counts a quarter at `robust_scale` times `patience` standard deviations.
        """
        pixels, _ = project(self.params, self.centre, points(self.params, self.layout, self._point_set()))
        offset = (self._transform() @ (pixels - self.observed[:, self.kept])[..., None]).squeeze(-1)
        self.extra = self.guessed.clone()
        self.extra[:, self.kept] += self._doubted(offset, patience)
        if self.sighted is not None and self.seeing:
            pixels, _ = project(self.params, self.centre, points(self.params, self.layout, self.sighted_set))
            self.sighted_extra = self._doubted(
                (pixels - self.sighted.observed) / self.sighted.sigma[..., None], patience
            )

    def _doubted(self, offset: torch.Tensor, patience: float) -> torch.Tensor:
        """Noise (B, L) that is added to points which lie so many standard deviations (B, L, 2) off."""
        square = (offset**2).sum(-1) / (patience * self.settings.robust_scale) ** 2
        return (1 + square) ** 2 - 1

    def _look(self) -> None:
        """Turn the eyes until the irises lie between the lids as in the photo; nothing else moves."""
        scheme, device = self.prepared.scheme, self.params.device
        ids = torch.as_tensor(self.embedding.vertex_ids.astype(np.int64), device=device)
        weights = torch.as_tensor(self.embedding.weights.astype(np.float64), device=device)
        batch = len(self.portraits)

        def on(rows: tuple[int, ...]) -> PointSet:
            corners = self.prepared.local[ids[list(rows)]].repeat(batch, 1, 1)
            unique, inverse = torch.unique(corners, return_inverse=True)
            return PointSet(_restrict(self.prepared.whole, unique), inverse, weights[list(rows)].repeat(batch, 1, 1))

        observed = self.marks[:, list(scheme.irises), :2].clone()
        for eye, lids in enumerate(scheme.lids):
            fitted, _ = project(self.params, self.centre, points(self.params, self.layout, on(lids)))
            observed[:, eye] += (fitted - self.marks[:, list(lids), :2]).mean(1)
        scale = scale_of(self.params)
        transform = torch.diag_embed((1 / (self.settings.iris_noise * scale))[:, None, None].repeat(1, 2, 2))
        matrix, target = self._priors()
        energy = Energy(
            self.layout,
            on(scheme.irises),
            self.centre,
            observed,
            transform,
            None,
            transform[..., 0, 0],
            scale,
            torch.eye(2, dtype=scale.dtype, device=device).expand(batch, 2, 2),  # neither shares noise
            matrix,
            target,
        )
        free = torch.zeros(self.layout.size, dtype=torch.bool, device=device)
        free[EYES] = True
        self.params = self._minimize(energy, free, 8)

    def _error(self, k: int, camera: Camera, posed: np.ndarray) -> float:
        """Mean distance of the points that the fit took, in percent of the distance between the eyes' outer corners."""
        scheme, dense = self.prepared.scheme, self.portraits[k].dense
        marks = self.portraits[k].landmarks[:, :2].astype(np.float64)
        right, left = scheme.outer_corners
        unit = float(np.linalg.norm(marks[right] - marks[left]))
        if self.sighted is not None and self.alone and dense is not None:
            rows = np.isin(dense.vertices, self.sighted.vertices) & (dense.seen > _SEEN)
            xyz, marks = posed[dense.vertices[rows]].astype(np.float64), dense.pixels[rows]
        else:
            xyz = self.embedding.points(posed.astype(np.float64))
            rows = self.prepared.used[self.prepared.contour_rows.cpu().numpy()]
            slid = self.silhouette.slid[k].cpu().numpy()
            xyz[rows[slid]] = posed[self.silhouette.vertex[k].cpu().numpy()[slid]]
            counted = self.embedding.sigma > 0
            xyz, marks = xyz[counted], marks[counted]
        distance = np.linalg.norm(camera.project(xyz) - marks, axis=1)
        return 100 * float(distance.mean()) / max(unit, 1e-9) if len(distance) else 0.0

    def _result(self, k: int) -> Fit:
        model, p = self.model, self.params[k : k + 1]
        shape = p[0, self.layout.shape].cpu().numpy()
        found = p[0, self.layout.expression].cpu().numpy()
        expression = self.prepared.space.components(found)
        pose = pose_of(p)[0].cpu().numpy()
        translation = translation_of(p)[0].cpu().numpy()
        neutral = model.template + np.tensordot(shape.astype(np.float32), model.shape_basis, 1)
        expressed = neutral + np.tensordot(expression, model.expression_basis, 1)
        joints = model.joint_regressor.astype(np.float64) @ neutral
        posed = pose_vertices(expressed, joints, model.skin_weights, pose, model.pose_basis) + translation
        local = pose.copy()
        local[:2] = 0
        moved = pose_vertices(expressed, joints, model.skin_weights, local, model.pose_basis) - neutral
        height, width = self.portraits[k].pixels.shape[:2]
        camera = Camera(float(focal_of(p)[0]), *self.portraits[k].principal_point, width, height)
        return Fit(
            model=model,
            shape=shape.astype(np.float32),
            expression=expression,
            key_weights=self.prepared.space.key_weights(found, moved),
            pose=pose.astype(np.float32),
            translation=translation.astype(np.float32),
            camera=camera,
            neutral=neutral.astype(np.float32),
            expressed=expressed.astype(np.float32),
            posed=posed.astype(np.float32),
            landmark_error=self._error(k, camera, posed),
            measured="landmarks" if self.sighted is None else self.settings.measured,
        )
