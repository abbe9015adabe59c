"""REALY: nose, mouth, forehead and cheeks, each aligned by itself.

Rule: seven landmarks carry the prediction onto the scan with scale. Then for each region of the scan: (1) a rigid
alignment of its own, by the region's points and their nearest places on the prediction together with the region's
keypoints, which weigh as much as all points together (a quarter of it for the cheeks), repeated until the mean square
changes by less than 1e-6 mm2 or 100 times; (2) the region is warped onto the aligned prediction, guided by the
keypoints (none for the cheeks), and each point's nearest place on the prediction is looked up from where it came to
lie; (3) the error is the mean distance from the point, unwarped, to that place.

What differs: regions are told by landmarks, not drawn by hand (`face_regions`); points are spread evenly by area; of
REALY's 85 keypoints the 68 of iBUG are used, or those of them that both sides have.

Source: Chai et al., ECCV 2022, https://arxiv.org/abs/2203.09729, sections 4.1 and 4.2, and its published evaluation.

Convention: metres. Worked number: a nose moved as a whole is aligned back by the region's own alignment; what remains
is its rim.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...errors import SettingsError
from ...geometry.alignment import Similarity, align_points
from ...geometry.closest_point import SurfaceIndex
from .face_regions import REGIONS, region_labels
from .now import face_ball
from .results import Row, distances
from .smooth_warp import border_triangles, warp_onto
from .subject import Subject, shared_landmarks

KEYPOINTS: Final = {
    "nose": tuple(range(27, 36)),
    "mouth": (*range(48, 61), 64),
    "forehead": (*range(36, 48), *range(17, 27)),
    "cheeks": (*range(48, 61), 64, 36, 41, 40, 39, 42, 47, 46, 45, 7, 8, 9),
}
"""iBUG-68 keypoints of each region; source: REALY's published evaluation."""
_SHARE: Final = {"cheeks": 0.25}
"""Weight of all keypoints of a region together, against that of its points; 1 elsewhere."""
_REGION: Final = 2.0
"""The ball that regions are looked for in, against NoW's factor: REALY's forehead and cheeks reach farther."""
_POINTS: Final = 20_000
"""Points drawn in that ball: about one for every 2 mm square of the face."""
_ITERATIONS: Final = 100
_SETTLED: Final = 1e-12
"""Square metres by which the mean square changes when an alignment stands still."""
_LEAST: Final = 30
"""Points of a region below which it is not measured."""


def measure_realy(truth: Subject, prediction: Subject, _start: Similarity | None = None) -> tuple[Row, ...]:
    """A row for each region, and "all", their mean.

    Raises:
        SettingsError: landmarks are missing, or a region has no points on the scan.
    """
    placed = prediction.moved(align_points(prediction.seven("prediction"), truth.seven("scan"), with_scale=True))
    centre, radius = face_ball(truth.seven("scan"), _REGION)
    points = truth.points(centre, radius, _POINTS)
    labels = region_labels(points, truth)
    rows = []
    for index, name in enumerate(REGIONS):
        own = points[labels == index]
        if len(own) < _LEAST:
            raise SettingsError(f"The scan shows only {len(own)} points of the region {name}; give a scan of the face.")
        rows.append(Row(name, {**distances(region_errors(own, truth, placed, name)), "points": len(own)}))
    means = [row.figures["mean_mm"] for row in rows]
    return (*rows, Row("all", {"mean_mm": float(np.mean(means))}))


def region_errors(points: np.ndarray, truth: Subject, placed: Subject, name: str) -> np.ndarray:
    """Errors (N,) in metres of a region's points (N, 3).

    Args:
        points: of the scan, metres.
        truth: the scan, for its landmarks.
        placed: the prediction, carried onto the scan.
        name: of the region.
    """
    theirs, ours = shared_landmarks(truth, placed, KEYPOINTS[name])
    surface = SurfaceIndex(placed.vertices, placed.triangles)
    found = _aligned(points, surface, theirs, ours, _SHARE.get(name, 1.0))
    inside, marks = found.inverse().apply(points), found.inverse().apply(theirs)
    guided = name not in _SHARE
    pulled = (marks, ours) if guided else (marks[:0], ours[:0])
    warped = warp_onto(inside, surface, *pulled, border=border_triangles(placed.triangles))
    return np.linalg.norm(surface.query(warped).points - inside, axis=1)


def _aligned(
    points: np.ndarray, surface: SurfaceIndex, theirs: np.ndarray, ours: np.ndarray, share: float
) -> Similarity:
    """The rigid motion of the prediction by a region's points and keypoints."""
    each = share * len(points) / max(len(theirs), 1)
    weights = np.concatenate([np.ones(len(points)), np.full(len(theirs), each)])
    targets = np.concatenate([points, theirs])
    found, before = Similarity(), np.inf
    for _ in range(_ITERATIONS):
        nearest = surface.query(found.inverse().apply(points)).points
        sources = np.concatenate([nearest, ours])
        found = align_points(sources, targets, with_scale=False, weights=weights)
        squares = np.average(np.sum((found.apply(sources) - targets) ** 2, axis=1), weights=weights)
        if abs(before - squares) < _SETTLED:
            break
        before = squares
    return found
