"""The file of GNM Head (`gnm_head.npz`), read within bounds and checked by its schema.

Source: Google, GNM (Generative aNthropometric Model), head variant 3.0, https://github.com/google/GNM, Apache-2.0;
arXiv 2607.23687. Several copies of the same numbers are about with different checksums, so a file is taken for what it
holds. The first release used other names, which are read too.

Convention: metres, right-handed, Y up, the face towards +Z, +X the subject's left, as everywhere here; the origin lies
below the collar. Worked number: the left eye's joint lies near (0.031, 0.303, 0.099).
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..array_files import UNREADABLE, ArrayFileError, read_arrays
from ..errors import ModelError
from ..shapes import Float32, Int32

JOINTS: Final = ("neck", "head", "left_eye", "right_eye")
"""GNM's joints in its order; the neck is the root."""
_PARENTS: Final = (-1, 0, 1, 1)
"""Each joint's parent in GNM 3.0."""
_OFF_ONE: Final = 1e-2
_BELOW_ZERO: Final = 1e-3
"""By how much a vertex's skinning weights may miss 1 and fall below 0: rounding in 16 bits. Chosen, not measured."""
_MARK: Final = "vertex_identity_basis.npy"
"""Entry by which an .npz is told from other head models' before it is read."""
_FEWEST_VERTICES, _MOST_VERTICES = 1000, 60_000
"""Version 3.0 has 17,821. More would not fit with its components into what is read of a file."""
_MOST_COMPONENTS: Final = 1000
"""Components of a kind; version 3.0 has 253 of identity and 383 of expression."""
_MOST_GROUPS: Final = 200
"""Vertex groups; version 3.0 has 46."""
_HEIGHT: Final = (0.18, 1.0)
"""Metres between which the largest extent of a head with its collar lies; GNM's is 0.34."""
_LARGEST_ENTRY: Final = 1.0
"""Metres per coefficient: no component of a head moves a vertex farther; GNM's largest is 0.012."""

_ALIASES: Final = {
    "eyeballs_": "eyes_",
    "left_eye_region_": "left_eye_",
    "right_eye_region_": "right_eye_",
    "lower_face_region_": "mouth_",
}
"""Beginnings of component names: as they are (or were) called -> what they are called here. First ones go first."""
_GROUP_ALIASES: Final = {
    "upper_teeth": "upper_teeth_and_gums",
    "lower_teeth": "lower_teeth_and_gums",
    "eyeball_interior": "eye_interiors",
    "eyeball_exterior": "eye_exteriors",
}
"""Vertex groups of the first release -> their names since."""
_NAMES: Final = (
    *("version", "variant", "template_vertex_positions", "vertex_identity_basis", "expression_basis"),
    *("template_joint_positions", "joint_identity_basis", "joint_regressor", "joint_names", "joint_parent_indices"),
    *("skinning_weights", "pose_correctives_regressor", "identity_names", "expression_names", "quads", "quad_uvs"),
    *("vertex_groups", "vertex_group_names", "mirror_indices"),
)
"""What is read of the file; other entries are not even unpacked."""


@dataclass(frozen=True, eq=False)
class GnmFile:
    """What `gnm_head.npz` holds; V vertices, Q quads, I identity and E expression components.

    Attributes:
        version: for example ``3.0``.
        template: (V, 3) float32 metres, the mean neutral head.
        identity: (I, V, 3) float32 metres per standard deviation.
        expression: (E, V, 3) float32 metres per standard deviation.
        identity_names: I names, ``head_``, ``eyes_`` or ``teeth_`` and a number.
        expression_names: E names, ``left_eye_``, ``right_eye_``, ``mouth_``, ``tongue_`` or ``pupils_`` and a number.
        joints: (4, 3) float32 metres, of the mean head, in the order of `JOINTS`.
        joint_identity: (I, 4, 3) float32 metres per standard deviation.
        joint_regressor: (4, V) float32.
        skin_weights: (V, 4) float32, rows sum to 1.
        correctives: (36, V, 3) float32 metres per entry of ``(R_j - I).ravel()`` of all four joints; all zero in 3.0.
        quads: (Q, 4) int32, counter-clockwise from outside.
        quad_uvs: (Q, 4, 2) float32, of each corner, origin bottom left; the parts lie on top of each other.
        groups: name -> (V,) float32 in 0..1.
        mirror: (V,) int32, the vertex on the other side of each.
    """

    version: str
    template: Float32[np.ndarray, "V 3"]
    identity: Float32[np.ndarray, "I V 3"]
    expression: Float32[np.ndarray, "E V 3"]
    identity_names: tuple[str, ...]
    expression_names: tuple[str, ...]
    joints: Float32[np.ndarray, "4 3"]
    joint_identity: Float32[np.ndarray, "I 4 3"]
    joint_regressor: Float32[np.ndarray, "4 V"]
    skin_weights: Float32[np.ndarray, "V 4"]
    correctives: Float32[np.ndarray, "36 V 3"]
    quads: Int32[np.ndarray, "Q 4"]
    quad_uvs: Float32[np.ndarray, "Q 4 2"]
    groups: dict[str, Float32[np.ndarray, " V"]]
    mirror: Int32[np.ndarray, " V"]


