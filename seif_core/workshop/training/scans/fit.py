"""The head model drawn to a scan: identity, expression, jaw, and where the scan lies, in its linear space alone.

Gauss-Newton on the distance between the model's vertices and the tangent planes of their closest points on the scan
(Chen and Medioni, Object modelling by registration of multiple range images, 1992), outliers weighted down with Geman
and McClure's function, coarse to fine; the coefficients are held by their prior, landmarks by their own spread. As in
`headmodel.openhead.registration.register_sliders`, the penalties are square millimetres of the mean squared distance.

Convention: the scan stands still; the model moves: `frame` carries the model's space to the scan's. Worked number: a
scan that is the template moved by 0.01 m along X gives zero coefficients and a frame with translation (0.01, 0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ....geometry.alignment import Similarity
from ....geometry.normals import vertex_normals
from ....headmodel import HeadModel
from ....headmodel.anatomy import anatomy_of
from ....headmodel.skinning import joint_transforms, pose_vertices
from ....registration.template import Surface
from ....shapes import Bool, Float, Int
from .cleaning import border
from .mesh import ScanMesh

_DATA_VERTICES: Final = 1600
"""At most so many vertices of the model, evenly drawn, are matched."""

_CANDIDATES: Final = 8
"""Triangles of the scan that are looked at for the closest point, those with the nearest centroids."""


@dataclass(frozen=True)
class FitSettings:
    """How the model is drawn to a scan; one entry per iteration where there are several.

    Attributes:
        reach: metres, matches farther away are dropped.
        robust: metres, the scale of Geman and McClure's function.
        shape: penalty of a squared standard deviation of identity, square millimetres.
        expression: the same of expression.
        jaw: the same of 0.1 rad of the jaw.
        landmark: weight of all landmarks against all matches.
        cosine: matches whose normals' cosine lies below this are dropped.
        hair: metres, what lies farther outside the model than this is taken for hair and dropped.
    """

    reach: tuple[float, ...] = (0.03, 0.02, 0.015, 0.012, 0.01, 0.01, 0.008, 0.008, 0.008, 0.008)
    robust: tuple[float, ...] = (0.01, 0.008, 0.006, 0.005, 0.004, 0.004, 0.003, 0.003, 0.003, 0.003)
    shape: tuple[float, ...] = (0.1, 0.05, 0.02, 0.01, 0.006, 0.004, 0.003, 0.003, 0.003, 0.003)
    expression: tuple[float, ...] = (0.5, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.01, 0.01, 0.01)
    jaw: float = 0.02
    landmark: float = 0.05
    cosine: float = 0.5
    hair: float = 0.002


class ModelFit(NamedTuple):
    """What `fit_model` finds.

    Attributes:
        shape: (S,) identity in standard deviations.
        expression: (E,) expression in standard deviations.
        jaw: (3,) axis-angle, radians.
        frame: model space -> scan space.
        error: metres, median distance from the model's face to the scan where the scan is.
        covered: share of the model's face that found a match.
    """

    shape: Float[np.ndarray, " S"]
    expression: Float[np.ndarray, " E"]
    jaw: Float[np.ndarray, "3"]
    frame: Similarity
    error: float
    covered: float


@dataclass(frozen=True, eq=False)
class _Matched:
    """What of a head model takes part in the fit: M vertices.

    Attributes:
        ids: (M,) vertices: skin that can be matched, then those that carry landmarks.
        weight: (M,) share in the data, 0 for those that carry landmarks alone.
        face: (M,) vertices of the face.
        triangles: (T, 3) outer triangles, all vertices of the model.
        basis: (M, 3, S + E) metres per standard deviation.
        joint_basis: (S, 5, 3) metres per standard deviation.
    """

    ids: Int[np.ndarray, " M"]
    weight: Float[np.ndarray, " M"]
    face: Bool[np.ndarray, " M"]
    triangles: Int[np.ndarray, "T 3"]
    basis: Float[np.ndarray, "M 3 K"]
    joint_basis: Float[np.ndarray, "S 5 3"]


@lru_cache(maxsize=2)
def _matched(model: HeadModel) -> _Matched:
    triangles = anatomy_of(model).outer_skin_triangles
    corners = model.template[triangles].astype(np.float64)
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    weight = np.bincount(triangles.ravel(), np.repeat(areas, 3), len(model.template))
    for region, trust in (("scalp", 0.2), ("neck", 0.15), ("ears", 0.3)):
        weight[model.regions[region] & ~model.regions["face"]] *= trust
    seen = np.flatnonzero(weight > 0)
    chosen = seen[np.unique(np.linspace(0, len(seen) - 1, _DATA_VERTICES).astype(np.int64))]
    weight[np.setdiff1d(seen, chosen)] = 0
    ids = np.union1d(chosen, np.unique(model.embeddings["ibug68"].vertex_ids)).astype(np.int64)
    both = np.concatenate([model.shape_basis[:, ids], model.expression_basis[:, ids]])
    basis = np.ascontiguousarray(both.transpose(1, 2, 0), dtype=np.float64)
    joints = np.matmul(model.joint_regressor, model.shape_basis).astype(np.float64)
    return _Matched(ids, weight[ids], model.regions["face"][ids], triangles, basis, joints)


class _State(NamedTuple):
    """A model's vertices in its own space and how they change."""

    points: Float[np.ndarray, "M 3"]
    columns: Float[np.ndarray, "M 3 K"]


