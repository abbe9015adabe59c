"""FLAME 2019, 2020, 2023 and 2023 Open, from the file that a user downloaded from https://flame.is.tue.mpg.de.

The file's own 5023 vertices, faces, shape and expression components, pose correctives, joint regressor and skin weights
are taken as they are; only what FLAME's file lacks (UVs, regions, landmarks, ARKit keys) comes from the Open head, by
`transfer`.

Source: Li et al., Learning a model of facial shape and expression from 4D scans, SIGGRAPH Asia 2017.

Convention: FLAME's axes are `seif_core`'s: metres, Y up, the face towards +Z, +X the subject's left. Worked number: the
left eyeball's centre lies near (0.032, 0.023, 0.026).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..array_files import ArrayFileError, read_arrays
from ..errors import ModelError
from ..shapes import Float32, Int32, UInt8
from .flame_release import release_of
from .model import HeadModel
from .restricted_unpickler import read_array_pickle
from .topology import JOINT_PARENTS, PART_NAMES

VERTICES: Final = 5023
"""FLAME's vertex count; its topology has not changed since 2017."""
FACES: Final = 9976
_FOLLOWS: Final = 0.9
"""Weight of an eye joint from which a vertex follows it: an eyeball has 1, lids far less."""
SHAPE_COMPONENTS: Final = 300
"""The first components of ``shapedirs`` are identity, the rest expression."""
_JOINTS: Final = len(JOINT_PARENTS)
_EYES_APART: Final = (0.045, 0.085)
_EYES_OFF_NECK: Final = (0.06, 0.25)
"""Metres between the eyes' joints, and from their middle to the neck's, in which a head's lie; FLAME's are 0.063 and
0.15 or so. Chosen wide, not measured."""
_POSE_ENTRIES: Final = 9 * (_JOINTS - 1)
_LOG: Final = logging.getLogger(__name__)
_TRACE: Final = 1e-3
"""Skin weights below this are rounding."""
_MOST_BARE: Final = 0.05
"""Share of the vertices that may lack skin weights; a file with more is damaged."""
_MOST_COMPONENTS: Final = 1000
"""Components of a kind; FLAME has 300 and 100, and the fit's time grows with them."""


_ATTRIBUTION: Final = (
    "FLAME by Tianye Li, Timo Bolkart, Michael J. Black, Hao Li and Javier Romero, "
    "Max Planck Institute for Intelligent Systems, https://flame.is.tue.mpg.de."
)


_UNITS: Final = {"metres": 1.0, "decimetres": 0.1, "inches": 0.0254, "centimetres": 0.01, "millimetres": 0.001}
_HEIGHT: Final = (0.18, 1.0)
"""Metres between which the largest extent of a head with its neck lies, in whatever unit it comes; FLAME's is 0.30."""
_USUAL_HEIGHT: Final = 0.3
"""Metres: FLAME's largest extent (flame2023_Open), by which a unit is told."""

_SPLITS: Final = {400: SHAPE_COMPONENTS, 150: 100}
"""Identity components by the count of both kinds where one array holds both: FLAME's own 300 + 100, and the 100 + 50
that
most fitting code keeps of them (for example DECA, Feng et al., SIGGRAPH 2021)."""

_IDENTITY_NAMES: Final = (
    "shapedirs",
    "shape_dirs",
    "shape_basis",
    "shapebasis",
    "identity_basis",
    "id_basis",
    "iddirs",
)
_EXPRESSION_NAMES: Final = (
    *("expdirs", "exp_dirs", "exprdirs", "expr_dirs", "expressiondirs", "expression_dirs", "expression"),
    *("exp_basis", "expr_basis", "expression_basis", "expressionbasis", "exp_base"),
)
"""Names under which identity and expression are kept apart; those of re-saved models that were met."""

_LARGEST_ENTRY: Final = 10.0
"""Metres per standard deviation, or per entry of a pose corrective: no head moves farther."""

_NAMES: Final = (
    *("v_template", "f", "faces", "posedirs", "weights", "lbs_weights", "J_regressor", "kintree_table"),
    *("licence", "license", "LICENCE", "LICENSE", "Licence", "License"),
    *_IDENTITY_NAMES,
    *_EXPRESSION_NAMES,
)
"""What is read of an .npz; other entries are not even unpacked."""


