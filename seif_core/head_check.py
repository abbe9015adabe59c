"""Whether the arrays of a `Head` fit together: shapes, types, ranges, numbers.

Whoever shows or writes a head relies on it.
Blender, for one, does not check corners of faces: one beyond the last vertex ends the whole program when the file is
opened. Imports numpy alone, because Blender's Python reads `head` too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

JOINTS: Final = 5
"""Joints of a head: root, neck, jaw, left eye, right eye."""

PARTS: Final = 7
"""Surface parts; `headmodel.PART_NAMES` names them."""

LARGEST: Final = 1e6
"""Metres (and standard deviations, radians): no number of a head is larger; beyond it float32 loses the millimetres."""

_LEAST_SPREAD: Final = 0.02
"""Extent of a head's joints in its own, at least: the Open head's and FLAME's are half as large. Chosen wide."""

_SHAPES: Final[Mapping[str, tuple[str, tuple[int | str, ...]]]] = {
    "vertices": ("f", ("V", 3)),
    "faces": ("i", ("F", 4)),
    "face_part": ("u", ("F",)),
    "uvs": ("f", ("U", 2)),
    "uv_faces": ("i", ("F", 4)),
    "joints": ("f", (JOINTS, 3)),
    "skin_weights": ("f", ("V", JOINTS)),
    "key_deltas": ("f", ("K", "V", 3)),
    "expression_deltas": ("f", ("E", "V", 3)),
    "pose_deltas": ("f", (9 * (JOINTS - 1), "V", 3)),
    "texture": ("u", ("H", "W", 3)),
    "photo_pose": ("f", (JOINTS, 3)),
    "photo_translation": ("f", (3,)),
    "photo_shape": ("f", ("S",)),
    "photo_expression": ("f", ("E",)),
    "photo_key_weights": ("f", ("K",)),
    "photo_delta": ("f", ("V", 3)),
    "landmark_vertices": ("i", (68, 3)),
    "landmark_weights": ("f", (68, 3)),
    "texture_light": ("f", ("L", "L", 3)),
    "confidence": ("f", ("V", 3)),
    "texture_normals": ("u", ("R", "R", 3)),
    "texture_heights": ("f", ("D", "D")),
}
"""Kind of number and shape of each array; a letter stands for one number throughout the head (see `head.Head`)."""

TYPES: Final = {"f": np.float32, "i": np.int32, "u": np.uint8, "b": np.bool_}
"""Types that arrays are declared in, by the letter of their kind."""

OPTIONAL: Final = (
    *("texture", "texture_light", "texture_normals", "texture_heights"),
    *("landmark_vertices", "landmark_weights", "confidence"),
)
"""Fields that a head may lack."""


def as_declared(name: str, value: np.ndarray) -> np.ndarray:
    """The array in its declared type, where it holds the same kind of number in another width; else as it came."""
    return value if name not in _SHAPES else as_kind(_SHAPES[name][0], value)


def as_kind(kind: str, value: np.ndarray) -> np.ndarray:
    """The array in the type of that kind (a letter of `TYPES`) where it holds such numbers, else as it came."""
    wanted = np.dtype(TYPES[kind])
    if value.dtype == wanted:
        return value
    if wanted.kind == "f" and value.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what becomes infinite is refused in `fault`
            return value.astype(wanted)
    limits = np.iinfo(wanted) if wanted.kind in "iu" else None
    if limits is None or value.dtype.kind not in "iu":
        return value
    fits = value.size == 0 or (value.min() >= limits.min and value.max() <= limits.max)
    return value.astype(wanted) if fits else value


def fault(values: Mapping[str, Any]) -> str | None:
    """What is wrong with the fields of a head, as a clause; None if nothing is."""
    extents = {"K": len(values["key_names"])}
    for name, (kind, shape) in _SHAPES.items():
        value = values.get(name)
        if value is None and name in OPTIONAL:
            continue
        found = array_fault(value, kind, shape, extents)
        if found is not None:
            return f"'{name}' {found}"
    return (
        _text_fault(values)
        or _corner_fault(values, extents)
        or _region_fault(values, extents["V"])
        or _joint_fault(values["joints"], values["vertices"])
    )


def _joint_fault(joints: np.ndarray, vertices: np.ndarray) -> str | None:
    if far_away(joints, vertices, 1.0):
        return "'joints' lie far outside of 'vertices'"
    if np.ptp(joints, axis=0).max() < _LEAST_SPREAD * np.ptp(vertices, axis=0).max():
        return "'joints' lie on one point, or are in another unit than 'vertices'"
    return None


