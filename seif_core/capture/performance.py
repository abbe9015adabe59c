"""`Performance`: key weights, head pose and gaze over time; what every way of capture returns, and its file.

Imports numpy alone, because Blender's Python reads it too. docs/format-performance-npz.md describes the file.

Two ways to open a mouth must not be used at once. `weights` alone are the whole expression: ``jawOpen`` opens the jaw,
the ``eyeLook`` keys turn the eyes. `jaw_rotation` and `eye_rotations` tell the same movements as turns of bones;
whoever turns the bones leaves out the keys of `BONE_KEYS` (`bone_weights`).

Convention: metres, right-handed, Y up, the face towards +Z, +X the subject's left; rotations are axis-angle in radians.
Worked number: jaw_rotation (0.2, 0, 0) opens the mouth by 11.5 degrees; head_rotation (0, 0.3, 0) turns the face to the
subject's left.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..array_files import ArrayFileError, read_arrays
from ..errors import HeadFormatError
from ..shapes import Float32, Float64

FORMAT_VERSION: Final = 1
"""Version of performance.npz that this code writes; readers refuse newer ones."""
BONE_KEYS: Final = ("jawOpen", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp")
"""Beginnings of the names of keys that do what the jaw's and the eyes' bones do."""
MOST_FRAMES: Final = 1_000_000
"""Frames that a file may hold: nine hours at 30 a second."""
_LARGEST: Final = 1e6
"""Numbers beyond this are damage, as in head.npz."""


@dataclass(frozen=True, eq=False)
class Performance:
    """F frames of K keys.

    Attributes:
        source: where it comes from: a file's name.
        times: (F,) float64 seconds from the first frame, rising.
        rate: frames a second of the source.
        key_names: K names, of the ARKit 52 or others.
        weights: (F, K) float32, the whole expression in keys, jaw and gaze included.
        head_rotation: (F, 3) float32 axis-angle; against the camera, or what the source tells.
        head_translation: (F, 3) float32 metres, camera space, or None where the source tells none.
        jaw_rotation: (F, 3) float32 axis-angle, what the jaw's keys do as a turn of its bone; None if not known.
        eye_rotations: (F, 2, 3) float32 axis-angle of the left and the right eye's bone; None if not known.
        notes: sentences about what the source lacked: gaps that were filled, frames without a face.
    """

    source: str
    times: Float64[np.ndarray, " F"]
    rate: float
    key_names: tuple[str, ...]
    weights: Float32[np.ndarray, "F K"]
    head_rotation: Float32[np.ndarray, "F 3"]
    head_translation: Float32[np.ndarray, "F 3"] | None = None
    jaw_rotation: Float32[np.ndarray, "F 3"] | None = None
    eye_rotations: Float32[np.ndarray, "F 2 3"] | None = None
    notes: tuple[str, ...] = ()

    @property
    def has_bones(self) -> bool:
        """Whether jaw and eyes are told as turns of bones too."""
        return self.jaw_rotation is not None and self.eye_rotations is not None

    def bone_weights(self) -> Float32[np.ndarray, "F K"]:
        """The weights to be used while bones turn jaw and eyes: those of `BONE_KEYS` are 0."""
        out = self.weights.copy()
        out[:, [name.startswith(BONE_KEYS) for name in self.key_names]] = 0
        return out

    def for_keys(self, names: tuple[str, ...]) -> Float32[np.ndarray, "F N"]:
        """The weights (F, N) of a head's keys by name; keys that the performance lacks stay 0."""
        return columns(self.key_names, self.weights, names)

    def arrays(self) -> dict[str, Any]:
        """What is written into the file, by name."""
        told: dict[str, Any] = {
            "format_version": np.array(FORMAT_VERSION),
            "source": np.array(self.source, np.str_),
            "times": np.asarray(self.times, np.float64),
            "rate": np.array(self.rate, np.float64),
            "key_names": np.array(self.key_names, np.str_),
            "weights": self.weights,
            "head_rotation": self.head_rotation,
            "notes": np.array(self.notes, np.str_),
        }
        optional = ("head_translation", "jaw_rotation", "eye_rotations")
        return told | {name: getattr(self, name) for name in optional if getattr(self, name) is not None}

    def as_json(self) -> dict[str, Any]:
        """The same as text: lists of numbers, rounded to what a weight or an angle can show."""
        return {
            name: (np.round(value, 5) if value.dtype.kind == "f" else value).tolist()
            for name, value in self.arrays().items()
        }

    def as_bytes(self) -> bytes:
        """The file; the same performance gives the same bytes."""
        packed = io.BytesIO()
        np.savez(packed, **self.arrays())
        return packed.getvalue()

    @staticmethod
    def load(path: Path) -> Performance:
        """Read performance.npz (never a pickle), and check that its arrays fit together.

        Raises:
            HeadFormatError: no such file, no performance, damaged, inconsistent, or written by a newer version.
        """
        try:
            arrays = read_arrays(path)
        except FileNotFoundError as error:
            raise HeadFormatError(f"There is no performance {path.name}; capture it first.") from error
        except (OSError, ArrayFileError) as error:
            raise HeadFormatError(f"{path.name} is no readable performance ({error}); capture it again.") from error
        return _from_arrays(arrays, path.name)