def is_gnm_file(path: Path) -> bool:
    """Whether a file is an .npz with GNM's identity components; nothing of it is unpacked."""
    if path.suffix.lower() != ".npz":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return _MARK in archive.namelist()
    except UNREADABLE:
        return False


def read_gnm_file(path: Path) -> GnmFile:
    """Read and check `gnm_head.npz`.

    Raises:
        ModelError: the file is missing, damaged, hostile, or not GNM Head's; the sentence says which array is wrong.
    """
    try:
        found = _Arrays(read_arrays(path, _NAMES), path.name)
    except FileNotFoundError as error:
        raise ModelError(f"There is no file {path}; give the path of the model that you downloaded.") from error
    except (OSError, ArrayFileError) as error:
        raise ModelError(f"{path.name} cannot be read ({error}); download gnm_head.npz again.") from error
    variant, version = found.text("variant"), found.text("version")
    if variant != "head" or not version.startswith("3."):
        raise ModelError(
            f"{path.name} is GNM's variant '{variant}', version {version}; the head of version 3 was expected."
        )
    template = found.numbers("template_vertex_positions", (None, 3))
    count = len(template)
    if not _FEWEST_VERTICES <= count <= _MOST_VERTICES:
        raise ModelError(f"The head of {path.name} has {count} vertices, GNM's 17821; download the file again.")
    if not _HEIGHT[0] <= float(np.ptp(template.astype(np.float64), axis=0).max()) <= _HEIGHT[1]:
        raise ModelError(f"The head of {path.name} is none in metres; download gnm_head.npz again.")
    identity = found.numbers("vertex_identity_basis", (None, count, 3), _LARGEST_ENTRY)
    expression = found.numbers("expression_basis", (None, count, 3), _LARGEST_ENTRY)
    if max(len(identity), len(expression)) > _MOST_COMPONENTS:
        raise ModelError(f"{path.name} has more than {_MOST_COMPONENTS} components of a kind; download it again.")
    _check_joints(found, path)
    quads = found.indices("quads", (None, 4), count)
    return GnmFile(
        version=version,
        template=template,
        identity=identity,
        expression=expression,
        identity_names=_current_names(found.texts("identity_names", len(identity)), expression=False),
        expression_names=_current_names(found.texts("expression_names", len(expression)), expression=True),
        joints=found.numbers("template_joint_positions", (4, 3)),
        joint_identity=found.numbers("joint_identity_basis", (len(identity), 4, 3), _LARGEST_ENTRY),
        joint_regressor=found.numbers("joint_regressor", (4, count)),
        skin_weights=_weights(found.numbers("skinning_weights", (4, count)), path),
        correctives=found.numbers("pose_correctives_regressor", (36, 3 * count), _LARGEST_ENTRY).reshape(36, count, 3),
        quads=quads,
        quad_uvs=found.numbers("quad_uvs", (len(quads), 4, 2)),
        groups=_groups(found, count),
        mirror=found.indices("mirror_indices", (count,), count),
    )