def fit_model(
    model: HeadModel,
    scan: ScanMesh,
    start: Similarity,
    *,
    landmarks: Float[np.ndarray, "L 3"] | None = None,
    ibug: tuple[int, ...] = (),
    with_scale: bool = False,
    settings: FitSettings | None = None,
) -> ModelFit:
    """Draw a head model to a scan.

    Args:
        model: the head model.
        scan: the scan, metres.
        start: first guess of model space -> scan space.
        landmarks: (L, 3) landmarks on the scan, metres.
        ibug: their L indices into iBUG's 68.
        with_scale: estimate the frame's scale too.
        settings: see `FitSettings`.
    """
    s, part = settings or FitSettings(), _matched(model)
    target = Surface(scan.vertices, scan.triangles.astype(np.int64))
    rim = border(scan.triangles, len(scan.vertices))
    shapes, modes = len(model.shape_basis), part.basis.shape[2]
    coefficients, jaw, frame = np.zeros(modes), np.zeros(3), start
    for step, reach in enumerate(s.reach):
        state = _state(model, part, coefficients, jaw)
        world = frame.apply(state.points)
        columns = np.matmul(frame.scale * frame.rotation, state.columns)
        columns = np.concatenate([columns, _frame_columns(world, with_scale)], axis=2)
        match = _matches(target, rim, world)
        own = _own_normals(model, part, state.points) @ frame.rotation.T
        believed = (match.distances < reach) & ((match.normals * own).sum(1) > s.cosine) & ~match.rim
        outside = ((match.points - world) * own).sum(1)
        believed &= outside < s.hair * frame.scale
        trust = part.weight * believed / (1 + (match.distances / s.robust[step]) ** 2) ** 2
        rows = np.flatnonzero(trust > 0)
        root = np.sqrt(trust[rows] / max(trust.sum(), 1e-12))
        system = np.matmul(match.normals[rows, None], columns[rows])[:, 0] * root[:, None]
        right = ((match.points - world)[rows] * match.normals[rows]).sum(1) * root
        penalty = np.full(columns.shape[2], 1e-12)
        penalty[:shapes] = s.shape[step] * 1e-6
        penalty[shapes:modes] = s.expression[step] * 1e-6
        penalty[modes : modes + 3] = s.jaw * 1e-4
        pull = np.zeros(len(penalty))
        pull[: modes + 3] = -penalty[: modes + 3] * np.concatenate([coefficients, jaw])
        hessian, gradient = system.T @ system + np.diag(penalty), system.T @ right + pull
        if landmarks is not None:
            extra = _landmark_terms(model, part, columns, world, landmarks=landmarks, ibug=ibug)
            hessian, gradient = hessian + s.landmark * extra[0], gradient + s.landmark * extra[1]
        change = np.linalg.solve(hessian, gradient)
        coefficients, jaw = coefficients + change[:modes], jaw + change[modes : modes + 3]
        frame = _moved(frame, world, change[modes + 3 :])
    match = _matches(target, rim, frame.apply(_state(model, part, coefficients, jaw).points[part.face]))
    near = (match.distances < s.reach[0]) & ~match.rim
    error = float(np.median(match.distances[near])) if near.any() else float("inf")
    return ModelFit(coefficients[:shapes], coefficients[shapes:], jaw, frame, error, float(near.mean()))


class _Matches(NamedTuple):
    """Closest points of a scan for N points."""

    points: Float[np.ndarray, "N 3"]
    normals: Float[np.ndarray, "N 3"]
    distances: Float[np.ndarray, " N"]
    rim: Bool[np.ndarray, " N"]


