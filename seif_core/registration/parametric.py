"""Registration in the space of a parametric shape, with the frame in which it lies.

Gauss-Newton on the point-to-plane term, landmarks, and a quadratic penalty of the parameters, coarse to fine. The shape
may depend on its parameters in any way; it is made linear anew in every iteration.

Convention: the target stands still; `frame` carries the shape's space to the target's. Penalties count against the mean
squared distance of the matches, square metres. Worked number: a target that is the mean shape moved by 0.01 m along X
gives zero parameters and a frame with translation (0.01, 0, 0).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ..geometry.alignment import Similarity
from ..shapes import Float, Float64, Int
from .correspondences import TargetMesh
from .landmark_term import Landmarks, landmark_term
from .point_to_plane import parametric_term
from .quadratic_energy import QuadraticEnergy
from .solver import solve_dense
from .template_mesh import TemplateMesh

_TURN: Final = 0.1
"""Radians of a unit of the frame's rotation; a tenth puts it on the footing of the other parameters."""
_SHIFT: Final = 0.01
"""Metres of a unit of the frame's translation."""
_GROWTH: Final = 0.1
"""Share of a unit of the frame's scale."""
_FREE: Final = 1e-12
"""Penalty of the frame, square metres: none but for a system that can be solved."""
_SQUARE_MILLIMETRE: Final = 1e-6
_LANDMARK_SHARE: Final = 0.01
"""A landmark weight of 1 counts a hundredth of all matches."""
_REACH: Final = (0.03, 0.012)
"""Metres within which modes look for matches, in the first two iterations and after."""
_COSINE: Final = 0.5
"""Cosine between normals below which modes believe no match."""
_RIDGES: Final = (0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.02)
"""Penalties of `register_modes`, an iteration each: stiff first, then ever looser. Chosen, not measured."""


class LinearShape(NamedTuple):
    """A shape's M points and their change with its P parameters, in its own space.

    Attributes:
        points: (M, 3) metres.
        columns: (M, 3, P) metres per unit.
    """

    points: Float[np.ndarray, "M 3"]
    columns: Float[np.ndarray, "M 3 P"]


class PlaneMatches(NamedTuple):
    """Matches of N of the points.

    Attributes:
        rows: (N,) which.
        points: (N, 3) on the target, metres.
        normals: (N, 3) unit.
        weights: (N,) that sum to 1.
    """

    rows: Int[np.ndarray, " N"]
    points: Float[np.ndarray, "N 3"]
    normals: Float[np.ndarray, "N 3"]
    weights: Float[np.ndarray, " N"]


class ParametricFit(NamedTuple):
    """What `register_parameters` finds.

    Attributes:
        parameters: (P,).
        frame: the shape's space -> the target's space.
    """

    parameters: Float[np.ndarray, " P"]
    frame: Similarity


def register_parameters(
    shape: Callable[[Float[np.ndarray, " P"]], LinearShape],
    start: ParametricFit,
    match: Callable[[int, LinearShape, Similarity], PlaneMatches],
    penalties: Sequence[Float[np.ndarray, " P"]],
    *,
    landmarks: Landmarks | None = None,
    with_scale: bool = False,
) -> ParametricFit:
    """Draw a parametric shape to a target.

    Args:
        shape: the shape with given parameters, made linear there.
        start: parameters and frame to begin with.
        match: from the number of the iteration, the shape and its frame to matches.
        penalties: (P,) of each squared parameter, square metres, for each iteration.
        landmarks: where given.
        with_scale: estimate the frame's scale too.
    """
    parameters, frame = start
    for step, penalty in enumerate(penalties):
        local = shape(parameters)
        world = frame.apply(local.points)
        columns = np.matmul(frame.scale * frame.rotation, local.columns)
        columns = np.concatenate([columns, frame_columns(world, with_scale=with_scale)], axis=2)
        found = match(step, local, frame)
        energy = parametric_term(found.points - world[found.rows], found.normals, found.weights, columns[found.rows])
        energy = energy + _ridge(penalty, parameters, columns.shape[2])
        if landmarks is not None:
            energy = energy + landmark_term(landmarks, world, columns)
        change = solve_dense(energy)
        parameters = parameters + change[: len(parameters)]
        frame = moved_frame(frame, world, change[len(parameters) :])
    return ParametricFit(parameters, frame)


