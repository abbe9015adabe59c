"""Reading what `seif evaluate scan` compares: scans, predictions and landmark files.

Convention: everything leaves here in metres. A file's unit is guessed from its largest extent unless it is given: below
2 it is metres, below 100 centimetres, else millimetres. Worked number: a head scan 240 units high is in millimetres.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import HeadFormatError, ModelError, SettingsError
from ..head import Head
from ..headmodel.model import load_head_model, triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Int32
from .scan import NOSE_TIP, NOW_LANDMARKS, ScanComparison, ScanSettings, compare_with_scan

UNITS: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Metres per unit, by the unit's name."""

_OUTER_PARTS: Final = ("skin", "eye_left", "eye_right")


@dataclass(frozen=True, eq=False)
class SurfaceFile:
    """A mesh or point cloud read from a file.

    Attributes:
        vertices: (V, 3) float64, metres.
        triangles: (T, 3) int32, empty for a point cloud.
        metres_per_unit: of the file.
        landmarks: (68, 3) float64, metres, iBUG-68, where the file's head model tells them, else None.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    metres_per_unit: float
    landmarks: Float[np.ndarray, "68 3"] | None = None


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
        scan: OBJ, PLY, STL, or NPZ with `vertices` (and `faces`).
        prediction: the same, or a `head.npz` (its neutral head is compared).
        landmarks: landmarks on the scan, in its unit: 7 (`NOW_LANDMARKS`), 51 or 68 points as MeshLab's .pp, .npy,
            .json, or text with three numbers a line; None to align by shape alone.
        prediction_landmarks: the same on the prediction; None to use those of the head model of a `head.npz`.
        scan_unit: key of `UNITS`; None to guess it from the size.
        prediction_unit: key of `UNITS`; None to guess it from the size.
        settings: see `ScanSettings`.

    Raises:
        SettingsError: a file is missing or unreadable, or landmarks do not fit together.
    """
    scan_surface = read_surface(scan, scan_unit)
    predicted = read_surface(prediction, prediction_unit)
    if len(predicted.triangles) == 0:
        raise SettingsError(f"{prediction.name} holds points without faces; a prediction must be a mesh.")
    own = predicted.landmarks
    if prediction_landmarks is not None:
        own = read_landmarks(prediction_landmarks) * predicted.metres_per_unit
    theirs = None if landmarks is None else read_landmarks(landmarks) * scan_surface.metres_per_unit
    if theirs is not None and own is None:
        raise SettingsError(
            f"Landmarks came for the scan, but {prediction.name} has none; give --prediction-landmarks, or none at all."
        )
    tip = nose_tip_of(own)
    if tip is None:  # the most forward point of the face, +Z
        outer = predicted.vertices[np.unique(predicted.triangles)]
        tip = outer[outer[:, 2].argmax()]
    return compare_with_scan(
        scan_surface.vertices,
        predicted.vertices,
        predicted.triangles,
        nose_tip=tip,
        scan_landmarks=None if theirs is None else now_landmarks(theirs),
        landmarks=None if theirs is None or own is None else now_landmarks(own),
        scan_nose_tip=None if theirs is None else nose_tip_of(theirs),
        settings=settings,
    )


def now_landmarks(landmarks: Float[np.ndarray, "L 3"]) -> Float[np.ndarray, "7 3"]:
    """NoW's seven of a set of 7, 51 or 68 landmarks (the 51 are iBUG-68 without the jaw line).

    Raises:
        SettingsError: another number of landmarks.
    """
    if len(landmarks) == len(NOW_LANDMARKS):
        return landmarks
    if len(landmarks) in {51, 68}:
        return landmarks[np.array(NOW_LANDMARKS) - (68 - len(landmarks))]
    raise SettingsError(
        f"{len(landmarks)} landmarks came; give 7 (eye corners from the subject's right to left, nose base, right and "
        "left mouth corner), 51 or 68 (iBUG)."
    )


def nose_tip_of(landmarks: Float[np.ndarray, "L 3"] | None) -> Float[np.ndarray, "3"] | None:
    """The nose tip of 51 or 68 landmarks; None where the set has none."""
    if landmarks is None or len(landmarks) not in {51, 68}:
        return None
    return landmarks[NOSE_TIP - (68 - len(landmarks))]


