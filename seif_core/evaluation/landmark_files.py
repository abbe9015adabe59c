"""Landmark files, and whether what they say can be: order, sides and unit are checked against the surfaces.

Convention: landmarks are in the unit of their file until `in_surface_unit` has compared them with the surface that they
lie on. Worked number: landmarks 0.1 wide beside a scan 240 high are in metres and the scan in millimetres, factor 1000.
"""

from __future__ import annotations

import json
import logging
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

import numpy as np

from ..array_files import ArrayFileError, read_array
from ..errors import SettingsError
from ..geometry.alignment import align_points
from ..geometry.closest_point import SurfaceIndex
from ..shapes import Float, Int
from .scan import NOSE_TIP, NOW_LANDMARKS
from .units import SCAN_UNITS

_LOG: Final = logging.getLogger(__name__)
_LARGEST_FILE: Final = 1 << 24
"""Bytes of a landmark file: 16 MiB; 68 landmarks take some kilobytes."""
_OFF_SURFACE: Final = 0.1
"""Median distance from landmarks to their surface, in parts of their extent, up to which they lie on it: 1 cm."""
_RESIDUAL: Final = 0.09
"""Root mean square, in parts of the seven landmarks' extent (some 9 cm): landmarks of two people differ by less after
alignment (a few hundredths), and exchanged sides by more (0.13 and up); both seen on one pair of sample heads."""
_OFF: Final = ("0", "false")
"""How files of picked points say that one is not meant: MeshLab's, and those of scripts."""
_CLEARLY: Final = 0.6
"""Another order is believed where its residual is at most this part of the given order's."""

_MIRROR_68: Final = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)
"""For each iBUG-68 landmark the one on the other side of the face (Sagonas et al., 300 Faces in-the-Wild, 2013)."""
_MIRROR_7: Final = (3, 2, 1, 0, 4, 6, 5)
"""The same for NoW's seven."""


def now_landmarks(landmarks: Float[np.ndarray, "L 3"]) -> Float[np.ndarray, "7 3"]:
    """NoW's seven of a set of 7, 51 or 68 landmarks (the 51 are iBUG-68 without the jaw line).

    Raises:
        SettingsError: another number of landmarks.
    """
    if len(landmarks) == len(NOW_LANDMARKS):
        return landmarks
    if len(landmarks) in {51, 68}:
        return landmarks[np.array(NOW_LANDMARKS) - (68 - len(landmarks))]
    came = "1 landmark" if len(landmarks) == 1 else f"{len(landmarks)} landmarks"
    raise SettingsError(
        f"{came} came; give 7 (eye corners from the subject's right to left, nose base, right and "
        "left mouth corner), 51 or 68 (iBUG)."
    )


def nose_tip_of(landmarks: Float[np.ndarray, "L 3"] | None) -> Float[np.ndarray, "3"] | None:
    """The nose tip of 51 or 68 landmarks; None where the set has none."""
    if landmarks is None or len(landmarks) not in {51, 68}:
        return None
    return landmarks[NOSE_TIP - (68 - len(landmarks))]


def in_surface_unit(
    landmarks: Float[np.ndarray, "L 3"], surface: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"], name: str
) -> Float[np.ndarray, "L 3"]:
    """The landmarks in the unit of the surface that they lie on, which is told in a warning where it is another.

    Args:
        landmarks: in their file's unit.
        surface: (V, 3) vertices.
        triangles: (T, 3), none for a point cloud.
        name: of the landmarks' file.

    Raises:
        SettingsError: in no unit do they lie on the surface.
    """
    index = SurfaceIndex(surface, triangles if len(triangles) else np.repeat(np.arange(len(surface))[:, None], 3, 1))
    spread = float(np.ptp(landmarks, axis=0).max())
    if not spread > 0:
        raise SettingsError(f"The landmarks {name} all lie on one point; pick them again.")
    ratios = sorted({a / b for a in SCAN_UNITS.values() for b in SCAN_UNITS.values()}, key=lambda r: abs(np.log(r)))
    away = {r: float(np.median(index.query(r * landmarks).distances)) / (r * spread) for r in ratios}
    if away[1.0] <= _OFF_SURFACE:
        return landmarks
    best = min(ratios, key=lambda r: away[r])
    if away[best] > _OFF_SURFACE:
        raise SettingsError(
            f"The landmarks {name} do not lie on the surface: half of them are more than {away[1.0]:.0%} of their own "
            "extent away; give them in the coordinates and the unit of their mesh file."
        )
    _LOG.warning("The landmarks %s are in another unit than their mesh; they are multiplied with %.4g.", name, best)
    return best * landmarks


