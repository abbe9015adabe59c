"""Where the fit starts: the mean head placed by its landmarks through a scaled orthographic camera.

Source: DeMenthon and Davis, Model-based object pose in 25 lines of code, IJCV 1995 (its first iteration, POS).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import PhotoUnsuitableError
from ..geometry.alignment import nearest_rotation
from ..shapes import Float
from .parameters import LOG_DISTANCE, LOG_SCALE, RIGID_COUNT, ROOT

_DECIMETRE: Final = 0.1
"""Metres of head that must cover more than `_LEAST_PIXELS`."""
_LEAST_PIXELS: Final = 2.0
"""Below, landmarks are rounded to so few places that they tell no pose. Chosen, not measured."""


def starting_parameters(
    points: Float[np.ndarray, "L 3"],
    weights: Float[np.ndarray, " L"],
    pixels: Float[np.ndarray, "L 2"],
    *,
    centre: tuple[float, float],
    focal: float | None,
    distance: float,
) -> Float[np.ndarray, "14"]:
    """Place and pose parameters of the mean head.

    Args:
        points: landmarks on the mean head, metres, its root joint at the origin.
        weights: how much each landmark counts.
        pixels: the landmarks in the photo.
        centre: principal point, pixels.
        focal: focal length in pixels if known; else `distance` in metres is assumed.
        distance: see `focal`.

    Raises:
        PhotoUnsuitableError: the landmarks fall together, so they show no face.
    """
    root = np.sqrt(weights)[:, None]
    affine, _, _, _ = np.linalg.lstsq(root * np.c_[points, np.ones(len(points))], root * pixels, rcond=None)
    right, up = affine[:3, 0], -affine[:3, 1]
    scale = math.sqrt(max(float(np.linalg.norm(right) * np.linalg.norm(up)), 0.0))
    if not _DECIMETRE * scale > _LEAST_PIXELS:
        raise PhotoUnsuitableError("The landmarks of the face fall on one point; choose a photo with a clear face.")
    rotation = nearest_rotation(np.stack([right, up, np.cross(right, up) / scale]))
    out = np.zeros(RIGID_COUNT)
    out[ROOT] = Rotation.from_matrix(rotation).as_rotvec()
    away = focal / scale if focal is not None else distance
    out[3] = (affine[3, 0] - centre[0]) / (scale * away)
    out[4] = -(affine[3, 1] - centre[1]) / (scale * away)
    out[LOG_DISTANCE] = math.log(away)
    out[LOG_SCALE] = math.log(scale)
    return out
