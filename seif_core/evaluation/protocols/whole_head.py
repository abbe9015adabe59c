"""Whole heads: chamfer distance and normal consistency, in both directions.

Rule: the prediction is carried onto the scan by landmarks (or by the search of `head_search`) and refined robustly on
the face alone, since hair differs; then points spread evenly by area over the outer surface of either side are compared
with the other. Chamfer is the mean of both directions' mean distances; normal consistency the mean absolute cosine
between a point's normal and that of the nearest place. Nothing is measured below the higher of the two lower ends,
which are wherever somebody cut the neck.

Source: the chamfer-L1 distance and normal consistency of Mescheder et al., Occupancy Networks, CVPR 2019, section 4,
as SeIF (Liu et al., IEEE TMM 2024) uses them.

Convention: metres. Worked number: a ball of radius 100 mm against one of 101 mm has chamfer 1 mm without scale and
normal consistency 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...errors import SettingsError
from ...geometry.alignment import IcpSettings, Similarity, align_points, align_surface
from ...geometry.closest_point import SurfaceIndex
from .now import face_ball
from .results import Row
from .subject import Subject

_POINTS: Final = 12_000
_REACH: Final = 0.35
"""Metres from the nose tip within which a head lies, with its hair."""
_FACE: Final = 0.095
"""Metres from the nose tip that are aligned by where there are no landmarks."""
_ROBUST: Final = 0.003
"""Metres, scale of the robust alignment: what lies farther is hair, or another expression."""
_ALIGNED: Final = 4_000
_CUT: Final = 0.003
"""Metres above the lower end that are left out too: its rim."""


def measure_whole_head(truth: Subject, prediction: Subject, start: Similarity | None = None) -> tuple[Row, ...]:
    """Rows "with scale" and "without scale".

    Args:
        truth: the scan.
        prediction: upright where it comes without landmarks.
        start: carries the prediction near the scan, where landmarks are missing.

    Raises:
        SettingsError: neither landmarks nor a start, or a scan without surface.
    """
    if len(truth.triangles) == 0:
        raise SettingsError("The scan is a point cloud, which has no normals; give a mesh.")
    surface, theirs = (SurfaceIndex(s.vertices, s.triangles) for s in (prediction, truth))
    given, own = truth.points(truth.nose(), _REACH, _POINTS), prediction.points(prediction.nose(), _REACH, _POINTS)
    rows = []
    for with_scale, name in ((True, "with scale"), (False, "without scale")):
        found = _aligned(truth, prediction, given, surface, start, with_scale=with_scale)
        low = max(_lowest(given, found), _lowest(found.apply(own), found)) + _CUT
        there, back = (points[points @ found.rotation[:, 1] > low] for points in (given, found.apply(own)))
        out = _compared(found.inverse().apply(there), theirs, surface, there, found, inverse=True)
        home = _compared(back, surface, theirs, found.inverse().apply(back), found, inverse=False)
        angles = np.concatenate([out[1], home[1]])
        scan_to, to_scan = 1000 * float(out[0].mean()), 1000 * float(home[0].mean())
        figures = {
            "chamfer_mm": (scan_to + to_scan) / 2,
            "from_scan_mm": scan_to,
            "to_scan_mm": to_scan,
            "normal_consistency": float((out[1].mean() + home[1].mean()) / 2),
            "normal_deg": float(np.degrees(np.arccos(np.clip(angles, 0, 1))).mean()),
            "scale": found.scale,
        }
        rows.append(Row(name, figures))
    return tuple(rows)


def _aligned(
    truth: Subject,
    prediction: Subject,
    points: np.ndarray,
    surface: SurfaceIndex,
    start: Similarity | None,
    *,
    with_scale: bool,
) -> Similarity:
    if truth.landmarks is not None and prediction.landmarks is not None:
        seven = truth.seven("scan")
        start = align_points(prediction.seven("prediction"), seven, with_scale=with_scale)
        centre, radius = face_ball(seven)
    elif start is not None:
        centre, radius = start.apply(prediction.nose()[None])[0], _FACE
    else:
        raise SettingsError("The prediction has to be carried onto the scan somehow; give landmarks on both.")
    face = points[np.linalg.norm(points - centre, axis=1) <= radius]
    drawn = face[np.unique(np.linspace(0, len(face) - 1, _ALIGNED).astype(np.int64))]
    return align_surface(drawn, surface, start, IcpSettings(with_scale=with_scale, robust_scale=_ROBUST))


def _lowest(points: np.ndarray, found: Similarity) -> float:
    """The lower end of points along the prediction's upward direction."""
    return float((points @ found.rotation[:, 1]).min())


def _compared(
    points: np.ndarray,
    source: SurfaceIndex,
    target: SurfaceIndex,
    on_source: np.ndarray,
    found: Similarity,
    *,
    inverse: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Distances (N,) in the scan's metres to the target, and absolute cosines (N,) of the normals.

    Args:
        points: (N, 3) in the target's frame.
        source: the surface that the points lie on.
        target: the other one.
        on_source: the points in the source's frame.
        found: prediction to scan.
        inverse: the target is the prediction.
    """
    nearest = target.query(points)
    turned = found.rotation.T if inverse else found.rotation  # of the source's normals into the target's frame
    normals = source.normals[source.query(on_source).triangles] @ turned.T
    cosines = np.abs(np.einsum("nc,nc->n", normals, target.normals[nearest.triangles]))
    return nearest.distances * (found.scale if inverse else 1.0), cosines
