"""A camera turned about its optical axis: the same head, the picture turned about the principal point.

A pinhole camera's picture turns about its principal point when the camera turns about its axis, exactly. What is made
of a photo can so be made of the upright one and turned back, and is the same however the photo lies.

Convention: angles in radians, positive clockwise as seen in the picture. Camera space has Y up, so a picture turned
clockwise by ``a`` is a rotation about +Z by ``-a``. Worked number: a head at (0.1, 0, -1) falls right of the principal
point; with the picture turned by +90 degrees it lies at (0, -0.1, -1), below.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..headmodel.landmark_schemes import LandmarkScheme
from ..portrait.landmarks import turned
from ..portrait.portrait import Portrait
from ..shapes import Float
from .fit import Fit


def turn_about_axis(points: Float[np.ndarray, "*N 3"], angle: float) -> Float[np.ndarray, "*N 3"]:
    """Camera-space points (..., 3) of the picture turned clockwise by `angle`; their dtype is kept."""
    return (points @ _about_axis(angle).T).astype(points.dtype)


def rolled_fit(fit: Fit, angle: float) -> Fit:
    """The fit of the picture turned clockwise by `angle` about the principal point; `fit.camera` is kept."""
    turn = _about_axis(angle)
    joint = fit.rest_joints[0].astype(np.float64)  # the root turns about its joint, the camera about its own axis
    pose = fit.pose.copy()
    pose[0] = Rotation.from_matrix(turn @ Rotation.from_rotvec(fit.pose[0]).as_matrix()).as_rotvec()
    translation = turn @ (joint + fit.translation) - joint
    posed = turn_about_axis(fit.posed, angle)
    return replace(fit, pose=pose, translation=translation.astype(np.float32), posed=posed)


def roll_of(fit: Fit) -> float:
    """How far the head's upward axis leans in the picture: radians, positive clockwise."""
    right, up, _ = Rotation.from_rotvec(fit.pose[0].astype(np.float64)).as_matrix()[:, 1]
    return math.atan2(right, up)


def level(portrait: Portrait, scheme: LandmarkScheme) -> tuple[Portrait, float]:
    """The landmarks with both eyes level, turned about the principal point; and the angle that turns them back."""
    right, left = portrait.landmarks[list(scheme.outer_corners), :2].astype(np.float64)
    angle = math.atan2(left[1] - right[1], left[0] - right[0])
    centre = np.array(portrait.principal_point)
    marks = portrait.landmarks.copy()
    marks[:, :2] = turned(marks[:, :2].astype(np.float64) - centre, -angle) + centre
    dense = portrait.dense
    if dense is not None:
        about = turned(dense.pixels.astype(np.float64) - centre, -angle) + centre
        dense = replace(dense, pixels=about.astype(np.float32))
    return replace(portrait, landmarks=marks, dense=dense), angle


def _about_axis(angle: float) -> Float[np.ndarray, "3 3"]:
    return Rotation.from_rotvec([0.0, 0.0, -angle]).as_matrix()
