"""Finding the head in a scan of unknown unit, which may stand on a body, a figure or a turntable.

Every unit in which the scan is as large as a face, a head, a bust or a person is tried, and in a scan that is longer
than
a head its ends too, since a head is where something ends. The prediction's face is aligned to each
(`coarse_alignment`);
the unit and the place where it lies closest win, if it lies close at all.

Convention: a found `Similarity` carries the prediction (metres) to the scan in metres. Worked number: a scan 2.4 high
may
be a person in metres or a head in decimetres; the face decides.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..errors import SettingsError
from ..geometry.alignment import Similarity
from ..geometry.closest_point import SurfaceIndex
from ..shapes import Float, Int
from .coarse_alignment import align_coarsely
from .scan_points import drawn
from .units import SCAN_UNITS

_LOG: Final = logging.getLogger(__name__)
_EXTENTS: Final = (0.11, 3.5)
"""Metres between which the largest extent of a scan of a face, a head, a bust, or a person lies; figures are a little
larger than life."""
_HEAD: Final = 0.32
"""Metres: a scan longer than this holds more than a head."""
_ENDS: Final = (0.22, 0.32)
"""Metres from an end of a scan within which its head may lie: without and with the neck."""
_POINTS: Final = 20_000
_FACE: Final = 0.075
"""Metres around the nose tip of the prediction's face that is compared."""
_TRIM: Final = 0.85
"""Share of the face, the closest, whose distance counts: scans have holes and hair."""
_GOOD: Final = 0.003
"""Metres: faces of two people lie this close or closer; chosen on one pair of sample heads, which lie 2 mm apart."""
_BAD: Final = 0.006
"""Metres: what lies no closer is no face; twice `_GOOD`, chosen and not measured."""


@dataclass(frozen=True, eq=False)
class FoundHead:
    """Where a head was found in a scan.

    Attributes:
        unit: of the scan, a key of `SCAN_UNITS`.
        alignment: carries the prediction (metres) onto the scan (metres).
        distance: metres, trimmed mean from the prediction's face to the scan.
    """

    unit: str
    alignment: Similarity
    distance: float


def find_head(
    scan: Float[np.ndarray, "N 3"],
    scan_triangles: Int[np.ndarray, "S 3"],
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    *,
    nose_tip: Float[np.ndarray, "3"],
    unit: str | None = None,
) -> FoundHead:
    """The head in a scan.

    Args:
        scan: in the file's unit.
        scan_triangles: none for a point cloud.
        vertices: (V, 3) of the prediction, metres, Y up and the face towards +Z.
        triangles: (T, 3) of the prediction's outer surface.
        nose_tip: (3,) of the prediction, metres.
        unit: the scan's, where it is known; None to find it.

    Raises:
        SettingsError: no face was found, in any unit.
    """
    extent = float(np.ptp(scan, axis=0).max())
    low, high = _EXTENTS
    units = [unit] if unit is not None else [u for u, f in SCAN_UNITS.items() if low <= f * extent <= high]
    surface = SurfaceIndex(vertices, triangles)
    used = vertices[np.unique(triangles)]
    face = used[np.linalg.norm(used - nose_tip, axis=1) < _FACE]
    best: FoundHead | None = None
    for whole in (True, False):  # the ends are searched only where the whole scan shows no face
        for name in units:
            factor = SCAN_UNITS[name]
            for part in [_points(factor * scan, scan_triangles)] if whole else _ends(factor * scan, scan_triangles):
                found = align_coarsely(part, vertices, triangles, surface, nose_tip)
                distance = _distance(part, found.apply(face))
                _LOG.debug("%s, %s: %.1f mm", name, "whole" if whole else "an end", 1000 * distance)
                if best is None or distance < best.distance:
                    best = FoundHead(name, found, distance)
        if best is not None and best.distance < _GOOD:
            break
    if best is None or best.distance > _BAD:
        away = f" (the closest place is {1000 * best.distance:.0f} mm away)" if best is not None else ""
        raise SettingsError(
            f"No face like the prediction's was found in the scan, whose extent is {extent:.3g}{away}; give its "
            "landmarks (evaluate scan: --landmarks), name its unit (--scan-unit), or cut the head out of it."
        )
    return best


def _points(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Points that stand for a surface or a cloud, evenly."""
    points = drawn(vertices, triangles, _POINTS)[0] if len(triangles) else np.zeros((0, 3))
    if len(points):
        return points
    return vertices[np.unique(np.linspace(0, len(vertices) - 1, _POINTS).astype(np.int64))]


def _ends(vertices: np.ndarray, triangles: np.ndarray) -> Iterator[np.ndarray]:
    """Points of the ends of a scan that is longer than a head, along each of its axes."""
    for axis in (1, 2, 0):
        place = vertices[:, axis]
        for end, sign in ((place.max(), 1.0), (place.min(), -1.0)):
            for depth in _ENDS:
                near = sign * (end - place) < depth
                if np.ptp(place) < max(depth, _HEAD) or near.sum() < 100:
                    continue
                own = triangles[near[triangles].all(axis=1)] if len(triangles) else triangles
                part = _points(vertices, own) if len(own) else _points(vertices[near], triangles[:0])
                inside = sign * (end - part[:, axis]) < depth
                if inside.sum() >= 100:
                    yield part[inside]


def _distance(points: np.ndarray, face: np.ndarray) -> float:
    away = np.sort(np.asarray(KDTree(points).query(face)[0]))
    return float(away[: max(1, int(_TRIM * len(away)))].mean())
