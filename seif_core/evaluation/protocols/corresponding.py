"""Corresponding points: where both sides have one head model's topology, nothing has to be guessed.

Rule: vertices of one number correspond. Those of the face (NoW's ball on the truth) align the prediction, with scale
and rigidly, each counting by its area; the error is the distance of corresponding vertices, median and mean by area.
Each region of `face_regions` has its row, under the alignment of the whole face.

Convention: metres. Worked number: a head whose nose alone is 4 mm longer has its error in the region nose.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...errors import SettingsError
from ...geometry.alignment import Similarity, align_points
from ...geometry.normals import vertex_areas
from .face_regions import REGIONS, region_labels
from .now import face_ball
from .results import Row
from .subject import Subject

_HIGH: Final = 0.95
"""Share of the weight of the percentile that is told beside the median."""


def measure_corresponding(truth: Subject, prediction: Subject, _start: Similarity | None = None) -> tuple[Row, ...]:
    """Rows "with scale", "without scale", and one for each region (with scale).

    Raises:
        SettingsError: the two have not one topology, or the truth has no landmarks.
    """
    if len(truth.triangles) == 0 or not np.array_equal(truth.triangles, prediction.triangles):
        raise SettingsError(
            f"The scan has {len(truth.vertices)} vertices and the prediction {len(prediction.vertices)}, "
            "joined by other triangles; corresponding points need one head model's topology on both sides."
        )
    centre, radius = face_ball(truth.seven("scan"))
    areas = vertex_areas(truth.vertices, truth.triangles)
    face = np.flatnonzero((np.linalg.norm(truth.vertices - centre, axis=1) <= radius) & (areas > 0))
    theirs, ours, weights = truth.vertices[face], prediction.vertices[face], areas[face]
    labels = region_labels(theirs, truth)
    rows, away = [], np.zeros(len(face))
    for with_scale, name in ((False, "without scale"), (True, "with scale")):
        found = align_points(ours, theirs, with_scale=with_scale, weights=weights)
        away = np.linalg.norm(found.apply(ours) - theirs, axis=1)
        rows.insert(0, Row(name, {**weighted_distances(away, weights), "scale": found.scale, "points": len(face)}))
    for index, name in enumerate(REGIONS):
        own = labels == index
        if own.any():
            rows.append(Row(name, {**weighted_distances(away[own], weights[own]), "points": int(own.sum())}))
    return tuple(rows)


def weighted_distances(metres: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Median, mean and 95th percentile by weight, millimetres."""
    order = np.argsort(metres)
    share = np.cumsum(weights[order]) / weights.sum()
    middle, high = (1000 * float(metres[order][min(np.searchsorted(share, s), len(order) - 1)]) for s in (0.5, _HIGH))
    return {"median_mm": middle, "mean_mm": 1000 * float(np.average(metres, weights=weights)), "p95_mm": high}