def _ridge(penalty: np.ndarray, parameters: np.ndarray, count: int) -> QuadraticEnergy:
    """The energy ``sum penalty (parameter + x)^2`` of a change x, with next to none for the frame behind them."""
    weights, right = np.full(count, _FREE), np.zeros(count)
    weights[: len(penalty)] = penalty
    right[: len(penalty)] = -penalty * parameters
    return QuadraticEnergy(np.diag(weights), right)


def frame_columns(points: Float[np.ndarray, "M 3"], *, with_scale: bool) -> Float[np.ndarray, "M 3 K"]:
    """(M, 3, 6 or 7): change with a rotation about the points' centre, a translation, the scale."""
    arm = points - points.mean(0)
    turns = [_TURN * np.cross(axis[None], arm) for axis in np.eye(3)]
    shifts = [np.broadcast_to(_SHIFT * axis, points.shape) for axis in np.eye(3)]
    return np.stack([*turns, *shifts, *([_GROWTH * arm] if with_scale else [])], axis=2)


def moved_frame(frame: Similarity, points: Float[np.ndarray, "M 3"], change: Float[np.ndarray, " K"]) -> Similarity:
    """The frame after a step (6 or 7,) along the `frame_columns` of points."""
    centre = points.mean(0)
    turn = Rotation.from_rotvec(_TURN * change[:3]).as_matrix()
    scale = float(np.exp(_GROWTH * change[6])) if len(change) > 6 else 1.0
    shift = centre + _SHIFT * change[3:6] - scale * turn @ centre
    return Similarity(turn, scale, shift).after(frame)


def register_modes(
    template: TemplateMesh,
    modes: Float64[np.ndarray, "K V 3"],
    target: TargetMesh,
    landmarks: Float64[np.ndarray, "L 3"],
    *,
    ridges: Sequence[float] = _RIDGES,
    landmark: float = 20.0,
) -> tuple[Float64[np.ndarray, " K"], Float64[np.ndarray, "V 3"]]:
    """Draw a template to a target in the linear space of some modes, with a rigid motion left free.

    Args:
        template: mesh, already roughly aligned with the target.
        modes: (K, V, 3) metres per unit.
        target: surface in the template's frame.
        landmarks: (L, 3) target positions of the template's landmarks.
        ridges: penalty per squared coefficient relative to 1 mm of distance over the whole mesh, per iteration.
        landmark: weight of all landmarks against all matches, in hundredths.

    Returns:
        (K,) coefficients of the modes, and (V, 3) the registered vertices (rigid motion applied).
    """
    columns = np.ascontiguousarray(modes.transpose(1, 2, 0))

    def shape(coefficients: np.ndarray) -> LinearShape:
        return LinearShape(template.vertices + columns @ coefficients, columns)

    def match(step: int, local: LinearShape, frame: Similarity) -> PlaneMatches:
        found = template.matches(frame.apply(local.points), target, _REACH[min(step // 2, 1)], _COSINE)
        return PlaneMatches(found.ids, found.points, found.normals, found.weights / found.weights.sum())

    marks = None
    if len(landmarks):
        weights = landmark * _LANDMARK_SHARE * template.landmark_weight / template.landmark_weight.sum()
        marks = Landmarks.at_vertices(template.landmarks, landmarks, weights)
    penalties = [np.full(len(modes), ridge * _SQUARE_MILLIMETRE) for ridge in ridges]
    start = ParametricFit(np.zeros(len(modes)), Similarity())
    coefficients, frame = register_parameters(shape, start, match, penalties, landmarks=marks)
    return coefficients, frame.apply(shape(coefficients).points)