def in_order(
    landmarks: Float[np.ndarray, "L 3"], model: Float[np.ndarray, "M 3"], name: str
) -> Float[np.ndarray, "L 3"]:
    """The landmarks in the order in which they were meant, which is told in a warning where it was another.

    Args:
        landmarks: 7, 51 or 68 on the scan, any unit.
        model: 7, 51 or 68 on the prediction, metres.
        name: of the landmarks' file.

    Raises:
        SettingsError: they fit the prediction's in no order that was thought of.
    """
    words, order, residual = meant_order(landmarks, model)
    if words:
        _LOG.warning("The landmarks %s came %s; they are put in order.", name, words)
    elif residual > _RESIDUAL:
        raise SettingsError(
            f"The landmarks {name} fit those of the prediction to {residual:.0%} of their extent only; give the "
            f"same points in the "
            "same order (eye corners from the subject's right to left, nose base, right and left mouth corner; "
            "or iBUG)."
        )
    return landmarks[order]


def meant_order(
    landmarks: Float[np.ndarray, "L 3"], model: Float[np.ndarray, "M 3"]
) -> tuple[str, Int[np.ndarray, " L"], float]:
    """The order in which landmarks were meant: in words (none as given), as rows, and the residual as given.

    Args:
        landmarks: 7, 51 or 68, any unit.
        model: 7, 51 or 68 of a face in their right order, any unit.
    """
    count = len(landmarks)
    seven = now_landmarks(model)
    mirror = np.array(_MIRROR_7) if count == len(_MIRROR_7) else np.array(_MIRROR_68)[68 - count :] - (68 - count)
    plain = np.arange(count)
    orders = {
        "as given": plain,
        "left and right exchanged": mirror,
        "in reversed order": plain[::-1],
        "in reversed order, left and right exchanged": mirror[::-1],
    }
    found = {words: _residual(now_landmarks(landmarks[order]), seven) for words, order in orders.items()}
    given, best = found["as given"], min(found, key=lambda words: found[words])
    if best != "as given" and found[best] <= min(_RESIDUAL, _CLEARLY * given):
        return best, orders[best], given
    return "", plain, given


def _residual(landmarks: Float[np.ndarray, "7 3"], model: Float[np.ndarray, "7 3"]) -> float:
    """Root mean square distance after alignment with scale, in parts of the model's extent."""
    found = align_points(landmarks.astype(np.float64), model.astype(np.float64), with_scale=True)
    squared = np.sum((found.apply(landmarks) - model) ** 2, axis=1)
    return float(np.sqrt(np.mean(squared))) / max(float(np.ptp(model, axis=0).max()), 1e-12)


def read_landmarks(path: Path) -> Float[np.ndarray, "L 3"]:
    """Read landmarks (L, 3), in the file's unit: MeshLab's .pp, .npy, .json (a list of triples), or text.

    Raises:
        SettingsError: no such file, or not L triples of numbers.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            raise ValueError("there is no such file, or it is larger than 16 MB")  # noqa: TRY301
        match path.suffix.lower():
            case ".pp":
                points = _read_picked_points(path)
            case ".npy":
                points = read_array(path, _LARGEST_FILE)
            case ".json":
                points = json.loads(path.read_text(encoding="utf-8-sig"))
                if not isinstance(points, list):
                    raise ValueError("it holds no list")  # noqa: TRY301, TRY004 - one sentence for all
            case _:
                text = path.read_text(encoding="utf-8-sig")
                decimal = ";" in text and "." not in text  # tables of a country that writes 1,5
                text = text.replace(",", "." if decimal else " ").replace(";", " ")
                points = [[float(n) for n in line.split()] for line in text.splitlines() if line.strip()]
        array = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    except (
        OSError,
        ArrayFileError,
        ValueError,
        TypeError,
        KeyError,
        RecursionError,
        OverflowError,
        ET.ParseError,
    ) as error:
        raise SettingsError(
            f"The landmarks {path.name} cannot be read ({error}); give .pp, .npy, .json or text with x y z a line."
        ) from error
    if not len(array):
        raise SettingsError(f"The landmarks {path.name} hold no points; give 7, 51 or 68 of them, x y z a line.")
    if not np.isfinite(array).all():
        raise SettingsError(f"The landmarks {path.name} hold values that are not numbers; pick them again.")
    return array


def _read_picked_points(path: Path) -> list[list[float]]:
    """MeshLab's PickedPoints XML: ``<point x= y= z= active=>``; points that are not active are left out.

    A document that declares entities is refused.
    """
    text = path.read_text(encoding="utf-8-sig")
    if "<!ENTITY" in text:
        raise ValueError("it declares XML entities")
    points = ET.fromstring(text).iter("point")  # noqa: S314 - entities are refused
    return [[float(p.attrib[a]) for a in "xyz"] for p in points if p.attrib.get("active", "1").strip() not in _OFF]
