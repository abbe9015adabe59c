"""What `seif evaluate scan` compares: a scan and a prediction, both from files.

Convention: everything leaves here in metres. The unit of a scan is found by what a head measures (landmarks, or the
face
itself) unless it is given; that of a mesh alone is guessed from its largest extent (`units.guess_unit`). Worked
number: a
head scan 240 units high is in millimetres.
"""

from __future__ import annotations

import logging
import mmap
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import SettingsError
from ..filenames import is_file
from ..geometry.alignment import Similarity, align_points
from ..head import Head
from ..headmodel.model import HeadModel, load_head_model, triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Int32
from .head_search import find_head
from .landmark_files import in_order, in_surface_unit, nose_tip_of, now_landmarks, read_landmarks
from .mesh_files import read_mesh
from .scan import ScanComparison, ScanSettings, compare_with_scan
from .scan_points import outer_points
from .units import SCAN_UNITS, UNITS, guess_unit

__all__ = [
    "SCAN_UNITS",
    "UNITS",
    "SurfaceFile",
    "evaluate_scan",
    "guess_unit",
    "nose_tip_of",
    "now_landmarks",
    "read_landmarks",
    "read_surface",
]

_LOG: Final = logging.getLogger(__name__)
_HEAD_MARKS: Final = (b"model_licence.npy", b"photo_camera.npy")
"""Entries that a `head.npz` alone has, one near its beginning and one near its end."""
_OUTER_PARTS: Final = ("skin", "eye_left", "eye_right")
_USUAL: Final = 0.28
"""Metres: largest extent of a head with some neck, by which the unit of a predicted head is told."""
_SCALES: Final = (0.72, 1.4)
"""Factors between the sizes of two people's heads, a child's and a large man's; what lies beyond is another unit."""
_MARGIN: Final = 0.03
"""Metres beyond the measured area in which points are drawn: the nose tip moves as the alignment is refined."""
_MOST: Final = 8.0
"""Millimetres: a mean distance that no two heads have; the alignment has failed."""


