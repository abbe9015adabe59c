"""`read_parameters`: files of FLAME parameters to one `FlameParameters`; single heads, batches, sequences.

Convention: see `parameters` and `names`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import ModelError
from ..filenames import is_folder
from ..shapes import Float, Float32
from . import names
from .parameter_files import SUFFIXES, read_tree
from .parameters import FlameParameters

_MOST_FRAMES: Final = 100_000
"""Frames of a sequence: an hour at 28 frames a second."""
_MOST_COMPONENTS: Final = {"shape": 300, "expression": 100}
"""FLAME's own counts; a file that holds more holds something else."""
_LARGEST: Final = 1e3
"""Standard deviations, radians, metres: no parameter of a head is larger."""
_LARGEST_TURN: Final = 2 * np.pi
"""Radians: once around. An axis-angle never needs more."""
_LEAST_LENGTH: Final = 1e-6
"""Length of a row of a rotation matrix, below which it points nowhere."""


def read_parameters(paths: Sequence[Path]) -> FlameParameters:
    """Read FLAME parameters that DECA, EMOCA, SMIRK, MICA, VHAP or users of FLAME_PyTorch saved.

    Args:
        paths: one file, or the files of consecutive frames in their order. A folder stands for its files sorted by
            name; a folder with EMOCA's ``shape.npy``, ``exp.npy`` and ``pose.npy`` for the one frame that they are.

    Raises:
        ModelError: a file is missing, damaged or hostile, or holds no FLAME parameters.
    """
    found = [one for path in paths for one in _of_path(path)]
    if not found:
        raise ModelError(f"{paths[0].name if paths else 'Nothing'} holds no file of FLAME parameters; give one.")
    return _joined(found, paths[0].name)


def parameters_of(tree: Mapping[str, Any], file_name: str) -> FlameParameters:
    """The parameters that a dictionary of arrays holds.

    Raises:
        ModelError: it holds none, or they are not FLAME's.
    """
    table = _Table(tree, file_name)
    expression, pieces = table.rows(names.EXPRESSION), _pose_pieces(table)
    shape, translation = table.rows(names.SHAPE), table.rows(names.TRANSLATION)
    if shape is None and expression is None and not pieces:
        known = ", ".join((*names.SHAPE[:2], *names.EXPRESSION[:3], *names.JAW[:1]))
        raise ModelError(f"{file_name} holds no FLAME parameters under a known name ({known}, ...); rename its arrays.")
    dynamic = table.offsets(names.DYNAMIC)
    counted = [rows for rows in (expression, translation, dynamic, *pieces.values()) if rows is not None]
    frames = max((len(rows) for rows in counted), default=1)
    if frames > _MOST_FRAMES or any(len(rows) not in {1, frames} for rows in counted):
        raise ModelError(f"{file_name} holds arrays of different numbers of frames; save one row per frame in each.")
    pose = np.zeros((frames, 5, 3))
    for joint, rotation in pieces.items():
        pose[:, joint] = rotation
    static = table.offsets(names.STATIC)
    for kind, rows in (("shape", shape), ("expression", expression)):
        if rows is not None and rows.shape[1] > _MOST_COMPONENTS[kind]:
            raise ModelError(
                f"{file_name} holds {rows.shape[1]} numbers of {kind}, FLAME has {_MOST_COMPONENTS[kind]}."
            )
    if translation is not None and translation.shape[1] != 3:
        raise ModelError(f"{file_name} holds a translation of {translation.shape[1]} numbers instead of 3.")
    told = {"expression": expression, "translation": translation} | {names.JOINTS[k]: v for k, v in pieces.items()}
    expression = np.zeros((1, 0)) if expression is None else expression
    return FlameParameters(
        shape=np.zeros(0, np.float32) if shape is None else shape.mean(axis=0).astype(np.float32),
        expression=_repeated(expression, frames),
        pose=pose.astype(np.float32),
        translation=None if translation is None else _repeated(translation, frames),
        static_offset=None if static is None else static[0].astype(np.float32),
        dynamic_offset=None if dynamic is None else _repeated(dynamic, frames),
        left_out=tuple(sorted(name for name in names.UNUSED if name in table.beside)),
        told=frozenset(name for name, rows in told.items() if rows is not None),
    )