def read_surface(path: Path, unit: str | None = None) -> SurfaceFile:
    """Read a mesh (OBJ, PLY, STL, OFF, GLB), a point cloud (PLY), an NPZ with vertices and faces, or a `head.npz`.

    Raises:
        SettingsError: no such file, unreadable, without vertices, or an unknown unit.
    """
    if unit is not None and unit not in UNITS:
        raise SettingsError(f"There is no unit '{unit}'; choose one of: {', '.join(UNITS)}.")
    if not path.is_file():
        raise SettingsError(f"There is no file {path}; give a mesh (OBJ, PLY, STL, NPZ).")
    if path.suffix.lower() == ".npz":
        surface = _read_npz(path)
        if surface.metres_per_unit == 1.0 and surface.landmarks is not None:
            return surface  # a head.npz is in metres by definition
        vertices, triangles = surface.vertices, surface.triangles
    else:
        vertices, triangles = _read_with_trimesh(path)
    if len(vertices) == 0 or not np.isfinite(vertices).all():
        raise SettingsError(f"{path.name} holds no vertices, or some that are not numbers; export the mesh again.")
    factor = UNITS[unit] if unit is not None else UNITS[guess_unit(vertices)]
    return SurfaceFile(vertices * factor, triangles, factor)


def guess_unit(vertices: Float[np.ndarray, "V 3"]) -> str:
    """The unit in which a head or face of this size is written."""
    extent = float(np.ptp(vertices, axis=0).max())
    return "m" if extent < 2 else "cm" if extent < 100 else "mm"


def _read_with_trimesh(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import trimesh

    try:
        loaded: Any = trimesh.load_scene(path, process=False, skip_materials=True)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, NotImplementedError) as error:
        raise SettingsError(f"{path.name} cannot be read as a mesh ({error}); give OBJ, PLY, STL or NPZ.") from error
    vertices, triangles, count = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    for geometry in loaded.dump():
        if isinstance(geometry, trimesh.Trimesh):
            geometry.merge_vertices(merge_tex=True, merge_norm=True)  # corners split at UV seams count once
            triangles.append(np.asarray(geometry.faces) + count)
        points = np.asarray(geometry.vertices, dtype=np.float64).reshape(-1, 3)
        vertices.append(points)
        count += len(points)
    return np.concatenate(vertices), np.concatenate(triangles).astype(np.int32)


def _read_npz(path: Path) -> SurfaceFile:
    try:
        with np.load(path, allow_pickle=False) as data:
            names = set(data.files)
            if "photo_camera" in names:
                return _head_surface(path)
            key = "vertices" if "vertices" in names else "v_template"
            faces = data["faces"] if "faces" in names else data["f"] if "f" in names else np.zeros((0, 3), np.int32)
            vertices = data[key].astype(np.float64).reshape(-1, 3)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SettingsError(
            f"{path.name} cannot be read ({error}); give an NPZ with 'vertices' (V, 3) and 'faces' (F, 3 or 4)."
        ) from error
    faces = faces.astype(np.int32)
    triangles = faces if faces.shape[1] == 3 else triangulate(faces)[0]
    return SurfaceFile(vertices, triangles, 0.0)


def _head_surface(path: Path) -> SurfaceFile:
    try:
        head = Head.load(path)
    except HeadFormatError as error:
        raise SettingsError(str(error)) from error
    outer = np.isin(head.face_part, [PART_NAMES.index(n) for n in _OUTER_PARTS])
    vertices = head.vertices.astype(np.float64)
    return SurfaceFile(vertices, triangulate(head.faces[outer])[0], 1.0, _model_landmarks(head, vertices))


def _model_landmarks(head: Head, vertices: np.ndarray) -> np.ndarray | None:
    try:
        model = load_head_model(head.model_name)
    except ModelError:
        return None
    embedding = model.embeddings.get("ibug68")
    if embedding is None or len(model.template) != len(vertices):
        return None
    return embedding.points(vertices).astype(np.float64)


def read_landmarks(path: Path) -> Float[np.ndarray, "L 3"]:
    """Read landmarks (L, 3), in the file's unit: MeshLab's .pp, .npy, .json (a list of triples), or text.

    Raises:
        SettingsError: no such file, or not L triples of numbers.
    """
    try:
        match path.suffix.lower():
            case ".pp":
                points = _read_picked_points(path)
            case ".npy":
                points = np.load(path, allow_pickle=False)
            case ".json":
                points = json.loads(path.read_text(encoding="utf-8"))
            case _:
                text = path.read_text(encoding="utf-8").replace(",", " ").replace(";", " ")
                points = [[float(n) for n in line.split()] for line in text.splitlines() if line.strip()]
        array = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    except (OSError, ValueError, TypeError, KeyError, ET.ParseError) as error:
        raise SettingsError(
            f"The landmarks {path.name} cannot be read ({error}); give .pp, .npy, .json or text with x y z a line."
        ) from error
    if not np.isfinite(array).all():
        raise SettingsError(f"The landmarks {path.name} hold values that are not numbers; pick them again.")
    return array


def _read_picked_points(path: Path) -> list[list[float]]:
    """MeshLab's PickedPoints XML: ``<point x= y= z= active=>``. A document with a DOCTYPE is refused (entities)."""
    text = path.read_text(encoding="utf-8")
    if "<!ENTITY" in text:
        raise ValueError("it declares XML entities")
    return [[float(p.attrib[a]) for a in "xyz"] for p in ET.fromstring(text).iter("point")]  # noqa: S314 - entities are refused
