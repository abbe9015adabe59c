"""Pose correctives: offsets that make the joints' linear blend skinning move like the face units.

FLAME's pose correctives are linear in the 9 entries of ``R_j - I`` (Li et al. 2017, eq. 3). For the jaw they are the
regularised least-squares answer to: opening it by the hinge's angle moves the skin as ``jawOpen`` does, half the angle
as half of it. For the eyes they let the lids follow the gaze up and down as ``eyeLookUp`` and ``eyeLookDown`` do. The
neck has none.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...headmodel.skinning import pose_feature, pose_vertices, unpose_vertices
from ...shapes import Float64
from .expressions import GAZE_DOWN, GAZE_UP

_STEPS: Final = (0.25, 0.5, 0.75, 1.0)
_TURN: Final = 0.12
"""Radians of jaw yaw that stand for one full ``jawLeft``."""


def jaw_motion(
    template: Float64[np.ndarray, "V 3"],
    joints: Float64[np.ndarray, "5 3"],
    weights: Float64[np.ndarray, "V 5"],
    angle: float,
) -> Float64[np.ndarray, "V 3"]:
    """(V, 3) offsets of the vertices when the jaw joint turns by `angle` radians about +X."""
    return pose_vertices(template, joints, weights, jaw_pose(angle)) - template


def jaw_pose(open_angle: float, side_angle: float = 0.0) -> Float64[np.ndarray, "5 3"]:
    """(5, 3) pose with the jaw turned by `open_angle` about +X and `side_angle` about +Y, radians."""
    pose = np.zeros((5, 3))
    pose[2] = (open_angle, side_angle, 0.0)
    return pose


def pose_basis(
    template: Float64[np.ndarray, "V 3"],
    joints: Float64[np.ndarray, "5 3"],
    weights: Float64[np.ndarray, "V 5"],
    jaw_open: Float64[np.ndarray, "V 3"],
    angle: float,
) -> Float64[np.ndarray, "36 V 3"]:
    """(36, V, 3) correctives, metres per entry of the pose feature; those of the jaw.

    Args:
        template: (V, 3) metres.
        joints: (5, 3) metres.
        weights: (V, 5) skin weights.
        jaw_open: (V, 3) metres, offsets of the full ``jawOpen`` shape.
        angle: radians of jaw rotation at which the full shape is reached.
    """
    features, residuals = [], []
    for step in _STEPS:
        for side in (-_TURN, 0.0, _TURN):
            pose = jaw_pose(step * angle, side)
            # the shape as the joint would leave it behind: its offset relative to the pure rotation, undone
            aim = pose_vertices(template, joints, weights, pose) - jaw_motion(template, joints, weights, step * angle)
            rest = unpose_vertices(aim + step * jaw_open, joints, weights, pose)
            features.append(pose_feature(pose)[9:18])
            residuals.append((rest - template).reshape(-1))
    matrix = np.stack(features)
    ridge = 1e-3 * np.eye(9)
    jaw = np.linalg.solve(matrix.T @ matrix + ridge, matrix.T @ np.stack(residuals))
    basis = np.zeros((36, len(template), 3))
    basis[9:18] = jaw.reshape(9, len(template), 3)
    return basis


def add_gaze(
    basis: Float64[np.ndarray, "36 V 3"], first: int, up: Float64[np.ndarray, "V 3"], down: Float64[np.ndarray, "V 3"]
) -> None:
    """Let the lids follow one eye's pitch, by its entries ``R[1, 1] - 1`` and ``R[1, 2]``.

    Args:
        basis: (36, V, 3) correctives, changed in place.
        first: row of the joint's first entry, 18 for the left eye, 27 for the right.
        up: (V, 3) metres, offsets of the lids at a gaze of `GAZE_UP` upwards.
        down: (V, 3) metres, offsets of the lids at a gaze of `GAZE_DOWN` downwards.
    """
    entries = np.array([[np.cos(angle) - 1, -np.sin(angle)] for angle in (-GAZE_UP, GAZE_DOWN)])
    answer = np.linalg.solve(entries, np.stack([up.reshape(-1), down.reshape(-1)])).reshape(2, *up.shape)
    basis[first + 4] += answer[0]
    basis[first + 5] += answer[1]