def columns(
    have: tuple[str, ...], weights: Float32[np.ndarray, "F K"], names: tuple[str, ...]
) -> Float32[np.ndarray, "F N"]:
    """The columns of `weights` (F, K) under the names `names`, zeros where `have` lacks one."""
    out = np.zeros((len(weights), len(names)), np.float32)
    place = {name: k for k, name in enumerate(have)}
    for column, name in enumerate(names):
        if name in place:
            out[:, column] = weights[:, place[name]]
    return out


def _from_arrays(arrays: dict[str, np.ndarray], name: str) -> Performance:
    if "times" not in arrays:
        raise HeadFormatError(f"{name} is no performance; choose an .npz that seif capture wrote.")
    try:
        version = int(arrays["format_version"])
        if not 1 <= version <= FORMAT_VERSION:
            raise HeadFormatError(
                f"{name} has format version {version}, this add-on reads 1 to {FORMAT_VERSION}; update the add-on."
            )
        values: dict[str, Any] = {
            "source": str(arrays["source"]),
            "times": arrays["times"].astype(np.float64),
            "rate": float(arrays["rate"]),
            "key_names": tuple(str(key) for key in arrays["key_names"]),
            "weights": arrays["weights"].astype(np.float32),
            "head_rotation": arrays["head_rotation"].astype(np.float32),
            "head_translation": _optional(arrays, "head_translation"),
            "jaw_rotation": _optional(arrays, "jaw_rotation"),
            "eye_rotations": _optional(arrays, "eye_rotations"),
            "notes": tuple(str(note) for note in arrays["notes"]),
        }
        wrong = _fault(values)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise HeadFormatError(f"{name} lacks or garbles the field {error}; capture it again.") from error
    if wrong:
        raise HeadFormatError(f"{name} is damaged: {wrong}; capture it again.")
    return Performance(**values)


def _optional(arrays: dict[str, np.ndarray], name: str) -> np.ndarray | None:
    return arrays[name].astype(np.float32) if name in arrays else None


def _fault(values: dict[str, Any]) -> str:
    """What is wrong with it, empty if nothing is; a clause."""
    count, keys = values["times"].size, len(values["key_names"])
    wanted = {
        "times": (values["times"], (count,)),
        "weights": (values["weights"], (count, keys)),
        "head_rotation": (values["head_rotation"], (count, 3)),
        "head_translation": (values["head_translation"], (count, 3)),
        "jaw_rotation": (values["jaw_rotation"], (count, 3)),
        "eye_rotations": (values["eye_rotations"], (count, 2, 3)),
    }
    for name, (array, shape) in wanted.items():
        if array is not None and array.shape != shape:
            return f"{name} has the shape {array.shape} instead of {shape}"
    arrays = {name: array for name, (array, _) in wanted.items() if array is not None}
    faults = {
        f"it has {count} frames": not 1 <= count <= MOST_FRAMES,
        "it holds values that are no numbers or far too large": not all(
            (np.abs(array) <= _LARGEST).all() for array in arrays.values()
        ),
        "it names a key twice": len(set(values["key_names"])) != keys,
        "its times do not rise": not (np.diff(values["times"]) > 0).all(),
        f"its rate is {values['rate']} frames a second": not 0 < values["rate"] <= _LARGEST,
    }
    return next((words for words, wrong in faults.items() if wrong), "")
