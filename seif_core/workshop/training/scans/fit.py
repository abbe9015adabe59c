"""The head model drawn to a scan: identity, expression, jaw, and where the scan lies, in its linear space alone.

Gauss-Newton on the distance between the model's vertices and the tangent planes of their closest points on the scan
(Chen and Medioni, Object modelling by registration of multiple range images, 1992), outliers weighted down with Geman
and McClure's function, coarse to fine; the coefficients are held by their prior, landmarks by their own spread. As in
`registration.parametric.register_modes`, the penalties are square millimetres of the mean squared distance.

Convention: the scan stands still; the model moves: `frame` carries the model's space to the scan's. Worked number: a
scan that is the template moved by 0.01 m along X gives zero coefficients and a frame with translation (0.01, 0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from ....geometry.alignment import Similarity
from ....geometry.connectivity import border_vertices
from ....geometry.normals import area_vectors, vertex_normals
from ....geometry.robust_weights import geman_mcclure
from ....headmodel import HeadModel
from ....headmodel.anatomy import anatomy_of
from ....headmodel.skinning import joint_transforms, pose_vertices
from ....registration.correspondences import TargetMesh
from ....registration.landmark_term import Landmarks
from ....registration.parametric import LinearShape, ParametricFit, PlaneMatches, register_parameters
from ....shapes import Bool, Float, Int
from .mesh import ScanMesh

_DATA_VERTICES: Final = 1600
"""At most so many vertices of the model, evenly drawn, are matched."""
_SQUARE_MILLIMETRE: Final = 1e-6
_TENTH_RADIAN: Final = 1e-2
"""Square radians: `ScanFitSettings.jaw` counts 0.1 rad as one."""
_ANGLE_STEP: Final = 1e-4
"""Radians by which the jaw is turned to see how the vertices move."""
_REGION_TRUST: Final = {"scalp": 0.2, "neck": 0.15, "ears": 0.3}
"""Trust in a match there against the face's: hair, collars, and shapes that the model lacks (by eye)."""


@dataclass(frozen=True)
class ScanFitSettings:
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
    areas = np.linalg.norm(area_vectors(model.template.astype(np.float64), triangles), axis=1)
    weight = np.bincount(triangles.ravel(), np.repeat(areas, 3), len(model.template))
    for region, trust in _REGION_TRUST.items():
        weight[model.regions[region] & ~model.regions["face"]] *= trust
    seen = np.flatnonzero(weight > 0)
    chosen = seen[np.unique(np.linspace(0, len(seen) - 1, _DATA_VERTICES).astype(np.int64))]
    weight[np.setdiff1d(seen, chosen)] = 0
    ids = np.union1d(chosen, np.unique(model.embeddings["ibug68"].vertex_ids)).astype(np.int64)
    both = np.concatenate([model.shape_basis[:, ids], model.expression_basis[:, ids]])
    basis = np.ascontiguousarray(both.transpose(1, 2, 0), dtype=np.float64)
    joints = np.matmul(model.joint_regressor, model.shape_basis).astype(np.float64)
    return _Matched(ids, weight[ids], model.regions["face"][ids], triangles, basis, joints)