@dataclass(frozen=True, eq=False)
class SurfaceFile:
    """A mesh or point cloud read from a file.

    Attributes:
        vertices: (V, 3) float64, metres.
        triangles: (T, 3) int32, empty for a point cloud.
        metres_per_unit: of the file.
        landmarks: (68, 3) float64, metres, iBUG-68, where the file tells them, else None.
        is_head: it is a `head.npz`, which is in metres by definition.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    metres_per_unit: float
    landmarks: Float[np.ndarray, "68 3"] | None = None
    is_head: bool = False

    def scaled(self, factor: float) -> SurfaceFile:
        """The same surface with lengths multiplied."""
        return replace(self, vertices=self.vertices * factor, metres_per_unit=self.metres_per_unit * factor)


@dataclass(frozen=True, eq=False)
class ScanPair:
    """A scan and a prediction, both in metres, and what carries one onto the other.

    Attributes:
        scan: the scan.
        prediction: the prediction.
        scan_landmarks: (7 or 51 or 68, 3) metres, in the prediction's order, or None.
        landmarks: the same of the prediction.
        start: rigid, carries the prediction near the scan; None where landmarks of both do, or nothing was searched.
    """

    scan: SurfaceFile
    prediction: SurfaceFile
    scan_landmarks: Float[np.ndarray, "L 3"] | None
    landmarks: Float[np.ndarray, "M 3"] | None
    start: Similarity | None


def evaluate_scan(
    scan: Path,
    prediction: Path,
    *,
    landmarks: Path | None = None,
    prediction_landmarks: Path | None = None,
    scan_unit: str | None = None,
    prediction_unit: str | None = None,
    settings: ScanSettings | None = None,
) -> ScanComparison:
    """Compare a predicted head with a scan, both from files (`seif evaluate scan`).

    Args:
        scan: OBJ, PLY, STL, OFF, GLB, or NPZ with `vertices` (and `faces`).
        prediction: the same, or a `head.npz` (its neutral head is compared).
        landmarks: landmarks on the scan, in its unit: 7 (`NOW_LANDMARKS`), 51 or 68 points as MeshLab's .pp, .npy,
            .json, or text with three numbers a line; None to align by shape alone.
        prediction_landmarks: the same on the prediction; None to use those that a `head.npz` brings.
        scan_unit: key of `SCAN_UNITS`; None to find it by the landmarks or the face.
        prediction_unit: key of `SCAN_UNITS`; None to take the one that makes a head of it.
        settings: see `ScanSettings`.

    Raises:
        SettingsError: a file is missing or unreadable, landmarks do not fit together or do not lie on their surface, or
            no head is found in the scan; the sentence names the option that helps.
        HeadFormatError: a `head.npz` is damaged.
    """
    pair = read_pair(
        scan,
        prediction,
        landmarks=landmarks,
        prediction_landmarks=prediction_landmarks,
        scan_unit=scan_unit,
        prediction_unit=prediction_unit,
    )
    own, theirs = pair.landmarks, pair.scan_landmarks
    if own is None or theirs is None:
        return _without_landmarks(pair, settings)
    return _with_landmarks(pair, theirs, own, settings)


def read_pair(
    scan: Path,
    prediction: Path,
    *,
    landmarks: Path | None = None,
    prediction_landmarks: Path | None = None,
    scan_unit: str | None = None,
    prediction_unit: str | None = None,
    posed: bool = False,
) -> ScanPair:
    """Read what is compared: in metres, with landmarks in order, or a start for the alignment.

    Args:
        scan: see `evaluate_scan`, as for the other files and units.
        prediction: the same.
        landmarks: the same.
        prediction_landmarks: the same.
        scan_unit: the same.
        prediction_unit: the same.
        posed: heads come in their photo's pose, expression and camera, not neutral, and no start is searched.

    Raises:
        SettingsError: as `evaluate_scan`.
        HeadFormatError: a `head.npz` is damaged.
    """
    predicted = _read_prediction(prediction, prediction_unit, posed=posed)
    raw = _read(scan, scan_unit, posed=posed)
    own, theirs = predicted.landmarks, raw.landmarks
    if prediction_landmarks is not None:
        picked = read_landmarks(prediction_landmarks) * predicted.metres_per_unit
        own = in_surface_unit(picked, predicted.vertices, predicted.triangles, prediction_landmarks.name)
    if landmarks is not None:
        picked = read_landmarks(landmarks) * raw.metres_per_unit
        theirs = in_surface_unit(picked, raw.vertices, raw.triangles, landmarks.name)
    if landmarks is not None and own is None and not posed:
        raise SettingsError(
            f"Landmarks came for the scan, but {prediction.name} has none; give --prediction-landmarks, or none at all."
        )
    known = scan_unit is not None or raw.is_head
    start = None
    if theirs is not None and own is not None:
        theirs = in_order(theirs, own, scan.name if landmarks is None else landmarks.name)
        unit = "m" if known else _unit_by_landmarks(raw, now_landmarks(own), now_landmarks(theirs))
    elif posed:
        unit = "m" if known else guess_unit(raw.vertices)
    else:
        unit, start = _found_in(raw, predicted, own, "m" if known else None)
    factor = SCAN_UNITS[unit]
    return ScanPair(raw.scaled(factor), predicted, None if theirs is None else factor * theirs, own, start)


def _found_in(
    raw: SurfaceFile, predicted: SurfaceFile, own: Float[np.ndarray, "M 3"] | None, unit: str | None
) -> tuple[str, Similarity]:
    """The scan's unit, and the rigid transform that carries the prediction to where the head was found in it."""
    tip = _tip(predicted, own)
    found = find_head(raw.vertices, raw.triangles, predicted.vertices, predicted.triangles, nose_tip=tip, unit=unit)
    if unit is None and found.unit != guess_unit(raw.vertices):
        _LOG.warning(
            "The scan is taken to be in the unit '%s', in which its face fits; else give --scan-unit.", found.unit
        )
    return found.unit, Similarity(found.alignment.rotation, 1.0, found.alignment.translation)


