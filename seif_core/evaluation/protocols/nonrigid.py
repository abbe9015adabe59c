"""A non-rigid error: places that correspond by a warp guided by landmarks, not the nearest ones.

The nearest place of a rigidly aligned surface underestimates the error and ranks methods wrongly (its correlation with
the true error of known heads was 0.41); with correspondences from a non-rigid warp it was above 0.90.

Rule: (1) the prediction is carried onto the scan rigidly, with scale, by landmarks (corners of the eyes and the tip of
the nose; the seven where there is no tip); (2) a copy of it is warped elastically so that all landmarks meet, then by
non-rigid ICP onto the scan; (3) each point of the copy is given the nearest place on the scan; (4) the error is the
distance from that place to the point before the warp. Places at the scan's border do not count: what lies beyond has
them nearest.

What differs: points are spread evenly by area over the prediction's face; the elastic warp is a radial basis of the
distance, which is the published kernel up to a factor; there is no correction of the correspondences' topology.

Source: Sariyanidi et al., 3D Face Reconstruction Error Decomposed, arXiv 2505.18025 (2025), estimator "ELR + NICP".

Convention: metres. Worked number: the scan with its nose 5 mm longer is 5 mm away at the tip.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.interpolate import RBFInterpolator

from ...geometry.alignment import Similarity, align_points
from ...geometry.closest_point import SurfaceIndex
from .now import face_ball
from .results import Row, distances
from .smooth_warp import WarpSettings, border_triangles, warp_onto
from .subject import Subject, shared_landmarks

_RIGID: Final = (36, 39, 42, 45, 30)
"""Corners of the eyes and tip of the nose, iBUG-68: the landmarks of the rigid alignment."""
_ELASTIC: Final = tuple(range(17, 68))
"""All but the jaw line, whose points lie elsewhere on every head."""
_POINTS: Final = 4_000
_LANDMARK: Final = 10.0
"""Weight of a landmark in the non-rigid ICP; the elastic warp has brought it to its place already."""
_MARGIN: Final = 1.25
"""The ball in which the prediction's points are warped, against the one in which they are measured."""


class Errors(NamedTuple):
    """Errors at K places.

    Attributes:
        places: (K, 3) on the scan, metres.
        corresponding: (K,) metres to the prediction's point that corresponds.
        nearest: (K,) metres from that point to the scan's nearest place.
    """

    places: np.ndarray
    corresponding: np.ndarray
    nearest: np.ndarray


def measure_nonrigid(truth: Subject, prediction: Subject, _start: Similarity | None = None) -> tuple[Row, ...]:
    """Rows "corresponding" (the protocol), and "nearest", the usual error of the same points, beside it.

    Raises:
        SettingsError: landmarks are missing.
    """
    found = nonrigid_errors(truth, prediction)
    return tuple(
        Row(name, {**distances(metres), "points": len(metres)})
        for name, metres in (("corresponding", found.corresponding), ("nearest", found.nearest))
    )


def nonrigid_errors(truth: Subject, prediction: Subject) -> Errors:
    """The errors place by place.

    Raises:
        SettingsError: landmarks are missing.
    """
    seven, own = truth.seven("scan"), prediction.seven("prediction")
    theirs, ours = shared_landmarks(truth, prediction, _RIGID)
    if len(theirs) < len(_RIGID):
        theirs, ours = seven, own
    placed = prediction.moved(align_points(ours, theirs, with_scale=True))
    centre, radius = face_ball(seven)
    points = placed.points(centre, _MARGIN * radius, _POINTS)
    targets, sources = shared_landmarks(truth, placed, _ELASTIC)
    bent = RBFInterpolator(sources, targets - sources, kernel="linear", degree=0)
    surface, border = SurfaceIndex(truth.vertices, truth.triangles), border_triangles(truth.triangles)
    warped = warp_onto(
        points + bent(points), surface, targets, targets, WarpSettings(landmark=_LANDMARK), border=border
    )
    found = surface.query(warped)
    kept = (np.linalg.norm(found.points - centre, axis=1) <= radius) & ~border[found.triangles]
    points, places = points[kept], found.points[kept]
    return Errors(places, np.linalg.norm(places - points, axis=1), surface.query(points).distances)