def fit_model(
    model: HeadModel,
    scan: ScanMesh,
    start: Similarity,
    *,
    landmarks: Float[np.ndarray, "L 3"] | None = None,
    ibug: tuple[int, ...] = (),
    with_scale: bool = False,
    settings: ScanFitSettings | None = None,
) -> ModelFit:
    """Draw a head model to a scan.

    Args:
        model: the head model.
        scan: the scan, metres.
        start: first guess of model space -> scan space.
        landmarks: (L, 3) landmarks on the scan, metres.
        ibug: their L indices into iBUG's 68.
        with_scale: estimate the frame's scale too.
        settings: see `ScanFitSettings`.
    """
    s, part = settings or ScanFitSettings(), _matched(model)
    target = TargetMesh(scan.vertices, scan.triangles.astype(np.int64))
    rim = border_vertices(scan.triangles, len(scan.vertices))
    shapes, modes = len(model.shape_basis), part.basis.shape[2]

    def shape(parameters: np.ndarray) -> LinearShape:
        return _linear_shape(model, part, parameters[:modes], parameters[modes:])

    def match(step: int, local: LinearShape, frame: Similarity) -> PlaneMatches:
        world = frame.apply(local.points)
        found = target.closest(world)
        own = _own_normals(model, part, local.points) @ frame.rotation.T
        believed = found.agreeing(own, s.reach[step], s.cosine) & ~rim[target.triangles[found.at.triangles]].any(1)
        believed &= ((found.points - world) * own).sum(1) < s.hair * frame.scale
        trust = part.weight * believed * geman_mcclure(found.distances, s.robust[step])
        rows = np.flatnonzero(trust > 0)
        return PlaneMatches(rows, found.points[rows], found.normals[rows], trust[rows] / max(trust.sum(), 1e-12))

    penalties = [
        _SQUARE_MILLIMETRE
        * np.concatenate([np.full(shapes, a), np.full(modes - shapes, b), np.full(3, s.jaw / _TENTH_RADIAN)])
        for a, b in zip(s.shape, s.expression, strict=True)
    ]
    marks = None if landmarks is None else _landmarks(model, part, landmarks, ibug, s.landmark)
    first = ParametricFit(np.zeros(modes + 3), start)
    parameters, frame = register_parameters(shape, first, match, penalties, landmarks=marks, with_scale=with_scale)
    found = target.closest(frame.apply(shape(parameters).points[part.face]))
    near = (found.distances < s.reach[0]) & ~rim[target.triangles[found.at.triangles]].any(1)
    error = float(np.median(found.distances[near])) if near.any() else float("inf")
    parts = np.split(parameters, [shapes, modes])
    return ModelFit(parts[0], parts[1], parts[2], frame, error, float(near.mean()))


def _linear_shape(model: HeadModel, part: _Matched, coefficients: np.ndarray, jaw: np.ndarray) -> LinearShape:
    """Vertices of the posed model, and their change with each coefficient and with the jaw's three angles."""
    ids, shapes = part.ids, len(part.joint_basis)
    rest = model.template[ids] + part.basis @ coefficients
    joints = model.joint_regressor.astype(np.float64) @ model.template
    joints = joints + np.tensordot(coefficients[:shapes], part.joint_basis, 1)
    weights, basis = model.skin_weights[ids], model.pose_basis[:, ids]

    def posed(angles: np.ndarray) -> np.ndarray:
        return pose_vertices(rest, joints, weights, _pose(angles), basis)

    points = posed(jaw)
    turns = np.stack([(posed(jaw + _ANGLE_STEP * axis) - points) / _ANGLE_STEP for axis in np.eye(3)], axis=2)
    blended = np.tensordot(weights, joint_transforms(joints, _pose(jaw))[:, :3, :3], 1)
    return LinearShape(points, np.concatenate([np.matmul(blended, part.basis), turns], axis=2))


def _pose(jaw: np.ndarray) -> np.ndarray:
    pose = np.zeros((5, 3))
    pose[2] = jaw
    return pose


def _own_normals(model: HeadModel, part: _Matched, points: np.ndarray) -> np.ndarray:
    """Normals (M, 3) of the model's vertices, in its own space."""
    full = model.template.astype(np.float64)
    full[part.ids] = points
    return vertex_normals(full, part.triangles)[part.ids]


def _landmarks(
    model: HeadModel, part: _Matched, targets: np.ndarray, ibug: tuple[int, ...], weight: float
) -> Landmarks:
    """The landmarks on the matched vertices, each weighted by its spread."""
    embedding, rows = model.embeddings["ibug68"], list(ibug)
    where = np.searchsorted(part.ids, embedding.vertex_ids[rows])
    blend = embedding.weights[rows].astype(np.float64)
    return Landmarks(where, blend, targets, weight * landmark_weights(model, ibug))


def landmark_weights(model: HeadModel, ibug: tuple[int, ...]) -> Float[np.ndarray, " L"]:
    """(L,) shares of landmarks, by the inverse square of their spread between people; they sum to 1."""
    sigma = model.embeddings["ibug68"].sigma[list(ibug)].astype(np.float64)
    weights = np.where(sigma > 0, 1 / np.maximum(sigma, 5e-4) ** 2, 0.0)
    return weights / weights.sum()