class _Table:
    """The arrays of a file by the names of `names`.

    Args:
        tree: what the file holds.
        file_name: for sentences.
    """

    def __init__(self, tree: Mapping[str, Any], file_name: str) -> None:
        group = next((tree[name] for name in names.GROUPS if isinstance(tree.get(name), Mapping)), tree)
        self.beside = {*tree, *group}
        self._arrays, self.file = group, file_name

    def rows(self, known: tuple[str, ...]) -> Float[np.ndarray, "T N"] | None:
        """The array of the first known name that is there, one row a frame; None where there is none."""
        value = self._array(known)
        if value is None:
            return None
        while value.ndim > 1 and len(value) == 1:  # a batch of one
            value = value[0]
        return np.atleast_1d(value)[None] if value.ndim <= 1 else value.reshape(len(value), -1)

    def offsets(self, known: tuple[str, ...]) -> Float[np.ndarray, "T V 3"] | None:
        """Displacements of all vertices, one set a frame; None where there are none."""
        value = self._array(known)
        if value is None or value.ndim not in {2, 3} or value.shape[-1] != 3 or value.size == 0:
            return None
        return value[None] if value.ndim == 2 else value

    def _array(self, known: tuple[str, ...]) -> Float[np.ndarray, "..."] | None:
        there = [name for name in known if self._arrays.get(name) is not None]
        if not there:
            return None
        name = there[0]
        for other in there[1:]:
            if not _alike(self._arrays[name], self._arrays[other]):
                raise ModelError(f"{self.file} holds '{name}' and '{other}', which differ; leave one of them out.")
        try:
            value = np.asarray(self._arrays[name], np.float64)
        except (TypeError, ValueError) as error:
            raise ModelError(f"'{name}' in {self.file} is no array of numbers; save it as one.") from error
        if value.size == 0 or not np.isfinite(value).all() or np.abs(value).max() > _LARGEST:
            raise ModelError(f"'{name}' in {self.file} is empty or holds values that no head has; save it again.")
        return value


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401 - whatever a file holds
    """Whether two entries say the same, or one of them is no numbers (a label)."""
    a, b = (np.asarray(value).squeeze() for value in (one, other))
    return {a.dtype.kind, b.dtype.kind} - set("fiu") != set() or (a.shape == b.shape and np.allclose(a, b))


def _pose_pieces(table: _Table) -> dict[int, Float[np.ndarray, "T 3"]]:
    """Axis-angle rows by joint, as far as the file tells them; a joint's own name goes before the common pose."""
    pieces: dict[int, np.ndarray] = {}
    common = table.rows(names.ROOT_AND_JAW)
    if common is not None:
        layout = {3: (0,), 6: (0, 2), 15: (0, 1, 2, 3, 4)}.get(common.shape[1])
        if layout is None:
            raise ModelError(f"A pose of {common.shape[1]} numbers is none of FLAME's (3, 6 or 15); save it so.")
        pieces = {joint: common[:, 3 * at : 3 * at + 3] for at, joint in enumerate(layout)}
    for joints, known in (((0,), names.ROOT), ((1,), names.NECK), ((2,), names.JAW), ((3, 4), names.EYES)):
        rows = table.rows(known)
        if rows is None:
            continue
        width = rows.shape[1] // len(joints)
        if rows.shape[1] % len(joints) or width not in {3, 6, 9}:
            raise ModelError(
                f"'{known[0]}' has {rows.shape[1]} numbers a frame, which is no rotation; save axis-angles."
            )
        for at, joint in enumerate(joints):
            pieces[joint] = _axis_angles(rows[:, width * at : width * (at + 1)])
    largest = max((float(np.linalg.norm(rows, axis=1).max()) for rows in pieces.values()), default=0.0)
    if largest > _LARGEST_TURN:
        raise ModelError(
            f"{table.file} turns a joint by {largest:.3g} radians, more than once around; "
            "if the angles are degrees, save them as radians."
        )
    return pieces


