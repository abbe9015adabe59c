"""Landmarks corrected by hand: the points that a user may drag, and how the others follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ..errors import SettingsError
from ..shapes import Float32
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
_MOST: Final = 500


def read_corrections(value: Any) -> dict[int, tuple[float, float]]:  # noqa: ANN401 - what a request holds
    """Corrections as a request tells them: a list of number, x, y in pixels of the upright photo.

    Raises:
        SettingsError: it is no such list.
    """
    if value is None:
        return {}
    found: dict[int, tuple[float, float]] = {}
    rows = value if isinstance(value, list) and len(value) <= _MOST else None
    for row in rows if rows is not None else [None]:
        numbers = isinstance(row, list) and [n for n in row if isinstance(n, (int, float)) and not isinstance(n, bool)]
        if not numbers or len(numbers) != 3 or numbers[0] not in HANDLES or not np.isfinite(numbers).all():
            raise SettingsError("The corrected landmarks must be a list of [number of a handle, x, y] in pixels.")
        found[int(numbers[0])] = (float(numbers[1]), float(numbers[2]))
    return found


def moved_landmarks(
    landmarks: Float32[np.ndarray, "478 3"], moved: Mapping[int, tuple[float, float]]
) -> Float32[np.ndarray, "478 3"]:
    """The landmarks with some handles elsewhere; the other handles stay, and all points between follow smoothly.

    Args:
        landmarks: x, y in pixels, z in pixels; z stays.
        moved: number of a handle -> x, y in pixels.

    Source: thin plate splines, Bookstein, "Principal Warps", IEEE TPAMI 11(6), 1989.
    """
    from scipy.interpolate import RBFInterpolator

    if not moved:
        return landmarks
    numbers = list(HANDLES)
    sites = landmarks[numbers, :2].astype(np.float64)
    shifts = np.array([np.subtract(moved[n], landmarks[n, :2]) if n in moved else (0.0, 0.0) for n in numbers])
    made = landmarks.copy()
    made[:, :2] += RBFInterpolator(sites, shifts)(landmarks[:, :2].astype(np.float64)).astype(np.float32)
    return made


def corrected(portrait: Portrait, moved: Mapping[int, tuple[float, float]]) -> Portrait:
    """A portrait with corrected landmarks, and a sentence that says so.

    Raises:
        SettingsError: its landmarks are of another set than `SCHEME`.
    """
    if not moved:
        return portrait
    if portrait.landmark_scheme != SCHEME:
        raise SettingsError("Only MediaPipe's landmarks can be corrected by hand; choose that detector.")
    points = moved_landmarks(portrait.landmarks, moved)
    bounds = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)]).astype(np.float32)
    told = f"{len(moved)} landmark{'s' if len(moved) > 1 else ''} corrected by hand."
    return replace(portrait, landmarks=points, box=bounds, dense=None, warnings=(*portrait.warnings, told))


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
