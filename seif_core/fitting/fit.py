"""The fitted 3DMM: what `fit_portrait` returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.camera import Camera
from ..headmodel import HeadModel
from ..headmodel.skinning import rotation_matrices
from ..shapes import Float32


@dataclass(frozen=True, eq=False)
class Fit:
    """A head model fitted to a portrait.

    Convention: `posed` is in camera space (see `camera`): ``posed = pose_vertices(neutral + expression, pose) +
    translation``, so a face that looks straight into the camera has pose[0] = (0, 0, 0) and translation
    (0, 0, -distance). The whole rotation of the head lies in pose[0]; the neck pose[1] stays small.

    Attributes:
        model: the head model.
        shape: (S,) float32 in standard deviations.
        expression: (E,) float32 in standard deviations of `model.expression_basis`.
        key_weights: (K,) float32 in 0..1, the same expression in the model's named keys (ARKit); empty if it has none.
        pose: (5, 3) float32 axis-angle in radians: root, neck, jaw, left eye, right eye.
        translation: (3,) float32 metres, camera space.
        camera: the camera, in the portrait's pixels.
        neutral: (V, 3) float32 metres, model space: shape only, neutral pose and expression.
        expressed: (V, 3) float32 metres, model space, rest pose: neutral plus the photo's expression.
        posed: (V, 3) float32 metres, camera space.
        landmark_error: mean reprojection error of the points that the fit took (`FitSettings.measured`; of dense points
            those that the photo shows), in percent of the distance between the eyes' outer corners.
        joints: (5, 3) float32 metres, model space: joints of the neutral head, where they cannot be regressed from it
            (a head that took the shape of its hair); None where they can. Ask `rest_joints`.
        measured: what it took from the photo, one of `settings.MEASURED`: without dense points it is "landmarks",
            whatever the settings asked for.
    """

    model: HeadModel
    shape: Float32[np.ndarray, " S"]
    expression: Float32[np.ndarray, " E"]
    key_weights: Float32[np.ndarray, " K"]
    pose: Float32[np.ndarray, "5 3"]
    translation: Float32[np.ndarray, "3"]
    camera: Camera
    neutral: Float32[np.ndarray, "V 3"]
    expressed: Float32[np.ndarray, "V 3"]
    posed: Float32[np.ndarray, "V 3"]
    landmark_error: float
    joints: Float32[np.ndarray, "5 3"] | None = None
    measured: str = "landmarks"

    @property
    def rest_joints(self) -> Float32[np.ndarray, "5 3"]:
        """Joints of the neutral head, metres, model space: those given, or else the model's regression."""
        if self.joints is not None:
            return self.joints
        return (self.model.joint_regressor.astype(np.float64) @ self.neutral).astype(np.float32)

    @property
    def turn(self) -> float:
        """Degrees between where the face points and the way to the camera; leaning to the side turns it nowhere."""
        forward = rotation_matrices(self.pose[:1].astype(np.float64))[0, :, 2]
        viewer = -self.posed.mean(axis=0, dtype=np.float64)
        return float(np.degrees(np.arccos(np.clip(forward @ viewer / np.linalg.norm(viewer), -1, 1))))