def _matches(target: Surface, rim: Bool[np.ndarray, " V"], points: Float[np.ndarray, "N 3"]) -> _Matches:
    """Closest points on the scan, its smooth normals there, and whether they lie at its border."""
    triangle, weights = target.closest(points, _CANDIDATES)
    found = target.interpolate(triangle, weights, target.vertices)
    normals = target.interpolate(triangle, weights, target.normals)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return _Matches(found, normals, np.linalg.norm(found - points, axis=1), rim[target.triangles[triangle]].any(1))


def _state(model: HeadModel, part: _Matched, coefficients: np.ndarray, jaw: np.ndarray) -> _State:
    """Vertices of the posed model, and their change with each coefficient and with the jaw's three angles."""
    ids, shapes = part.ids, len(part.joint_basis)
    rest = model.template[ids] + part.basis @ coefficients
    joints = model.joint_regressor.astype(np.float64) @ model.template
    joints = joints + np.tensordot(coefficients[:shapes], part.joint_basis, 1)
    weights, basis = model.skin_weights[ids], model.pose_basis[:, ids]

    def posed(angles: np.ndarray) -> np.ndarray:
        return pose_vertices(rest, joints, weights, _pose(angles), basis)

    points = posed(jaw)
    step = 1e-4
    turns = np.stack([(posed(jaw + step * axis) - points) / step for axis in np.eye(3)], axis=2)
    blended = np.tensordot(weights, joint_transforms(joints, _pose(jaw))[:, :3, :3], 1)
    return _State(points, np.concatenate([np.matmul(blended, part.basis), turns], axis=2))


def _pose(jaw: np.ndarray) -> np.ndarray:
    pose = np.zeros((5, 3))
    pose[2] = jaw
    return pose


def _own_normals(model: HeadModel, part: _Matched, points: np.ndarray) -> np.ndarray:
    """Normals (M, 3) of the model's vertices, in its own space."""
    full = model.template.astype(np.float64)
    full[part.ids] = points
    return vertex_normals(full, part.triangles)[part.ids]


def _frame_columns(world: np.ndarray, with_scale: bool) -> np.ndarray:
    """(M, 3, 6 or 7): change with a rotation about the centre (0.1 rad), a translation (10 mm), the scale (a tenth)."""
    arm = world - world.mean(0)
    turns = [0.1 * np.cross(axis[None], arm) for axis in np.eye(3)]
    shifts = [np.broadcast_to(0.01 * axis, world.shape) for axis in np.eye(3)]
    return np.stack([*turns, *shifts, *([0.1 * arm] if with_scale else [])], axis=2)


def _moved(frame: Similarity, world: np.ndarray, change: np.ndarray) -> Similarity:
    """The frame after a step along `_frame_columns`."""
    centre = world.mean(0)
    turn = Rotation.from_rotvec(0.1 * change[:3]).as_matrix()
    scale = float(np.exp(0.1 * change[6])) if len(change) > 6 else 1.0
    shift = centre + 0.01 * change[3:6] - scale * turn @ centre
    return Similarity(turn, scale, shift).after(frame)


def _landmark_terms(
    model: HeadModel,
    part: _Matched,
    columns: np.ndarray,
    world: np.ndarray,
    *,
    landmarks: np.ndarray,
    ibug: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Hessian (K, K) and gradient (K,) of the landmarks' mean squared distance, each by its spread."""
    embedding, rows = model.embeddings["ibug68"], list(ibug)
    where = np.searchsorted(part.ids, embedding.vertex_ids[rows])
    weights = embedding.weights[rows].astype(np.float64)
    on_model = np.einsum("lk,lkc->lc", weights, world[where])
    change = np.einsum("lk,lkcn->lcn", weights, columns[where])
    root = np.sqrt(landmark_weights(model, ibug))
    system = (change * root[:, None, None]).reshape(-1, columns.shape[2])
    right = ((landmarks - on_model) * root[:, None]).ravel()
    return system.T @ system, system.T @ right


def landmark_weights(model: HeadModel, ibug: tuple[int, ...]) -> Float[np.ndarray, " L"]:
    """(L,) shares of landmarks, by the inverse square of their spread between people; they sum to 1."""
    sigma = model.embeddings["ibug68"].sigma[list(ibug)].astype(np.float64)
    weights = np.where(sigma > 0, 1 / np.maximum(sigma, 5e-4) ** 2, 0.0)
    return weights / weights.sum()