def _with_landmarks(
    pair: ScanPair,
    theirs: Float[np.ndarray, "L 3"],
    own: Float[np.ndarray, "M 3"],
    settings: ScanSettings | None,
) -> ScanComparison:
    """Compare by corresponding landmarks."""
    pairs = now_landmarks(own), now_landmarks(theirs)
    tip, scan_tip = _tip(pair.prediction, own), nose_tip_of(theirs)
    start = align_points(pairs[0], pairs[1], with_scale=True)
    centre = start.apply(tip[None])[0] if scan_tip is None else scan_tip
    return compare_with_scan(
        _points(pair.scan, centre, settings),
        pair.prediction.vertices,
        pair.prediction.triangles,
        nose_tip=tip,
        scan_landmarks=pairs[1],
        landmarks=pairs[0],
        scan_nose_tip=scan_tip,
        settings=settings,
    )


def _without_landmarks(pair: ScanPair, settings: ScanSettings | None) -> ScanComparison:
    """Compare from where the head was found, and refuse what does not come out as a head."""
    predicted, start = pair.prediction, pair.start or Similarity()
    tip = _tip(predicted, pair.landmarks)
    compared = compare_with_scan(
        _points(pair.scan, start.apply(tip[None])[0], settings),
        predicted.vertices,
        predicted.triangles,
        nose_tip=tip,
        start=start,
        settings=settings,
    )
    scale, mean = compared.with_scale.alignment.scale, compared.with_scale.mean_mm
    if not _SCALES[0] <= scale <= _SCALES[1] or mean > _MOST:
        raise SettingsError(
            f"The prediction fits the scan only at {scale:.2f} times its size, {mean:.1f} mm away in the mean, "
            f"which is no "
            "measure of a face; give the scan's --landmarks, or name its unit with --scan-unit."
        )
    return compared


def _tip(predicted: SurfaceFile, own: Float[np.ndarray, "M 3"] | None) -> Float[np.ndarray, "3"]:
    """The prediction's nose tip: the landmark, or its most forward point."""
    tip = nose_tip_of(own)
    return _foremost(predicted) if tip is None else tip


def _unit_by_landmarks(raw: SurfaceFile, own: Float[np.ndarray, "7 3"], theirs: Float[np.ndarray, "7 3"]) -> str:
    """The unit in which the scan's landmarks are as large as the prediction's; by the extent where none is."""
    factors = {name: align_points(own, theirs, with_scale=True).scale * f for name, f in SCAN_UNITS.items()}
    best = min(factors, key=lambda name: abs(np.log(max(factors[name], 1e-12))))
    guessed = guess_unit(raw.vertices)
    if not _SCALES[0] <= factors[best] <= _SCALES[1]:
        _LOG.warning(
            "The prediction is %.2f times as large as the scan in '%s'; give --scan-unit or --prediction-unit "
            "if that is "
            "wrong.",
            1 / factors[guessed],
            guessed,
        )
        return guessed
    if best != guessed:
        _LOG.warning("The scan is taken to be in the unit '%s', in which its landmarks are a face's.", best)
    return best


def _points(
    surface: SurfaceFile, centre: Float[np.ndarray, "3"], settings: ScanSettings | None
) -> Float[np.ndarray, "N 3"]:
    """Points of the scan around the nose tip, evenly by area, without what is hidden."""
    radius = (settings or ScanSettings()).radius_mm / 1000 + _MARGIN
    points = outer_points(surface.vertices, surface.triangles, centre, radius)
    if len(points) == 0:
        raise SettingsError(
            f"Nothing of the scan lies within {1000 * radius:.0f} mm of the nose tip; check its unit (--scan-unit) and "
            "its --landmarks."
        )
    return points


def _foremost(surface: SurfaceFile) -> Float[np.ndarray, "3"]:
    """The most forward point of a face that looks towards +Z."""
    outer = surface.vertices[np.unique(surface.triangles)]
    return outer[outer[:, 2].argmax()]


