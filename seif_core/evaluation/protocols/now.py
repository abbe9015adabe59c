"""NoW: from a scan's face to the prediction, with scale and metrical.

Rule: the prediction is carried onto the scan by seven landmarks (with scale, or rigidly: the metrical evaluation), then
refined by least squares on the distances from the scan's face to the prediction; those distances are the error. The
face is a ball about ``nose base + 0.3 (nose bridge - nose base)``, the bridge between the inner corners of the eyes,
of radius ``1.4 (outer eye distance + nose length) / 2``. Median, mean, standard deviation, millimetres.

NoW counts the scan's vertices. Two pairs of rows are given: points spread evenly by area without what is hidden inside
the scan (see `scan_points`), which do not depend on how a scan was meshed, and the vertices, as published.

Source: Sanyal et al., CVPR 2019, https://now.is.tue.mpg.de and its published evaluation; the ball is that of Feng et
al., Evaluation of Dense 3D Reconstruction from 2D Face Images in the Wild, FG 2018, with 1.2 instead of 1.4.

Convention: metres. Worked number: outer corners 90 mm apart and a nose of 46 mm make a ball of 95 mm.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...geometry.alignment import IcpSettings, Similarity, align_points, align_surface
from ...geometry.closest_point import SurfaceIndex
from ...shapes import Float
from .results import Row, distances
from .subject import Subject

RADIUS: Final = 1.4
"""Factor of the ball's radius."""
_MIDDLE: Final = 0.3
"""Of the way from the nose's base to its bridge: the ball's middle."""
POINTS: Final = 10_000
"""Points drawn evenly before those outside the ball and the hidden ones are left out."""
_ALIGNED: Final = 5_000
"""Of these at most so many take part in the alignment; all are measured."""


def face_ball(seven: Float[np.ndarray, "7 3"], factor: float = RADIUS) -> tuple[Float[np.ndarray, "3"], float]:
    """Middle (3,) and radius of the evaluated face, in the landmarks' unit."""
    base, bridge = seven[4], (seven[1] + seven[2]) / 2
    across, along = np.linalg.norm(seven[0] - seven[3]), np.linalg.norm(bridge - base)
    return base + _MIDDLE * (bridge - base), float(factor * (across + along) / 2)


def measure_now(truth: Subject, prediction: Subject, _start: Similarity | None = None) -> tuple[Row, ...]:
    """Rows "with scale", "metrical", and both once more on the scan's vertices.

    Raises:
        SettingsError: landmarks are missing, or nothing of the scan lies within the ball.
    """
    seven, own = truth.seven("scan"), prediction.seven("prediction")
    centre, radius = face_ball(seven)
    surface = SurfaceIndex(prediction.vertices, prediction.triangles)
    even = truth.points(centre, radius, POINTS)
    given = truth.vertices[np.unique(truth.triangles)] if len(truth.triangles) else truth.vertices
    given = given[np.linalg.norm(given - centre, axis=1) <= radius]
    rows = []
    for points, words in ((even, ""), (given, ", scan's vertices")):
        for with_scale, name in ((True, "with scale"), (False, "metrical")):
            start = align_points(own, seven, with_scale=with_scale)
            drawn = points[np.unique(np.linspace(0, len(points) - 1, _ALIGNED).astype(np.int64))]
            found = align_surface(drawn, surface, start, IcpSettings(with_scale=with_scale))
            away = surface.query(found.inverse().apply(points)).distances * found.scale
            rows.append(Row(name + words, {**distances(away), "scale": found.scale, "points": len(points)}))
    return tuple(rows)
