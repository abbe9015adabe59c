"""Which pixels of a person may belong to the head by their place: neck against shoulders and other people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ..shapes import Bool, Float, Float32
from .crop import Crop
from .landmarks import Landmarks

NECK_BASE: Final = 0.5
"""The neck's base lies this many face heights (hairline to chin) below the chin."""
_NECK: Final = (0.36, 0.35, 0.06)
"""Half the neck's width at the chin, how much it widens a face height farther down, and its soft edge, in face heights.
Chosen by eye on the sample portraits."""
_LANDMARK_68_FOREHEAD: Final = 0.45
"""The 68 points end at the brows: the forehead adds this share of their height."""
_TURN_SHIFT: Final = 0.4
"""Face heights by which the neck's middle moves against the face's when a head is turned. Chosen by eye on the sample
portraits, as is the fade."""
_BASE_FADE: Final = 0.03
"""Face heights over which the neck's base fades."""


@dataclass(frozen=True, eq=False)
class FaceFrame:
    """Place of a face in its upright crop.

    Attributes:
        centre: x of the face's middle, pixels of the crop.
        skull: x of the skull's and neck's middle, which lies behind the face of a turned head.
        chin: y of the chin.
        height: hairline to chin, pixels.
        hull: (R, R) bool, inside the landmarks' outline.
    """

    centre: float
    skull: float
    chin: float
    height: float
    hull: Bool[np.ndarray, "R R"]

    def coordinates(self) -> tuple[Float[np.ndarray, "R R"], Float[np.ndarray, "R R"]]:
        """Distance from the skull's middle line and below the chin, in face heights, at every pixel."""
        resolution = self.hull.shape[0]
        y, x = np.mgrid[:resolution, :resolution] + 0.5
        return (x - self.skull) / self.height, (y - self.chin) / self.height


def face_frame(landmarks: Landmarks, crop: Crop, resolution: int) -> FaceFrame:
    """Where the face lies in a crop that is turned upright with it."""
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * resolution
    low, high = points.min(0), points.max(0)
    if len(points) == 68:
        low[1] -= _LANDMARK_68_FOREHEAD * (high[1] - low[1])
    height = float(high[1] - low[1])
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros((resolution, resolution), np.uint8), hull, (1,)) > 0
    centre = float(low[0] + high[0]) / 2
    return FaceFrame(centre, centre + _TURN_SHIFT * _turn(landmarks) * height, float(high[1]), height, inside)


def neck_place(frame: FaceFrame) -> Float32[np.ndarray, "R R"]:
    """1 where skin may be the head's, 0 where it is the shoulders': below the chin a neck that widens, to its base."""
    x, y = frame.coordinates()
    half, widening, edge = _NECK
    neck = np.clip((half + widening * np.clip(y, 0, 1) - np.abs(x)) / edge + 1, 0, 1)
    return np.where(y > 0, neck, 1).astype(np.float32)


def above_the_base(frame: FaceFrame) -> Float32[np.ndarray, "R R"]:
    """1 above the neck's base, 0 below."""
    return np.clip((NECK_BASE - frame.coordinates()[1]) / _BASE_FADE, 0.0, 1.0).astype(np.float32)


def own_territory(
    landmarks: Landmarks, others: Sequence[Landmarks], crop: Crop, resolution: int
) -> Float32[np.ndarray, "R R"]:
    """1 where this head is nearer (in face sizes) than any other face of the picture, 0 elsewhere."""
    y, x = np.mgrid[:resolution, :resolution] + 0.5
    pixels = np.stack([x, y], axis=-1)

    def distance(face: Landmarks) -> np.ndarray:
        centre = crop.from_photo(face.points[:, :2].astype(np.float64)).mean(0) * resolution
        return np.linalg.norm(pixels - centre, axis=-1) / face.size

    own = distance(landmarks)
    mine = np.ones((resolution, resolution), dtype=bool)
    for other in others:
        mine &= own <= distance(other)
    return mine.astype(np.float32)


def _turn(landmarks: Landmarks) -> float:
    """Sine of the head's turn, positive when the skull lies to the picture's right of the face (head upright)."""
    if len(landmarks.points) == 68:
        return 0.0
    across = landmarks.points[454] - landmarks.points[234]  # from the person's right cheek to the left one
    return float(np.clip(-across[2] / max(float(np.linalg.norm(across)), 1e-6), -1.0, 1.0))
