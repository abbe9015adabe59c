"""Face detection: BlazeFace, short and full range, over the whole picture, turned pictures and tiles of it.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019,
https://arxiv.org/abs/1907.05047; anchors and score limits as in MediaPipe 0.10.21.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from ..shapes import Float, Float32
from .crop import Crop, Pyramid
from .interpreter import network

OVERLAP: Final = 0.3
"""Boxes whose intersection over union is larger show the same face."""


@dataclass(frozen=True, eq=False)
class Detection:
    """A face candidate.

    Attributes:
        corners: (4, 2) float64 pixels, corners of its box, which may be turned.
        keypoints: (6, 2) float64 pixels: right eye, left eye, nose tip, mouth, right ear, left ear (of the person).
        score: the detector's confidence in 0..1.
    """

    corners: Float[np.ndarray, "4 2"]
    keypoints: Float[np.ndarray, "6 2"]
    score: float

    @property
    def roll(self) -> float:
        """Tilt of the eye line in radians, positive clockwise as seen in the picture."""
        dx, dy = self.keypoints[1] - self.keypoints[0]
        return math.atan2(dy, dx)

    @property
    def size(self) -> float:
        """Side length of the box in pixels."""
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    @property
    def bounds(self) -> Float[np.ndarray, "4"]:
        """x0, y0, x1, y1 in pixels of the upright box around it."""
        return np.concatenate([self.corners.min(0), self.corners.max(0)])

    def crop(self, margin: float = 1.5) -> Crop:
        """The square around the face, turned upright, `margin` times as large as its box."""
        x, y = self.corners.mean(0)
        return Crop(float(x), float(y), self.size * margin, self.roll)


@dataclass(frozen=True)
class _Detector:
    model: str
    boxes: str
    scores: str
    limit: float
    strides: tuple[tuple[int, int], ...]  # (stride, anchors per cell)


_WIDENED: Final = 1.6
"""Times the frame in which a face that fills it to its rim is looked for: the networks know faces with room around."""
_TILES: Final = (0.5, 0.25)
"""Sides of the tiles, in sides of the frame, in which small faces are looked for; turned in the larger ones alone."""
_SHORT: Final = _Detector("face_detection_short_range.tflite", "regressors", "classificators", 0.5, ((8, 2), (16, 6)))
_FULL: Final = _Detector("face_detection_full_range_sparse.tflite", "Identity", "Identity_1", 0.5, ((4, 1),))


def search_passes(pyramid: Pyramid) -> Iterator[list[Detection]]:
    """Candidates of ever more laborious searches; the caller stops when one of them holds a real face.

    The whole picture upright, the whole picture turned, tiles, smaller tiles, turned tiles. Sorted by size, largest
    first, without doubles within a pass.
    """
    side = float(max(pyramid.width, pyramid.height))
    whole = [Crop(pyramid.width / 2, pyramid.height / 2, side)]
    turned = [math.radians(a) for a in (90, -90, 180, 45, -45, 135, -135)]
    yield _search(pyramid, whole)
    yield _search(pyramid, [replace(c, angle=a) for a in turned for c in whole])
    # a face that fills the frame to its rim is found when the frame is widened
    yield _search(pyramid, [replace(c, size=side * _WIDENED, angle=a) for a in (0.0, *turned[:3]) for c in whole])
    for fraction in _TILES:
        tiles = list(_tiles(pyramid, side * fraction))
        yield _search(pyramid, tiles)
        if fraction == _TILES[0]:
            yield _search(pyramid, [replace(c, angle=a) for a in turned[:3] for c in tiles])


def merge(detections: list[Detection]) -> list[Detection]:
    """One detection per face: of those that overlap, the most confident; largest first."""
    kept: list[Detection] = []
    for candidate in sorted(detections, key=lambda d: -d.score):
        if all(overlap(candidate.bounds, other.bounds) < OVERLAP for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda d: -d.size)


def overlap(a: Float[np.ndarray, "4"], b: Float[np.ndarray, "4"]) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (size <= 0).any():
        return 0.0
    shared = float(size.prod())
    return shared / (float((a[2:] - a[:2]).prod()) + float((b[2:] - b[:2]).prod()) - shared)


def _search(pyramid: Pyramid, crops: list[Crop]) -> list[Detection]:
    return merge([d for crop in crops for detector in (_SHORT, _FULL) for d in _detect(pyramid, crop, detector)])


def _tiles(pyramid: Pyramid, size: float) -> Iterator[Crop]:
    """Squares that overlap by half and cover the picture."""
    for y in _centres(pyramid.height, size):
        for x in _centres(pyramid.width, size):
            yield Crop(x, y, size)


def _centres(length: float, size: float) -> list[float]:
    if length <= size:
        return [length / 2]
    count = math.ceil((length - size) / (size / 2)) + 1
    return [float(c) for c in np.linspace(size / 2, length - size / 2, count)]


def _detect(pyramid: Pyramid, crop: Crop, detector: _Detector) -> list[Detection]:
    net = network(detector.model)
    image = pyramid.sample(crop, net.resolution).astype(np.float32) / 127.5 - 1.0
    outputs = net(image)
    scores = 1.0 / (1.0 + np.exp(-np.clip(outputs[detector.scores][:, 0].astype(np.float64), -100, 100)))
    chosen = np.flatnonzero(scores >= detector.limit)
    if not len(chosen):
        return []
    raw = outputs[detector.boxes][chosen].astype(np.float64) / net.resolution
    points = raw[:, [0, 1, *range(4, 16)]].reshape(-1, 7, 2) + _anchors(net.resolution, detector.strides)[chosen, None]
    half = raw[:, None, 2:4] / 2
    box = points[:, :1] + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    geometry = np.concatenate([box, points[:, 1:]], axis=1)  # (N, 4 corners + 6 keypoints, 2)
    return [_blend(geometry[group], scores[chosen][group], crop) for group in _groups(geometry[:, :4], scores[chosen])]


def _groups(boxes: Float[np.ndarray, "N 4 2"], scores: Float[np.ndarray, " N"]) -> list[np.ndarray]:
    """Indices of the boxes that show the same face, by falling score."""
    bounds = np.concatenate([boxes[:, 0], boxes[:, 2]], axis=1)
    left = list(np.argsort(-scores, kind="stable"))
    groups = []
    while left:
        best = left[0]
        group = [i for i in left if i == best or overlap(bounds[best], bounds[i]) >= OVERLAP]
        groups.append(np.array(group))
        left = [i for i in left if i not in group]
    return groups


def _blend(geometry: Float[np.ndarray, "N 10 2"], scores: Float[np.ndarray, " N"], crop: Crop) -> Detection:
    """Weighted non-maximum suppression: the mean of the boxes of one face, by score."""
    mean = crop.to_photo(np.average(geometry, axis=0, weights=scores))
    return Detection(mean[:4], mean[4:], float(scores.max()))


@cache
def _anchors(resolution: int, strides: tuple[tuple[int, int], ...]) -> Float32[np.ndarray, "A 2"]:
    """Centres of the anchors in 0..1: row by row, `count` times the cell's centre."""
    parts = []
    for stride, count in strides:
        cells = resolution // stride
        y, x = np.mgrid[:cells, :cells]
        centre = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        parts.append(np.repeat(centre, count, axis=0))
    return np.concatenate(parts).astype(np.float32)