class _Arrays:
    """The arrays of a file, each asked for with what it must be.

    Args:
        arrays: as they were read.
        file_name: for sentences.
    """

    def __init__(self, arrays: dict[str, np.ndarray], file_name: str) -> None:
        self._arrays, self._file = arrays, file_name

    def text(self, name: str) -> str:
        """The text of an array without extent."""
        value = self._arrays.get(name)
        if value is None or value.dtype.kind != "U" or value.shape != ():
            raise ModelError(f"{self._file} has no text '{name}', so it is not GNM Head's; choose gnm_head.npz.")
        return str(value)

    def texts(self, name: str, count: int | None) -> list[str]:
        """A list of so many names."""
        value = self._arrays.get(name)
        if value is None or value.dtype.kind != "U" or value.ndim != 1 or count not in {None, len(value)}:
            raise ModelError(f"{self._file} has no list '{name}' of {count or 'its'} names; download it again.")
        return [str(one) for one in value]

    def numbers(self, name: str, shape: tuple[int | None, ...], largest: float = 1e3) -> Float32[np.ndarray, "..."]:
        """An array of finite numbers as float32, none of them larger than `largest`."""
        value = self._shaped(name, shape, "fiu")
        with np.errstate(over="ignore"):
            numbers = np.ascontiguousarray(value, np.float32)
        if not np.isfinite(numbers).all() or np.abs(numbers).max(initial=0) > largest:
            raise ModelError(f"'{name}' in {self._file} holds values that no head has; download the file again.")
        return numbers

    def indices(self, name: str, shape: tuple[int | None, ...], count: int) -> Int32[np.ndarray, "..."]:
        """An array of indices below `count`, as int32."""
        value = self._shaped(name, shape, "iu")
        if value.min() < 0 or value.max() >= count:
            raise ModelError(f"'{name}' in {self._file} names vertices that do not exist; download the file again.")
        return np.ascontiguousarray(value, np.int32)

    def _shaped(self, name: str, shape: tuple[int | None, ...], kinds: str) -> np.ndarray:
        value = self._arrays.get(name)
        told = " x ".join("?" if n is None else str(n) for n in shape)
        if value is None or value.dtype.kind not in kinds:
            raise ModelError(f"{self._file} has no array '{name}' ({told}), so it is not GNM Head's.")
        fits = value.ndim == len(shape) and all(n in {None, m} for n, m in zip(shape, value.shape, strict=True))
        if not fits or value.size == 0:
            found = " x ".join(map(str, value.shape))
            raise ModelError(f"'{name}' in {self._file} is {found} instead of {told}; download the file again.")
        return value


def _check_joints(found: _Arrays, path: Path) -> None:
    names = tuple(found.texts("joint_names", len(JOINTS)))
    parents = found.numbers("joint_parent_indices", (len(JOINTS),))
    if names != JOINTS or tuple(int(p) for p in parents) != _PARENTS:
        raise ModelError(f"The joints of {path.name} are {', '.join(names)}, not GNM's {', '.join(JOINTS)}.")


def _weights(weights: Float32[np.ndarray, "4 V"], path: Path) -> Float32[np.ndarray, "V 4"]:
    rows = np.maximum(weights.T, 0)
    total = rows.sum(axis=1, keepdims=True)
    if (np.abs(total - 1) > _OFF_ONE).any() or weights.min() < -_BELOW_ZERO:
        raise ModelError(f"The skinning weights in {path.name} do not sum to 1; download the file again.")
    return np.ascontiguousarray(rows / total)


def _groups(found: _Arrays, count: int) -> dict[str, Any]:
    names = found.texts("vertex_group_names", None)
    if len(names) > _MOST_GROUPS:
        raise ModelError(f"There are {len(names)} vertex groups, GNM has 46; download gnm_head.npz again.")
    masks = found.numbers("vertex_groups", (len(names), count))
    return {_GROUP_ALIASES.get(name, name): mask for name, mask in zip(names, masks, strict=True)}


def _current_names(names: list[str], *, expression: bool) -> tuple[str, ...]:
    """Names with one beginning a kind, whichever release they come from."""
    aliases = _ALIASES | {"eyeballs_": "pupils_"} if expression else _ALIASES
    told = []
    for name in names:
        old = next((beginning for beginning in aliases if name.startswith(beginning)), "")
        told.append(aliases[old] + name.removeprefix(old) if old else name)
    return tuple(told)