def _read_prediction(path: Path, unit: str | None, *, posed: bool = False) -> SurfaceFile:
    """A predicted head in metres; its unit, unless known, is the one that makes it as large as heads are."""
    found = _read(path, unit, posed=posed)
    if len(found.triangles) == 0:
        raise SettingsError(f"{path.name} holds points without faces; a prediction must be a mesh.")
    if unit is not None or found.is_head:
        return found
    extent = max(float(np.ptp(found.vertices[np.unique(found.triangles)], axis=0).max()), 1e-12)
    best = min(SCAN_UNITS, key=lambda name: abs(np.log(SCAN_UNITS[name] * extent / _USUAL)))
    return found.scaled(SCAN_UNITS[best])


def read_surface(path: Path, unit: str | None = None) -> SurfaceFile:
    """Read a mesh (OBJ, PLY, STL, OFF, GLB), a point cloud (PLY), an NPZ with vertices and faces, or a `head.npz`.

    Args:
        path: the file.
        unit: key of `SCAN_UNITS`; None to guess it from the size.

    Raises:
        SettingsError: no such file, unreadable, without vertices, or an unknown unit.
        HeadFormatError: a `head.npz` is damaged.
    """
    found = _read(path, unit)
    return found if unit is not None or found.is_head else found.scaled(UNITS[guess_unit(found.vertices)])


def _read(path: Path, unit: str | None, *, posed: bool = False) -> SurfaceFile:
    """As `read_surface`, but in the file's unit where none is given."""
    if unit is not None and unit not in SCAN_UNITS:
        raise SettingsError(f"There is no unit '{unit}'; choose one of: {', '.join(SCAN_UNITS)}.")
    if _is_head(path):
        return _head_surface(path, posed=posed)
    vertices, triangles = read_mesh(path)
    factor = 1.0 if unit is None else SCAN_UNITS[unit]
    return SurfaceFile(vertices * factor, triangles, factor)


def _is_head(path: Path) -> bool:
    """Whether a file is a `head.npz`, whole or damaged: a zip names each entry before its content, uncompressed."""
    if path.suffix.lower() != ".npz" or not is_file(path):
        return False
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(mark) >= 0 for mark in _HEAD_MARKS)
    except (OSError, ValueError):  # not readable, or empty
        return False  # which `read_mesh` puts into words


def _head_surface(path: Path, *, posed: bool = False) -> SurfaceFile:
    """A head's outer surface, neutral or as the photo's camera sees it.

    Skin and eyeballs, without mouth lining, teeth, tongue and lashes.
    """
    head = Head.load(path)
    vertices = head.vertices.astype(np.float64)
    if posed:
        from ..preview.surface import Surface

        vertices = Surface.of_head_in_photo(head).vertices.astype(np.float64)
    outer = np.isin(head.face_part, [PART_NAMES.index(n) for n in _OUTER_PARTS])
    triangles = triangulate(head.faces[outer])[0]
    inner = head.regions.get("mouth_interior", np.zeros(len(vertices), bool))
    triangles = triangles[~inner[triangles].any(axis=1)]
    if len(triangles) == 0:
        raise SettingsError(f"{path.name} has no skin; reconstruct the photo again.")
    used, compact = np.unique(triangles, return_inverse=True)
    return SurfaceFile(
        vertices[used], compact.reshape(-1, 3).astype(np.int32), 1.0, _head_landmarks(head, vertices), is_head=True
    )


def _head_landmarks(head: Head, vertices: Float[np.ndarray, "V 3"]) -> Float[np.ndarray, "68 3"] | None:
    """iBUG-68 on a head: its own, or for heads of earlier versions those of the Open head.

    The name of the head model in the file is compared, and never opened: it is whatever the file's maker wrote there.
    """
    if head.landmark_vertices is not None and head.landmark_weights is not None:
        corners = vertices[head.landmark_vertices]
        return np.einsum("lk,lkc->lc", head.landmark_weights.astype(np.float64), corners)
    if head.model_name != "open":
        return None
    for model in (load_head_model("open"), _subdivided_open_head()):
        if len(model.template) == len(vertices) and np.array_equal(model.faces, head.faces):
            return model.embeddings["ibug68"].points(vertices).astype(np.float64)
    return None


@lru_cache(maxsize=1)
def _subdivided_open_head() -> HeadModel:
    from ..headmodel.subdivision import subdivide_model

    return subdivide_model(load_head_model("open"))
