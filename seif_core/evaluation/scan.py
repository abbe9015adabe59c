"""Scan-to-mesh distance as in the NoW benchmark.

The prediction is carried onto the scan by a similarity from corresponding landmarks, refined by least squares on the
scan-to-mesh distance; then the distance from each scan vertex within 95 mm of the nose tip to the nearest point of the
predicted surface is taken. Of scans from files, points spread evenly by area stand for the vertices (`scan_points`).
With scale is NoW's challenge, without scale its metrical evaluation.

Source: Sanyal et al., Learning to Regress 3D Face Shape and Expression from an Image without 3D Supervision, CVPR 2019,
section 5 and https://now.is.tue.mpg.de; seven landmarks: the eyes' four corners, the nose's base, the mouth's corners.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..errors import SettingsError
from ..geometry.alignment import IcpSettings, Similarity, align_points, align_surface
from ..geometry.closest_point import SurfaceIndex
from ..shapes import Float, Int
from .coarse_alignment import align_coarsely

NOW_LANDMARKS: Final = (36, 39, 42, 45, 33, 48, 54)
"""NoW's seven landmarks as iBUG-68 indices: eye corners from the subject's right to left, nose base, mouth corners."""

NOSE_TIP: Final = 30
"""iBUG-68 index of the nose tip, the centre of the evaluated area."""

_MILLIMETRES: Final = 1000.0
"""Millimetres per metre."""
_ABOUT_NOSE: Final = 0.05
"""Metres about the nose tip of the prediction's points that must meet the scan where the landmarks bring them."""
_DRAWN: Final = 300
"""How many of them are asked."""
_ELSEWHERE: Final = 0.015
"""Metres: faces of two people lie nearer to each other in the middle, a face and a crown do not. Chosen by eye."""


@dataclass(frozen=True)
class ScanSettings:
    """How a prediction is compared with a scan.

    Attributes:
        radius_mm: scan points within this distance of the nose tip count.
        icp_points: at most so many scan points, evenly drawn, take part in the alignment (all are measured).
        robust_scale_mm: Geman-McClure scale of the alignment, which keeps hair and holes from pulling; infinite, as in
            NoW, for plain least squares.
    """

    radius_mm: float = 95.0
    icp_points: int = 5000
    robust_scale_mm: float = float("inf")


@dataclass(frozen=True, eq=False)
class ScanDistance:
    """Distances from a scan to an aligned prediction.

    Attributes:
        median_mm: median over the evaluated scan points, in millimetres.
        mean_mm: mean, in millimetres.
        std_mm: standard deviation, in millimetres.
        alignment: carries the prediction (metres) onto the scan (metres).
        vertices: (N,) int64, the evaluated ones of the scan's points.
        distances_mm: (N,) float64, their distances in millimetres.
    """

    median_mm: float
    mean_mm: float
    std_mm: float
    alignment: Similarity
    vertices: Int[np.ndarray, " N"]
    distances_mm: Float[np.ndarray, " N"]


@dataclass(frozen=True, eq=False)
class ScanComparison:
    """Both evaluations of one prediction against one scan.

    Attributes:
        with_scale: similarity alignment (NoW's challenge).
        without_scale: rigid alignment (NoW's metrical evaluation).
    """

    with_scale: ScanDistance
    without_scale: ScanDistance

    def __str__(self) -> str:
        lines = ["alignment       median    mean     std   scale    points"]
        for name, row in (("with scale", self.with_scale), ("without scale", self.without_scale)):
            figures = f"{row.median_mm:8.3f}{row.mean_mm:8.3f}{row.std_mm:8.3f}{row.alignment.scale:8.4f}"
            lines.append(f"{name:<14}{figures}{len(row.vertices):10d}")
        return "\n".join([*lines, "(distances in millimetres)"])

    def as_json(self) -> str:
        """The figures without the arrays, as JSON."""
        return json.dumps(self.as_dict(), indent=2)

    def as_dict(self) -> dict[str, dict[str, float | int]]:
        """The figures without the arrays."""
        return {
            name: {
                "median_mm": row.median_mm,
                "mean_mm": row.mean_mm,
                "std_mm": row.std_mm,
                "scale": row.alignment.scale,
                "vertices": len(row.vertices),
            }
            for name, row in (("with_scale", self.with_scale), ("without_scale", self.without_scale))
        }


