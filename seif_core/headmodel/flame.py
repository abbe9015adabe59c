"""FLAME 2019, 2020, 2023 and 2023 Open, from the file that a user downloaded from https://flame.is.tue.mpg.de.

The file's own 5023 vertices, faces, shape and expression components, pose correctives, joint regressor and skin weights
are taken as they are; only what FLAME's file lacks (UVs, regions, landmarks, ARKit keys) comes from the Open head, by
`transfer`.

Source: Li et al., Learning a model of facial shape and expression from 4D scans, SIGGRAPH Asia 2017.

Convention: FLAME's axes are `seif_core`'s: metres, Y up, the face towards +Z, +X the subject's left. Worked number: the
left eyeball's centre lies near (0.032, 0.023, 0.026).
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import ModelError
from ..shapes import Float32, Int32, UInt8
from .model import HeadModel
from .restricted_unpickler import read_array_pickle
from .topology import JOINT_PARENTS, PART_NAMES

VERTICES: Final = 5023
"""FLAME's vertex count; its topology has not changed since 2017."""
FACES: Final = 9976
SHAPE_COMPONENTS: Final = 300
"""The first components of ``shapedirs`` are identity, the rest expression."""
_JOINTS: Final = len(JOINT_PARENTS)
_POSE_ENTRIES: Final = 9 * (_JOINTS - 1)
SUFFIXES: Final = (".pkl", ".npz")


@dataclass(frozen=True)
class FlameRelease:
    """A release of FLAME and the licence that applies to heads made with it.

    Attributes:
        name: short name of the model in a `Head`.
        title: as shown to a user.
        licence: SPDX identifier, or what the licence is called.
    """

    name: str
    title: str
    licence: str


_RESTRICTED: Final = "FLAME Model License (non-commercial research only, https://flame.is.tue.mpg.de/modellicense.html)"

_RELEASES: Final = (
    (("2023", "open"), FlameRelease("flame2023open", "FLAME 2023 Open", "CC-BY-4.0")),
    (("2023",), FlameRelease("flame2023", "FLAME 2023", _RESTRICTED)),
    (("2020",), FlameRelease("flame2020", "FLAME 2020", _RESTRICTED)),
    (("2019",), FlameRelease("flame2019", "FLAME 2019", _RESTRICTED)),
)
_UNKNOWN_RELEASE: Final = FlameRelease("flame", "FLAME (release unknown)", _RESTRICTED)

_ATTRIBUTION: Final = (
    "FLAME by Tianye Li, Timo Bolkart, Michael J. Black, Hao Li and Javier Romero, "
    "Max Planck Institute for Intelligent Systems, https://flame.is.tue.mpg.de."
)


def release_of(path: Path) -> FlameRelease:
    """The release that a file's name, or its folder's, tells; FLAME's files do not say it inside.

    A file that does not tell is taken for a restricted release, so that no licence is promised that may not hold.
    """
    for text in (path.name.lower(), path.parent.name.lower()):
        for words, release in _RELEASES:
            if all(word in text for word in words):
                return release
    return _UNKNOWN_RELEASE


def read_flame(path: Path) -> HeadModel:
    """Read a FLAME file as a `HeadModel` without UVs, landmarks, regions and ARKit keys (see `transfer`).

    Args:
        path: FLAME's .pkl (read by `restricted_unpickler`, never by plain pickle), or an .npz with the same names.

    Raises:
        ModelError: the file is missing, damaged, or not FLAME's.
    """
    arrays = _read_arrays(path)
    release = release_of(path)
    template = _array(arrays, "v_template", path, (VERTICES, 3))
    triangles = _array(arrays, "f", path, (FACES, 3), "i")
    directions = _array(arrays, "shapedirs", path, (VERTICES, 3, None))
    count = directions.shape[2]
    shapes = min(SHAPE_COMPONENTS, count)
    weights = _array(arrays, "weights", path, (VERTICES, _JOINTS))
    pose = _array(arrays, "posedirs", path, (VERTICES, 3, _POSE_ENTRIES))
    regressor = _array(arrays, "J_regressor", path, (_JOINTS, VERTICES))
    _check_tree(arrays, path)
    faces = np.full((FACES, 4), -1, np.int32)
    faces[:, :3] = triangles
    basis = np.ascontiguousarray(directions.transpose(2, 0, 1))
    return HeadModel(
        name=release.name,
        title=release.title,
        licence=release.licence,
        attribution=_ATTRIBUTION,
        template=template,
        faces=faces,
        face_part=_parts(faces, weights),
        shape_basis=basis[:shapes],
        expression_basis=basis[shapes:],
        key_names=(),
        key_basis=np.zeros((0, VERTICES, 3), np.float32),
        pose_basis=np.ascontiguousarray(pose.transpose(2, 0, 1)),
        joint_regressor=regressor,
        skin_weights=weights / weights.sum(axis=1, keepdims=True),
        uvs=np.zeros((1, 2), np.float32),
        uv_faces=np.where(faces >= 0, 0, -1).astype(np.int32),
    )


def _read_arrays(path: Path) -> dict[str, Any]:
    if path.suffix.lower() == ".npz":
        try:
            with np.load(path, allow_pickle=False) as data:
                return {name: data[name] for name in data.files}
        except FileNotFoundError as error:
            raise ModelError(f"There is no file {path}; give the path of the model that you downloaded.") from error
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path.name} cannot be read ({error}); give FLAME's .pkl file.") from error
    return read_array_pickle(path)


def _array(arrays: dict[str, Any], name: str, path: Path, shape: tuple[int | None, ...], kind: str = "f") -> Any:  # noqa: ANN401
    value = arrays.get(name, arrays.get({"f": "faces"}.get(name, name)))
    expected = " x ".join("?" if n is None else str(n) for n in shape)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in ("fiu" if kind == "f" else "iu"):
        raise ModelError(f"{path.name} has no array '{name}' ({expected}), so it is not FLAME; choose FLAME's file.")
    if len(value.shape) != len(shape) or any(n is not None and n != m for n, m in zip(shape, value.shape, strict=True)):
        found = " x ".join(map(str, value.shape))
        raise ModelError(f"'{name}' in {path.name} is {found} instead of {expected}; choose a FLAME head model.")
    if kind == "f":
        if not np.isfinite(value).all():
            raise ModelError(f"'{name}' in {path.name} holds values that are not numbers; download the file again.")
        return np.ascontiguousarray(value, dtype=np.float32)
    if value.min() < 0 or value.max() >= VERTICES:
        raise ModelError(f"'{name}' in {path.name} names vertices that do not exist; download the file again.")
    return np.ascontiguousarray(value, dtype=np.int32)


def _check_tree(arrays: dict[str, Any], path: Path) -> None:
    tree = arrays.get("kintree_table")
    if tree is None:
        return
    parents = tuple(int(p) for p in np.asarray(tree)[0][1:])
    if parents != JOINT_PARENTS[1:]:
        raise ModelError(f"The joints of {path.name} hang together as {parents}, not as FLAME's; choose FLAME's file.")


def _parts(faces: Int32[np.ndarray, "F 4"], weights: Float32[np.ndarray, "V J"]) -> UInt8[np.ndarray, " F"]:
    """Eyeballs are the faces whose corners all follow an eye joint; FLAME has no teeth, tongue or lashes."""
    part = np.zeros(len(faces), np.uint8)
    for joint, name in ((3, "eye_left"), (4, "eye_right")):
        part[(weights[faces[:, :3], joint] > 0.9).all(axis=1)] = PART_NAMES.index(name)
    return part
