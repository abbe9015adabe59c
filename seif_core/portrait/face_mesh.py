"""The embedded landmark backend: MediaPipe Face Mesh with iris refinement, 478 points.

Sources: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019,
https://arxiv.org/abs/1907.06724; Ablavatski et al., "Real-time Pupil Tracking from Monocular Video for Digital
Puppetry", 2020, https://arxiv.org/abs/2006.11341. Crop sizes as in MediaPipe 0.10.21.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from ..shapes import Float
from .crop import Crop, Pyramid
from .interpreter import network
from .landmarks import Landmarks, turned

MARGIN: Final = 1.5
"""The crop is this many times as large as the box of the landmarks."""
_EYE_MARGIN: Final = 2.3
"""The crop of an eye is this many times as wide as the eye."""
_PASSES: Final = 5
_SETTLED: Final = math.radians(0.5)
RIGHT_OUTER: Final = 33
LEFT_OUTER: Final = 263
_EYES: Final = ((33, 133, False), (362, 263, True))
"""Landmarks of the corners of the person's right and left eye, from left to right in the picture; whether the crop is
mirrored, because the iris model knows right eyes only."""
_JITTER: Final = ((0.0, 0.0, 1.0, 0.0), (0.02, 0.01, 1.04, 2.0), (-0.02, -0.01, 0.96, -2.0), (0.01, -0.02, 0.94, 3.0),
                  (-0.01, 0.02, 1.06, -3.0), (0.025, -0.015, 1.0, -1.0), (-0.025, 0.015, 1.02, 1.0),
                  (0.0, 0.0, 0.98, 4.0))  # fmt: skip
"""Shift x, y (in crop sides), scale and turn (degrees) of the crops that are averaged."""


class FaceMeshBackend:
    """MediaPipe Face Mesh and iris models, run by LiteRT.

    Args:
        refinements: number of slightly shifted crops to average.
    """

    scheme = "mediapipe478"

    def __init__(self, refinements: int = 8) -> None:
        self._jitter = [_JITTER[i % len(_JITTER)] for i in range(refinements)]

    def check(self, pyramid: Pyramid, crop: Crop) -> Landmarks:
        """Landmarks after the roll-normalised passes: the crop follows the landmarks until it rests."""
        best: tuple[float, np.ndarray, Crop] | None = None
        for _ in range(_PASSES):
            points, presence = _mesh(pyramid, crop)
            if best is None or presence >= best[0] - 0.05:
                best = (presence, points, crop)
            following = _crop_around(points)
            settled = (
                abs(_angle_between(following.angle, crop.angle)) < _SETTLED
                and math.hypot(following.x - crop.x, following.y - crop.y) < 0.01 * crop.size
            )
            if settled or presence < 0.02:
                break
            crop = following
        assert best is not None  # noqa: S101 - the loop runs at least once
        presence, points, crop = best
        return Landmarks(points.astype(np.float32), presence, _crop_around(points).angle)

    def locate(self, pyramid: Pyramid, first: Landmarks) -> Landmarks:
        """Average over shifted crops, then the eyes and irises refined."""
        base = _crop_around(first.points.astype(np.float64)[:468])
        results = [_mesh(pyramid, _shifted(base, *jitter)) for jitter in self._jitter]
        points = np.mean([p for p, _ in results], axis=0)
        presence = float(np.median([q for _, q in results]))
        points = _refine_eyes(pyramid, points)
        return Landmarks(points.astype(np.float32), presence, _crop_around(points[:468]).angle)


def _mesh(pyramid: Pyramid, crop: Crop) -> tuple[Float[np.ndarray, "468 3"], float]:
    net = network("face_landmark.tflite")
    outputs = net(pyramid.sample(crop, net.resolution).astype(np.float32) / 255.0)
    raw = outputs["conv2d_21"].reshape(-1, 3).astype(np.float64) / net.resolution
    presence = 1.0 / (1.0 + math.exp(-float(np.clip(outputs["conv2d_31"].item(), -50, 50))))
    return np.column_stack([crop.to_photo(raw[:, :2]), raw[:, 2] * crop.size]), presence


def _crop_around(points: Float[np.ndarray, "N 3"]) -> Crop:
    """The square around the landmarks in the head's own upright frame."""
    dx, dy = points[LEFT_OUTER, :2] - points[RIGHT_OUTER, :2]
    angle = math.atan2(dy, dx)
    upright = turned(points[:, :2], -angle)
    low, high = upright.min(0), upright.max(0)
    x, y = turned((low + high)[None] / 2, angle)[0]
    return Crop(float(x), float(y), float((high - low).max()) * MARGIN, angle)


def _shifted(crop: Crop, x: float, y: float, scale: float, degrees: float) -> Crop:
    return replace(
        crop,
        x=crop.x + x * crop.size,
        y=crop.y + y * crop.size,
        size=crop.size * scale,
        angle=crop.angle + math.radians(degrees),
    )


def _angle_between(a: float, b: float) -> float:
    return math.remainder(a - b, math.tau)


def _refine_eyes(pyramid: Pyramid, points: Float[np.ndarray, "468 3"]) -> Float[np.ndarray, "478 3"]:
    """Add the irises (rows 468..472 right eye, 473..477 left eye of the person) and refine the eye contours."""
    irises = []
    for left, right, mirrored in _EYES:
        a, b = points[left, :2], points[right, :2]
        x, y = (a + b) / 2
        size = float(np.linalg.norm(b - a)) * _EYE_MARGIN
        crop = Crop(float(x), float(y), size, math.atan2(b[1] - a[1], b[0] - a[0]), mirrored)
        net = network("iris_landmark.tflite")
        outputs = net(pyramid.sample(crop, net.resolution, replicate=True).astype(np.float32) / 255.0)
        iris = outputs["output_iris"].reshape(5, 3)[:, :2].astype(np.float64) / net.resolution
        depth = (points[left, 2] + points[right, 2]) / 2
        irises.append(np.column_stack([crop.to_photo(iris), np.full(5, depth)]))
    return np.concatenate([points, *irises])
