"""What every landmark backend is, and what it returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..shapes import Float32
from .crop import Crop, Pyramid


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Landmarks of one face.

    Attributes:
        points: (L, 3) float32: x, y in pixels of the photo, z in pixels, negative towards the viewer (0 if unknown).
        presence: how sure the backend is that this is a face, 0..1.
        roll: tilt of the head in radians, positive clockwise as seen in the picture.
        spread: how far the points move, in face sizes, when the crop is moved a little; 0 if not measured.
    """

    points: Float32[np.ndarray, "L 3"]
    presence: float
    roll: float
    spread: float = 0.0

    @property
    def bounds(self) -> Float32[np.ndarray, "4"]:
        """x0, y0, x1, y1 in pixels."""
        xy = self.points[:, :2]
        return np.concatenate([xy.min(0), xy.max(0)])

    @property
    def size(self) -> float:
        """Longer side of the upright face in pixels (measured along the head's own axes)."""
        xy = turned(self.points[:, :2], -self.roll)
        return float((xy.max(0) - xy.min(0)).max())


@runtime_checkable
class LandmarkBackend(Protocol):
    """Places landmarks on a face that was detected.

    Attributes:
        scheme: name of its landmark set, see `Portrait.landmark_scheme`.
    """

    scheme: str

    def check(self, pyramid: Pyramid, crop: Crop) -> Landmarks:
        """A quick first look, to tell faces from false alarms."""
        ...

    def locate(self, pyramid: Pyramid, first: Landmarks) -> Landmarks:
        """The final landmarks, starting from the first look."""
        ...


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (N, 2) turned about the origin by an angle in radians, clockwise as seen in the picture (y down)."""
    cos, sin = math.cos(angle), math.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]], dtype=points.dtype)