def compare_with_scan(
    scan: Float[np.ndarray, "N 3"],
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    *,
    nose_tip: Float[np.ndarray, "3"],
    scan_landmarks: Float[np.ndarray, "L 3"] | None = None,
    landmarks: Float[np.ndarray, "L 3"] | None = None,
    scan_nose_tip: Float[np.ndarray, "3"] | None = None,
    start: Similarity | None = None,
    settings: ScanSettings | None = None,
) -> ScanComparison:
    """Measure how far a scan lies from a predicted surface, with and without scale.

    Args:
        scan: (N, 3) points of the scan, metres; any pose, may be partial. Each counts alike: see `scan_points`.
        vertices: (V, 3) predicted vertices, metres.
        triangles: (T, 3) predicted outer surface.
        nose_tip: (3,) nose tip on the prediction, metres, in the frame of `vertices`.
        scan_landmarks: (L, 3) landmarks on the scan, metres; None to align without (see `coarse_alignment`).
        landmarks: (L, 3) the same landmarks on the prediction, metres.
        scan_nose_tip: (3,) nose tip on the scan, metres; None to take the scan vertex nearest to the aligned one.
        start: a rigid transform that carries the prediction near the scan, where no landmarks come; None to search it.
        settings: see `ScanSettings`.

    Raises:
        SettingsError: landmarks of one side only or different counts, an empty mesh, no scan vertex near the nose.
    """
    settings = settings or ScanSettings()
    if len(scan) == 0 or len(triangles) == 0:
        raise SettingsError("The scan or the prediction has no surface; give meshes with vertices and faces.")
    if (scan_landmarks is None) != (landmarks is None):
        raise SettingsError("Landmarks came for only one of scan and prediction; give the same landmarks for both.")
    surface = SurfaceIndex(vertices, triangles)
    scan = np.asarray(scan, dtype=np.float64)
    starts: dict[bool, Similarity] = {}
    if scan_landmarks is not None and landmarks is not None:
        if len(scan_landmarks) != len(landmarks) or len(landmarks) < 3:
            raise SettingsError(
                f"{len(scan_landmarks)} scan landmarks came with {len(landmarks)} of the prediction; "
                "give the same three or more for both."
            )
        for with_scale in (True, False):
            starts[with_scale] = align_points(landmarks, scan_landmarks, with_scale=with_scale)
        _refuse_other_axes(scan, vertices, nose_tip, starts[True])
    else:
        coarse = start or align_coarsely(scan, vertices, triangles, surface, nose_tip)
        starts = {True: coarse, False: coarse}
    results = {
        with_scale: _measure(
            scan,
            surface,
            starts[with_scale],
            nose_tip=nose_tip,
            scan_nose_tip=scan_nose_tip,
            settings=settings,
            with_scale=with_scale,
        )
        for with_scale in (True, False)
    }
    return ScanComparison(results[True], results[False])


def _refuse_other_axes(scan: np.ndarray, vertices: np.ndarray, nose_tip: np.ndarray, start: Similarity) -> None:
    """Landmarks that fit each other tell nothing of whether they lie in the axes of their mesh: the faces do.

    Raises:
        SettingsError: the face that the landmarks bring near the scan's lies elsewhere.
    """
    near = vertices[np.linalg.norm(vertices - nose_tip, axis=1) < _ABOUT_NOSE]
    drawn = start.apply(near[:: max(1, len(near) // _DRAWN)])
    apart = float(np.median(KDTree(scan).query(drawn)[0])) if len(drawn) else 0.0
    if apart > _ELSEWHERE:
        raise SettingsError(
            f"The landmarks fit each other, but the faces around them then lie {apart * _MILLIMETRES:.0f} mm apart: "
            "those of one side have other axes than their mesh (up may be Z there); give them in the axes of its file."
        )


def _measure(
    scan: np.ndarray,
    surface: SurfaceIndex,
    start: Similarity,
    *,
    nose_tip: np.ndarray,
    scan_nose_tip: np.ndarray | None,
    settings: ScanSettings,
    with_scale: bool,
) -> ScanDistance:
    alignment = start
    icp = IcpSettings(with_scale=with_scale, robust_scale=settings.robust_scale_mm / _MILLIMETRES)
    chosen = np.zeros(0, dtype=np.int64)
    for _ in range(2):  # the aligned nose tip settles the area, the area refines the alignment
        centre = scan_nose_tip if scan_nose_tip is not None else _nearest(scan, alignment.apply(nose_tip[None])[0])
        chosen = np.flatnonzero(np.linalg.norm(scan - centre, axis=1) <= settings.radius_mm / _MILLIMETRES)
        if len(chosen) < 10:
            raise SettingsError(
                f"Only {len(chosen)} scan vertices lie within {settings.radius_mm:g} mm of the nose tip; "
                "check the scan's unit and its landmarks."
            )
        drawn = chosen[np.unique(np.linspace(0, len(chosen) - 1, settings.icp_points).astype(np.int64))]
        alignment = align_surface(scan[drawn], surface, alignment, icp)
    inverse = alignment.inverse()
    distances = surface.query(inverse.apply(scan[chosen])).distances * alignment.scale * _MILLIMETRES
    return ScanDistance(
        float(np.median(distances)), float(distances.mean()), float(distances.std()), alignment, chosen, distances
    )


def _nearest(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    return points[np.linalg.norm(points - target, axis=1).argmin()]
