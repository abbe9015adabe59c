"""Landmarks and hairline corrected by hand: the points that a user may drag, and how the others follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import SettingsError
from ..shapes import Float32
from .dense_points import DensePoints
from .hairline import NAMES as HAIRLINE
from .hairline import hairline_rows, with_hairline
from .portrait import Portrait

SCHEME: Final = "mediapipe478"
"""The landmark set whose points may be corrected."""
HANDLES: Final[Mapping[int, str]] = {
    33: "right eye, outer corner",
    133: "right eye, inner corner",
    159: "right eye, upper lid",
    145: "right eye, lower lid",
    362: "left eye, inner corner",
    263: "left eye, outer corner",
    386: "left eye, upper lid",
    374: "left eye, lower lid",
    468: "right iris",
    473: "left iris",
    70: "right brow, outer end",
    105: "right brow, middle",
    107: "right brow, inner end",
    336: "left brow, inner end",
    334: "left brow, middle",
    300: "left brow, outer end",
    168: "nose bridge",
    1: "nose tip",
    2: "below the nose",
    129: "right nostril",
    358: "left nostril",
    61: "right mouth corner",
    291: "left mouth corner",
    0: "upper lip, outer edge",
    13: "upper lip, inner edge",
    14: "lower lip, inner edge",
    17: "lower lip, outer edge",
    152: "chin",
    172: "right jaw",
    397: "left jaw",
    132: "right jaw angle",
    361: "left jaw angle",
    234: "right cheek",
    454: "left cheek",
    10: "top of the forehead",
}
"""Points of MediaPipe's Face Mesh that can be dragged; the others follow. Sides are the person's. Numbers: canonical
face model of MediaPipe 0.10.21 (modules/face_geometry/data); which of the 478 are handles was chosen by eye."""
_BRIDGE: Final = 168
"""The bridge of the nose, from which the hairline's rays go out."""
_MOST: Final = 500
_LARGEST: Final = 1 << 20
"""Bytes of a file of corrections: a hundred times what one has."""
_STILL: Final = 0.06
"""Pixels by which a point may lie beside where it was found and count as left alone: they are told to a tenth."""
_CORNERS: Final = (33, 263)
"""The outer corners of the eyes."""
_REACH: Final = 0.4
"""Distances between them beyond the nearest handle at which a dense point follows by a third; chosen by eye."""


def read_corrections(value: Any) -> dict[int, tuple[float, float]]:  # noqa: ANN401 - what a request holds
    """Corrections as a request or a file tells them: a list of number, x, y in pixels of the upright photo.

    Numbers are those of `HANDLES` and of `hairline.NAMES`; a fourth entry, a text, is the point's name, for people.

    Raises:
        SettingsError: it is no such list.
    """
    if value is None:
        return {}
    found: dict[int, tuple[float, float]] = {}
    for row in value if isinstance(value, list) and len(value) <= _MOST else [None]:
        number, x, y = _point(row)
        found[number] = (x, y)
    return found


def _point(row: Any) -> tuple[int, float, float]:  # noqa: ANN401 - what a request or a file holds
    named = isinstance(row, list) and len(row) == 4 and isinstance(row[3], str)
    entries = row[:3] if named else row if isinstance(row, list) else []
    numbers = [float(n) for n in entries if isinstance(n, (int, float)) and not isinstance(n, bool)]
    known = len(numbers) == len(entries) == 3 and (numbers[0] in HANDLES or numbers[0] in HAIRLINE)
    if not known or not np.isfinite(numbers).all():
        raise SettingsError("The corrected landmarks must be a list of [number of a handle, x, y] in pixels.")
    return int(numbers[0]), numbers[1], numbers[2]