def far_away(points: np.ndarray, vertices: np.ndarray, extents: float) -> bool:
    """Whether points (..., 3) lie outside of the box of vertices (V, 3) by so many of its largest extents."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    room = extents * (high - low).max()
    return bool(((points < low - room) | (points > high + room)).any())


def array_fault(value: object, kind: str, shape: tuple[int | str, ...], extents: dict[str, int]) -> str | None:
    """What is wrong with one array, as a clause without its name; None if nothing is.

    Args:
        value: what should be the array.
        kind: a letter of `TYPES`.
        shape: its extents; a letter stands for one number in all arrays that are checked together.
        extents: the letters' numbers so far; those of this array are added.
    """
    if not isinstance(value, np.ndarray) or value.dtype != TYPES[kind]:
        return f"is not of {np.dtype(TYPES[kind]).name}"
    wanted = tuple(n if isinstance(n, int) else extents.get(n, n) for n in shape)
    if value.ndim != len(shape) or any(isinstance(n, int) and n != m for n, m in zip(wanted, value.shape, strict=True)):
        return f"has the shape {value.shape} instead of ({', '.join(map(str, wanted))})"
    extents.update({n: m for n, m in zip(shape, value.shape, strict=True) if isinstance(n, str)})
    if kind == "f" and not (np.abs(value) <= LARGEST).all():  # which a value that is not a number fails too
        return "holds values that are not numbers, or are beyond all measure"
    return None


def _text_fault(values: Mapping[str, Any]) -> str | None:
    names = ("name", "model_name", "model_title", "model_licence", "attribution", "photo_name", "photo_sha256")
    for name in names:
        if not isinstance(values.get(name), str):
            return f"'{name}' is no text"
    if len(set(values["key_names"])) != len(values["key_names"]):
        return "'key_names' has a name twice"
    camera = values["photo_camera"]
    numbers = (camera.focal, camera.cx, camera.cy, camera.width, camera.height)
    if not np.isfinite(numbers).all() or min(camera.focal, camera.width, camera.height) <= 0:
        return "'photo_camera' is no camera"
    pictures = ((name, values.get(name)) for name in ("texture", "texture_normals"))
    return next((f"'{name}' is empty" for name, found in pictures if found is not None and found.size == 0), None)


def faces_fault(faces: np.ndarray, uv_faces: np.ndarray, vertices: int, uvs: int) -> str | None:
    """What is wrong with the corners of faces (F, 4), F above 0, or of their UVs, as a clause; None if nothing is."""
    for name, corners, count in (("faces", faces, vertices), ("uv_faces", uv_faces, uvs)):
        if corners[:, :3].min() < 0 or corners[:, 3].min() < -1 or corners.max() >= count:
            return f"'{name}' names vertices that do not exist"
    ring = np.sort(np.where(faces < 0, np.iinfo(np.int32).max, faces), axis=1)
    if (ring[:, 1:] == ring[:, :-1]).any():
        return "'faces' has a face with one corner twice"
    if ((faces[:, 3] < 0) != (uv_faces[:, 3] < 0)).any():
        return "'uv_faces' has other corners than 'faces'"
    return None


def _corner_fault(values: Mapping[str, Any], extents: Mapping[str, int]) -> str | None:
    """Faces that name what does not exist."""
    if extents["V"] == 0 or extents["F"] == 0:
        return "'vertices' or 'faces' is empty"
    if values["face_part"].max() >= PARTS:
        return "'face_part' names parts that do not exist"
    wrong = faces_fault(values["faces"], values["uv_faces"], extents["V"], extents["U"])
    if wrong is not None:
        return wrong
    landmarks = values.get("landmark_vertices")
    if (landmarks is None) != (values.get("landmark_weights") is None):
        return "'landmark_vertices' and 'landmark_weights' belong together"
    if landmarks is not None and (landmarks.min() < 0 or landmarks.max() >= extents["V"]):
        return "'landmark_vertices' names vertices that do not exist"
    return None


def _region_fault(values: Mapping[str, Any], count: int) -> str | None:
    for name, region in values["regions"].items():
        if region.shape != (count,):
            return f"'region_{name}' has the shape {region.shape} instead of ({count})"
    return None
