"""From the registered head in the photo's pose and expression back to the neutral head, and exactly back again.

Convention: as in `fitting.fit.Fit`: ``posed = pose_vertices(neutral + expression, joints, weights, pose, pose_basis) +
translation``. Worked number: with pose 0 and translation (0, 0, -0.6), a vertex at z = -0.5 comes to z = 0.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.skinning import pose_vertices, unpose_vertices
from ..headmodel.topology import JOINT_NAMES, PART_NAMES
from ..shapes import Float

_EYES: Final = ("eye_left", "eye_right")
_ROUNDS: Final = 30
"""At most; three are needed."""
_CLOSE: Final = 1e-9
"""Metres by which joints move no more."""


@dataclass(frozen=True, eq=False)
class Unposed:
    """A registered head at rest.

    Attributes:
        neutral: (V, 3) float64 metres, without expression.
        expressed: (V, 3) float64 metres, with the photo's expression, rest pose.
        joints: (5, 3) float64 metres: those of the fitted neutral head, the eyes' moved along with the eyeballs.
    """

    neutral: Float[np.ndarray, "V 3"]
    expressed: Float[np.ndarray, "V 3"]
    joints: Float[np.ndarray, "5 3"]


def unpose(
    model: HeadModel,
    vertices: Float[np.ndarray, "V 3"],
    *,
    neutral: Float[np.ndarray, "V 3"],
    expressed: Float[np.ndarray, "V 3"],
    pose: Float[np.ndarray, "5 3"],
    translation: Float[np.ndarray, "3"],
    joints: Float[np.ndarray, "5 3"] | None = None,
) -> Unposed:
    """Undo pose, translation and expression of a registered head.

    Args:
        model: the head model.
        vertices: (V, 3) metres, `UniformMesh.vertices`.
        neutral: (V, 3) metres, the fit's neutral head.
        expressed: (V, 3) metres, the fit's head with its expression, rest pose.
        pose: (5, 3) axis-angle, radians.
        translation: (3,) metres.
        joints: (5, 3) metres, of the fit's neutral head; None where they can be regressed from it.
    """
    fitted_joints = model.joint_regressor.astype(np.float64) @ neutral if joints is None else joints
    centred = vertices.astype(np.float64) - translation
    pose = pose.astype(np.float64)
    balls = {JOINT_NAMES.index(n): np.unique(model.faces[model.face_part == PART_NAMES.index(n)]) for n in _EYES}
    joints, rest = fitted_joints, centred
    for _ in range(_ROUNDS):  # the eyeballs' place depends on their joints and their joints on it; it settles at once
        rest = unpose_vertices(centred, joints, model.skin_weights, pose, model.pose_basis)
        moved = fitted_joints.copy()
        for joint, ball in balls.items():
            ids = ball[ball >= 0]
            if len(ids):
                moved[joint] += (rest[ids] - expressed[ids]).mean(axis=0)
        if np.abs(moved - joints).max() < _CLOSE:
            break
        joints = moved
    return Unposed(rest - (expressed.astype(np.float64) - neutral), rest, joints)


def repose(
    model: HeadModel, unposed: Unposed, pose: Float[np.ndarray, "5 3"], translation: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "V 3"]:
    """The inverse of `unpose`: posed vertices (V, 3), metres, in the surface's space."""
    posed = pose_vertices(
        unposed.expressed, unposed.joints, model.skin_weights, pose.astype(np.float64), model.pose_basis
    )
    return posed + translation