def corrections_of_file(path: Path) -> dict[int, tuple[float, float]]:
    """Corrections of a JSON file, as `write_correction_points` writes one.

    Raises:
        SettingsError: it cannot be read, or holds no corrections.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError(f"{path.name} is too large for corrected points; give the corrections.json of a photo.")
        return read_corrections(json.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise SettingsError(f"The corrected points of {path.name} cannot be read ({reason}).") from error


def write_correction_points(portrait: Portrait, path: Path) -> None:
    """Write every point that can be corrected as it was found, a line each, to be edited and handed back.

    Raises:
        OSError: it cannot be written.
    """
    named = {**HANDLES, **HAIRLINE}
    rows = [json.dumps([n, x, y, named[n]]) for n, x, y in correction_rows(portrait)]
    path.write_text("[\n  " + ",\n  ".join(rows) + "\n]\n", encoding="utf-8", newline="\n")


def moved_landmarks(
    landmarks: Float32[np.ndarray, "478 3"], moved: Mapping[int, tuple[float, float]]
) -> Float32[np.ndarray, "478 3"]:
    """The landmarks with some handles elsewhere; the other handles stay, and all points between follow smoothly.

    Args:
        landmarks: x, y in pixels, z in pixels; z stays.
        moved: number of a handle -> x, y in pixels.
    """
    if not moved:
        return landmarks
    made = landmarks.copy()
    made[:, :2] += _following(landmarks, moved, landmarks[:, :2])
    return made


def _following(
    landmarks: Float32[np.ndarray, "478 3"],
    moved: Mapping[int, tuple[float, float]],
    points: Float32[np.ndarray, "N 2"],
) -> Float32[np.ndarray, "N 2"]:
    """How far points of the photo (N, 2) follow the handles, pixels.

    Source: thin plate splines, Bookstein, "Principal Warps", IEEE TPAMI 11(6), 1989.
    """
    from scipy.interpolate import RBFInterpolator

    numbers = list(HANDLES)
    sites = landmarks[numbers, :2].astype(np.float64)
    shifts = np.array([np.subtract(moved[n], landmarks[n, :2]) if n in moved else (0.0, 0.0) for n in numbers])
    return RBFInterpolator(sites, shifts)(points.astype(np.float64)).astype(np.float32)


def _moved_dense(
    dense: DensePoints, landmarks: Float32[np.ndarray, "478 3"], moved: Mapping[int, tuple[float, float]]
) -> DensePoints:
    """The dense points as they follow the handles: wholly among them, less and less beyond them."""
    sites = landmarks[list(HANDLES), :2]
    away = np.linalg.norm(dense.pixels[:, None] - sites[None], axis=2).min(1)
    reach = _REACH * float(np.linalg.norm(landmarks[_CORNERS[0], :2] - landmarks[_CORNERS[1], :2]))
    share = np.exp(-((away / max(reach, 1.0)) ** 2)).astype(np.float32)
    return replace(dense, pixels=dense.pixels + share[:, None] * _following(landmarks, moved, dense.pixels))


def corrected(portrait: Portrait, moved: Mapping[int, tuple[float, float]]) -> Portrait:
    """A portrait with corrected landmarks and hairline, and sentences that say so; points left where they were stay.

    Raises:
        SettingsError: its landmarks are of another set than `SCHEME`.
    """
    if not moved:
        return portrait
    if portrait.landmark_scheme != SCHEME:
        raise SettingsError("Only MediaPipe's landmarks can be corrected by hand; choose that detector.")
    found = {n: (x, y) for n, x, y in correction_rows(portrait)}
    moved = {n: xy for n, xy in moved.items() if n not in found or np.abs(np.subtract(xy, found[n])).max() > _STILL}
    line = {n: xy for n, xy in moved.items() if n in HAIRLINE}
    if line and portrait.parsing is not None:
        parsing = with_hairline(portrait.parsing, portrait.landmarks[_BRIDGE, :2], line)
        told = f"The hairline was corrected by hand at {len(line)} point{'s' if len(line) > 1 else ''}."
        portrait = replace(portrait, parsing=parsing, warnings=(*portrait.warnings, told))
    return _with_landmarks(portrait, {n: xy for n, xy in moved.items() if n in HANDLES})


def correction_rows(
    portrait: Portrait, moved: Mapping[int, tuple[float, float]] | None = None
) -> Sequence[tuple[int, float, float]]:
    """Number, x and y in pixels of every point that can be corrected.

    Args:
        portrait: as it was found.
        moved: points that were put elsewhere.
    """
    moved = moved or {}
    points = moved_landmarks(portrait.landmarks, {n: xy for n, xy in moved.items() if n in HANDLES})
    rows = [*handle_rows(points)]
    if portrait.parsing is not None:
        line = {n: xy for n, xy in moved.items() if n in HAIRLINE}
        rows += hairline_rows(portrait.parsing, portrait.landmarks[_BRIDGE, :2], line)
    return rows


def _with_landmarks(portrait: Portrait, moved: Mapping[int, tuple[float, float]]) -> Portrait:
    if not moved:
        return portrait
    points = moved_landmarks(portrait.landmarks, moved)
    bounds = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)]).astype(np.float32)
    dense = None if portrait.dense is None else _moved_dense(portrait.dense, portrait.landmarks, moved)
    told = f"{len(moved)} landmark{'s' if len(moved) > 1 else ''} corrected by hand."
    return replace(portrait, landmarks=points, box=bounds, dense=dense, warnings=(*portrait.warnings, told))


def reading_corrected(
    read: Callable[..., Portrait], moved: Mapping[int, tuple[float, float]]
) -> Callable[..., Portrait]:
    """A function as `read_portrait`, whose portraits have the corrections."""

    def read_and_correct(*args: Any, **kwargs: Any) -> Portrait:  # noqa: ANN401 - whatever `read` takes
        return corrected(read(*args, **kwargs), moved)

    return read_and_correct


def handle_rows(points: Float32[np.ndarray, "478 3"]) -> Sequence[tuple[int, float, float]]:
    """Number, x and y of each handle, pixels."""
    return [(n, round(float(points[n, 0]), 1), round(float(points[n, 1]), 1)) for n in HANDLES]
