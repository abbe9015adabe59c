"""Telling drawings from photos: a camera leaves no large area of exactly one colour."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from .crop import Crop, Pyramid
from .landmarks import Landmarks, turned

FLAT_LIMIT: Final = 0.45
"""Share of the face without any change of colour above which a picture counts as drawn.

Photos saved as JPEG at quality 20 or better stay below 0.12, at quality 10 below 0.31; flat drawings lie above 0.46
even after JPEG, cartoons with shading below, so those are not recognised.
"""
_RESOLUTION: Final = 256


def flatness(pyramid: Pyramid, landmarks: Landmarks) -> float:
    """Share (0..1) of the face's pixels whose 3 x 3 neighbourhood has exactly one colour.

    Measured at the face's own resolution or 256 pixels, whichever is less.
    """
    upright = turned(landmarks.points[:, :2].astype(np.float64), -landmarks.roll)
    x, y = turned((upright.min(0) + upright.max(0))[None] / 2, landmarks.roll)[0]
    crop = Crop(float(x), float(y), landmarks.size * 1.1, landmarks.roll)
    resolution = int(np.clip(crop.size, 16, _RESOLUTION))
    image = pyramid.sample(crop, resolution)
    kernel = np.ones((3, 3), np.uint8)
    change = (cv2.dilate(image, kernel) - cv2.erode(image, kernel)).max(axis=2)
    hull = cv2.convexHull(
        np.round(crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * resolution).astype(np.int32)
    )
    face = cv2.fillConvexPoly(np.zeros((resolution, resolution), np.uint8), hull, (1,)) > 0
    return float((change[face] == 0).mean()) if face.any() else 0.0