def read_flame(path: Path) -> HeadModel:
    """Read a FLAME file as a `HeadModel` without UVs, landmarks, regions and ARKit keys (see `transfer`).

    What other programs made of FLAME's file is read where its meaning is plain: components of identity and expression
    in
    one array or in two, other units than metres (told in a warning), joints' parents as a list, vertices without skin
    weights (which follow the nearest vertex that has some, told in a warning).

    Args:
        path: FLAME's .pkl (read by `restricted_unpickler`, never by plain pickle), or an .npz with the same names.

    Raises:
        ModelError: the file is missing, damaged, or not FLAME's.
    """
    arrays = _read_arrays(path)
    _check_tree(arrays, path)
    release = release_of(path, arrays)
    template = _array(arrays, ("v_template",), path, (VERTICES, 3))
    factor = _metres_per_unit(template, path)
    regressor = _array(arrays, ("J_regressor",), path, (_JOINTS, VERTICES))
    _refuse_other_axes(regressor @ template * factor, path)
    triangles = _array(arrays, ("f", "faces"), path, (FACES, 3), "i")
    shapes, expressions = _components(arrays, path)
    weights = _weights(_array(arrays, ("weights", "lbs_weights"), path, (VERTICES, _JOINTS)), template, path)
    pose = _array(arrays, ("posedirs",), path, (VERTICES, 3, _POSE_ENTRIES))
    bases = [_basis(directions, factor, path) for directions in (shapes, expressions, pose)]
    faces = np.full((FACES, 4), -1, np.int32)
    faces[:, :3] = triangles
    return HeadModel(
        name=release.name,
        title=release.title,
        licence=release.licence,
        attribution=_ATTRIBUTION,
        template=template * np.float32(factor),
        faces=faces,
        face_part=_parts(faces, weights),
        shape_basis=bases[0],
        expression_basis=bases[1],
        key_names=(),
        key_basis=np.zeros((0, VERTICES, 3), np.float32),
        pose_basis=bases[2],
        joint_regressor=regressor,
        skin_weights=weights,
        uvs=np.zeros((1, 2), np.float32),
        uv_faces=np.where(faces >= 0, 0, -1).astype(np.int32),
    )


def _read_arrays(path: Path) -> dict[str, Any]:
    if path.suffix.lower() != ".npz":
        return read_array_pickle(path)
    try:
        return dict(read_arrays(path, _NAMES))
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}; give the path of the model that you downloaded.") from error
    except (OSError, ArrayFileError) as error:
        raise ModelError(f"{path.name} cannot be read ({error}); give FLAME's .pkl file.") from error


def _refuse_other_axes(joints: np.ndarray, path: Path) -> None:
    """Eyes lie before and above the neck, the person's left one at +x: else the head lies, looks back or is mirrored.

    Joints that lie nowhere near a head's are not judged: somebody's own rig.

    Raises:
        ModelError: they lie otherwise.
    """
    _, neck, _, left, right = joints
    between, beyond = (float(np.linalg.norm(away)) for away in (left - right, (left + right) / 2 - neck))
    if not (_EYES_APART[0] < between < _EYES_APART[1] and _EYES_OFF_NECK[0] < beyond < _EYES_OFF_NECK[1]):
        return
    up, forward = (min(left[axis], right[axis]) - neck[axis] for axis in (1, 2))
    if not (up > 0 and forward > 0 and left[0] > right[0]):
        raise ModelError(
            f"The head in {path.name} is turned, flat or mirrored: its eyes are not above and before its neck, the "
            "left one at +x; choose FLAME's file as it was published, Y up and facing +Z."
        )


def _array(
    arrays: dict[str, Any], names: tuple[str, ...], path: Path, shape: tuple[int | None, ...], kind: str = "f"
) -> Any:  # noqa: ANN401
    """The array of one of the names, checked: shape, type, and that its values are finite, or vertices."""
    name = next((name for name in names if name in arrays), names[0])
    value = arrays.get(name)
    if kind == "i" and isinstance(value, np.ndarray) and value.dtype.kind == "f" and (value == np.round(value)).all():
        value = value.astype(np.int64)
    expected = " x ".join("?" if n is None else str(n) for n in shape)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in ("fiu" if kind == "f" else "iu"):
        raise ModelError(f"{path.name} has no array '{name}' ({expected}), so it is not FLAME; choose FLAME's file.")
    if len(value.shape) != len(shape) or any(n is not None and n != m for n, m in zip(shape, value.shape, strict=True)):
        found = " x ".join(map(str, value.shape))
        raise ModelError(f"'{name}' in {path.name} is {found} instead of {expected}; choose a FLAME head model.")
    if kind == "f":
        with np.errstate(over="ignore"):
            numbers = np.ascontiguousarray(value, dtype=np.float32)
        if not np.isfinite(numbers).all():
            raise ModelError(f"'{name}' in {path.name} holds values that are not numbers; download the file again.")
        return numbers
    if value.min() < 0 or value.max() >= VERTICES:
        raise ModelError(f"'{name}' in {path.name} names vertices that do not exist; download the file again.")
    corners = np.ascontiguousarray(value, dtype=np.int32)
    if (np.diff(np.sort(corners, axis=1), axis=1) == 0).all(axis=1).any():
        raise ModelError(f"'{name}' in {path.name} has faces that are points; download the file again.")
    return corners


