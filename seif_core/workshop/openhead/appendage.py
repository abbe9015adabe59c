"""Small parts made here (teeth, lashes) that follow MakeHuman's coarse helper geometry linearly.

Convention: body points in decimetres, MakeHuman's frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shapes import Float64, Int32, Int64


@dataclass(frozen=True, eq=False)
class Appendage:
    """A part whose vertices are fixed affine combinations of body vertices; N vertices, H body vertices, F faces.

    Attributes:
        body_ids: (H,) int64, body vertices it follows.
        binding: (N, H) float64, rows sum to 1.
        faces: (F, 4) int32, counter-clockwise from outside, -1 pads triangles.
        mirror: (N,) int64, vertex of the same part on the other side of the middle plane.
        flat: (U, 2) float64, texture coordinates of its island, any scale.
        flat_faces: (F, 4) int32, corners of `faces` into `flat`.
    """

    body_ids: Int64[np.ndarray, " H"]
    binding: Float64[np.ndarray, "N H"]
    faces: Int32[np.ndarray, "F 4"]
    mirror: Int64[np.ndarray, " N"]
    flat: Float64[np.ndarray, "U 2"]
    flat_faces: Int32[np.ndarray, "F 4"]

    def follow(self, body: Float64[np.ndarray, "B 3"]) -> Float64[np.ndarray, "N 3"]:
        """(N, 3) vertices on body points (19158, 3)."""
        return self.binding @ body[self.body_ids]


def affine_binding(
    points: Float64[np.ndarray, "N 3"], anchors: Float64[np.ndarray, "H 3"], reach: float
) -> Float64[np.ndarray, "N H"]:
    """(N, H) weights with sum 1 that give `points` of `anchors` exactly, small, and smaller the farther the anchor.

    Args:
        points: (N, 3) positions to reproduce.
        anchors: (H, 3) positions to follow, not all in one plane.
        reach: distance within which anchors count alike.
    """
    binding = np.zeros((len(points), len(anchors)))
    for i, point in enumerate(points):
        offset = anchors - point
        cheap = 1.0 / (1.0 + (offset**2).sum(axis=1) / reach**2) ** 2
        conditions = np.concatenate([offset.T, np.ones((1, len(anchors)))])
        system = (conditions * cheap) @ conditions.T
        binding[i] = cheap * (conditions.T @ np.linalg.solve(system, [0.0, 0.0, 0.0, 1.0]))
    return binding