def _axis_angles(rows: Float[np.ndarray, "T N"]) -> Float[np.ndarray, "T 3"]:
    """Rotations of 3, 6 or 9 numbers as axis-angle vectors in radians."""
    if rows.shape[1] == 3:
        return rows
    from scipy.spatial.transform import Rotation

    first, second = rows[:, :3], rows[:, 3:6]
    if min(np.linalg.norm(first, axis=1).min(), np.linalg.norm(second, axis=1).min()) < _LEAST_LENGTH:
        raise ModelError("A rotation of six numbers holds a row of zeros, which points nowhere; save axis-angles.")
    first = first / np.linalg.norm(first, axis=1, keepdims=True)
    second = second - (first * second).sum(axis=1, keepdims=True) * first
    second = second / np.maximum(np.linalg.norm(second, axis=1, keepdims=True), _LEAST_LENGTH)
    matrices = np.stack([first, second, np.cross(first, second)], axis=1)
    return Rotation.from_matrix(matrices).as_rotvec()


def _of_path(path: Path) -> list[FlameParameters]:
    if not is_folder(path):
        return [parameters_of(one, path.name) for one in _frames(read_tree(path, names.ALL), path.name)]
    found = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith(".")]
    files = sorted(found, key=lambda p: _counted(p.name))
    together: dict[str, Any] = {}
    for file in files:
        if file.suffix.lower() == ".npy" and file.stem in names.ALL:
            tree = read_tree(file, names.ALL)
            together |= tree if isinstance(tree, Mapping) else {}
    if together:
        return [parameters_of(together, path.name)]
    return [one for file in files for one in _of_path(file)]


def _frames(tree: object, file_name: str) -> list[Mapping[str, Any]]:
    """The dictionaries of a file: one, a list of one a frame, or one a frame under its name."""
    if isinstance(tree, list):
        return [one for inner in tree for one in _frames(inner, file_name)]
    if not isinstance(tree, Mapping):
        raise ModelError(f"{file_name} holds no dictionary of FLAME parameters; save one, for example as an .npz.")
    if any(name in names.ALL or name in names.GROUPS for name in tree):
        return [tree]
    inner = [tree[name] for name in sorted(tree, key=_counted) if isinstance(tree[name], Mapping)]
    return [one for frame in inner for one in _frames(frame, file_name)] or [tree]


def _counted(name: str) -> tuple[int, str]:
    """What sorts frame2 before frame10."""
    return len(name), name


def _joined(found: list[FlameParameters], file_name: str) -> FlameParameters:
    """The frames of all, one after the other; the identity is their mean."""
    if len(found) == 1:
        return found[0]
    if sum(one.frames for one in found) > _MOST_FRAMES:
        raise ModelError(f"{file_name} and the others hold more than {_MOST_FRAMES} frames; give a shorter sequence.")
    every = frozenset[str]().union(*(one.told for one in found))
    for number, one in enumerate(found):
        if one.told and one.told != every:
            lacks = ", ".join(sorted(every - one.told))
            raise ModelError(f"Frame {number} of {file_name} lacks {lacks}, which others have; save it in every frame.")
    width = max(one.expression.shape[1] for one in found)
    shapes = [one.shape for one in found if len(one.shape) == max(len(other.shape) for other in found)]
    expressions = [np.pad(one.expression, ((0, 0), (0, width - one.expression.shape[1]))) for one in found]
    moved = [one.translation for one in found if one.translation is not None]
    return FlameParameters(
        shape=np.mean(shapes, axis=0).astype(np.float32),
        expression=np.concatenate(expressions),
        pose=np.concatenate([one.pose for one in found]),
        translation=np.concatenate(moved) if moved else None,
        left_out=tuple(sorted({name for one in found for name in one.left_out})),
    )


def _repeated(rows: Float[np.ndarray, "N *C"], frames: int) -> Float32[np.ndarray, "T *C"]:
    return np.broadcast_to(rows, (frames, *rows.shape[1:])).astype(np.float32)