def _metres_per_unit(template: Float32[np.ndarray, "V 3"], path: Path) -> float:
    extent = float(np.ptp(template.astype(np.float64), axis=0).max())
    if _HEIGHT[0] <= extent <= _HEIGHT[1]:
        return 1.0
    unit = min(_UNITS, key=lambda name: abs(np.log(max(extent, 1e-9) * _UNITS[name] / _USUAL_HEIGHT)))
    factor = _UNITS[unit]
    if not _HEIGHT[0] <= factor * extent <= _HEIGHT[1] or factor == 1.0:
        raise ModelError(
            f"The head of {path.name} measures {extent:.3g}, which is no head in metres, centimetres or millimetres; "
            "choose FLAME's file."
        )
    _LOG.warning("%s measures %.3g, so it is taken to be in %s, and scaled to metres.", path.name, extent, unit)
    return factor


def _components(arrays: dict[str, Any], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Directions of identity (V, 3, S) and of expression (V, 3, E)."""
    identity = _array(arrays, _IDENTITY_NAMES, path, (VERTICES, 3, None))
    count = identity.shape[2]
    if any(name in arrays for name in _EXPRESSION_NAMES):
        expression = _array(arrays, _EXPRESSION_NAMES, path, (VERTICES, 3, None))
        parts = identity, expression
    elif count in _SPLITS or count > SHAPE_COMPONENTS:
        split = _SPLITS.get(count, SHAPE_COMPONENTS)
        parts = identity[..., :split], identity[..., split:]
    else:
        known = " or ".join(map(str, sorted(_SPLITS)))
        raise ModelError(
            f"{path.name} has {count} components, and nothing tells which of them are expressions ({known} are known); "
            "give FLAME's own file, or an .npz with 'shapedirs' and 'expression_dirs' apart."
        )
    if min(part.shape[2] for part in parts) == 0 or max(part.shape[2] for part in parts) > _MOST_COMPONENTS:
        raise ModelError(
            f"{path.name} has {parts[0].shape[2]} components of identity and {parts[1].shape[2]} of expression; 1 to "
            f"{_MOST_COMPONENTS} of each were expected, choose FLAME's file."
        )
    for part, what in zip(parts, ("identity", "expression"), strict=True):
        if not part.any():
            raise ModelError(f"The components of {what} in {path.name} are all 0; download FLAME's file again.")
    return parts


def _basis(directions: Float32[np.ndarray, "V 3 K"], factor: float, path: Path) -> Float32[np.ndarray, "K V 3"]:
    basis = np.ascontiguousarray(directions.transpose(2, 0, 1)) * np.float32(factor)
    if np.abs(basis).max() > _LARGEST_ENTRY:
        raise ModelError(f"{path.name} holds components that move vertices by more than 10 m; download the file again.")
    return basis


def _weights(
    weights: Float32[np.ndarray, "V J"], template: Float32[np.ndarray, "V 3"], path: Path
) -> Float32[np.ndarray, "V J"]:
    """Rows that sum to 1; a vertex without weights takes those of the nearest vertex that has some."""
    if weights.min() < -_TRACE:
        raise ModelError(f"'weights' in {path.name} holds negative weights; download the file again.")
    total = weights.sum(axis=1)
    bare = total < _TRACE
    if bare.mean() > _MOST_BARE:
        raise ModelError(f"'weights' in {path.name} is empty for {bare.sum()} vertices; download the file again.")
    weights = np.maximum(weights, 0)
    if bare.any():
        _LOG.warning("%d vertices of %s have no skin weights; they take their neighbours'.", bare.sum(), path.name)
        held = np.flatnonzero(~bare)
        distance = np.linalg.norm(template[bare][:, None] - template[held][None], axis=2)
        weights[bare] = weights[held[distance.argmin(axis=1)]]
    return weights / weights.sum(axis=1, keepdims=True)


def _check_tree(arrays: dict[str, Any], path: Path) -> None:
    """The joints' parents as FLAME has them, (2, 5) or a list of 5; the root's own is whatever the writer chose."""
    tree = arrays.get("kintree_table")
    if tree is None:
        return
    if not isinstance(tree, np.ndarray) or tree.dtype.kind not in "iuf" or tree.shape[-1:] != (_JOINTS,):
        raise ModelError(f"'kintree_table' in {path.name} is no table of {_JOINTS} joints; choose FLAME's file.")
    if tree.size == 0 or not np.isfinite(tree).all():
        raise ModelError(f"'kintree_table' in {path.name} holds values that are not numbers; choose FLAME's file.")
    parents = tuple(int(p) for p in tree.reshape(-1, _JOINTS)[0, 1:])
    if parents != JOINT_PARENTS[1:]:
        raise ModelError(f"The joints of {path.name} hang together as {parents}, not as FLAME's; choose FLAME's file.")


def _parts(faces: Int32[np.ndarray, "F 4"], weights: Float32[np.ndarray, "V J"]) -> UInt8[np.ndarray, " F"]:
    """Eyeballs are the faces whose corners all follow an eye joint; FLAME has no teeth, tongue or lashes."""
    part = np.zeros(len(faces), np.uint8)
    for joint, name in ((3, "eye_left"), (4, "eye_right")):
        part[(weights[faces[:, :3], joint] > _FOLLOWS).all(axis=1)] = PART_NAMES.index(name)
    return part
