"""A scan in the head model's space, with the model fitted to it, and its file (docs/format-registered-scan.md).

Convention: metres, right-handed, Y up, the face towards +Z, +X the subject's left; the head at rest in the model's own
place. Worked number: on the Open head's mean the nose tip lies near (0, -0.008, 0.074); a registered scan's lies there
too, as far as people's noses allow.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from ....array_files import ArrayFileError, read_arrays
from ....errors import SettingsError
from ....headmodel import HeadModel
from ....headmodel.skinning import pose_vertices
from ....results import output_errors
from ....shapes import Float32, Float64, Int32
from .records import ScanDatasetError

FORMAT_VERSION: Final = 1
"""Version of the file that this code writes; readers refuse newer ones."""

SUFFIX: Final = ".scan.npz"
"""How the files' names end."""


@dataclass(frozen=True, eq=False)
class RegisteredScan:
    """A scan as training takes it: its surface is the truth, the fitted model the guidance.

    Attributes:
        name: of the scan, one of a kind in its data set.
        dataset: short name of the data set.
        identity: who it is, as the data set numbers its people.
        expression_name: as the data set names it.
        licence: the terms that the data set comes with.
        model_name: head model that the coefficients belong to.
        vertices: (V, 3) float32, metres, the model's space.
        triangles: (T, 3) int32, counter-clockwise from outside.
        albedo: (V, 3) float32, linear light in 0..1, what the scan's texture or vertices tell; None without colours.
        shape: (S,) float32, fitted identity in standard deviations.
        expression: (E,) float32, fitted expression in standard deviations.
        pose: (5, 3) float32, axis-angle of root, neck, jaw, left eye, right eye; only the jaw is fitted.
        to_model: (4, 4) float64, carries the mesh file's coordinates (columns) to the model's space.
        face_error_mm: median distance from the fitted model's face to the scan.
    """

    NOT_ARRAYS: ClassVar[tuple[str, ...]] = ("name", "dataset", "identity", "expression_name", "licence", "model_name")

    name: str
    dataset: str
    identity: str
    expression_name: str
    licence: str
    model_name: str
    vertices: Float32[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    albedo: Float32[np.ndarray, "V 3"] | None
    shape: Float32[np.ndarray, " S"]
    expression: Float32[np.ndarray, " E"]
    pose: Float32[np.ndarray, "5 3"]
    to_model: Float64[np.ndarray, "4 4"]
    face_error_mm: float

    @property
    def file_name(self) -> str:
        """Name of its file: data set and scan."""
        return scan_file_name(self.dataset, self.name)

    def fitted(self, model: HeadModel) -> Float64[np.ndarray, "V 3"]:
        """The fitted model's vertices (V, 3), metres, in the same space: what guidance and semantic labels are made of.

        Raises:
            SettingsError: another head model than the one that was fitted.
        """
        if model.name != self.model_name or len(model.shape_basis) != len(self.shape):
            raise SettingsError(
                f"The scan {self.name} was registered to the head model {self.model_name}, not to {model.name}; "
                "register the data set again."
            )
        neutral = model.template + np.tensordot(self.shape.astype(np.float64), model.shape_basis, 1)
        rest = neutral + np.tensordot(self.expression.astype(np.float64), model.expression_basis, 1)
        joints = model.joint_regressor @ neutral
        return pose_vertices(rest, joints, model.skin_weights, self.pose.astype(np.float64), model.pose_basis)

    def save(self, path: Path) -> None:
        """Write the file; the same scan gives the same bytes, and nothing half-written stays.

        Raises:
            OutputError: the file cannot be written.
        """
        arrays: dict[str, Any] = {"format_version": np.array(FORMAT_VERSION)}
        arrays.update({f.name: np.asarray(v) for f in fields(self) if (v := getattr(self, f.name)) is not None})
        packed = io.BytesIO()
        np.savez(packed, **arrays)
        unfinished = path.with_name(path.name + ".part")
        with output_errors(path):
            unfinished.write_bytes(packed.getbuffer())
            unfinished.replace(path)

    @staticmethod
    def load(path: Path) -> RegisteredScan:
        """Read the file (never a pickle).

        Raises:
            ScanDatasetError: no such file, not a registered scan, damaged, or written by a newer version.
        """
        try:
            data = read_arrays(path)
            version = int(data["format_version"])
            if version > FORMAT_VERSION:
                raise ScanDatasetError(
                    f"{path.name} has format version {version}, this version reads {FORMAT_VERSION}; "
                    "register the data set again."
                )
            values: dict[str, Any] = {f.name: data[f.name] for f in fields(RegisteredScan) if f.name in data}
            for name in (*RegisteredScan.NOT_ARRAYS, "face_error_mm"):
                if name in values:
                    values[name] = values[name].item()
            _check(values)
        except FileNotFoundError as error:
            raise ScanDatasetError(f"There is no registered scan {path}; run 'seif scans register'.") from error
        except (OSError, ArrayFileError, ValueError, KeyError, TypeError) as error:
            raise ScanDatasetError(
                f"{path.name} is no readable registered scan ({error}); run 'seif scans register' again."
            ) from error
        try:
            return RegisteredScan(**{"albedo": None, **values})
        except TypeError as error:
            raise ScanDatasetError(
                f"{path.name} lacks a field of a registered scan ({error}); run 'seif scans register' again."
            ) from error


def _check(values: dict[str, Any]) -> None:
    """Refuse arrays of a registered scan that do not fit together.

    Raises:
        ValueError: one is of another shape, names vertices that do not exist, or holds values that are not numbers.
    """
    vertices, triangles = values.get("vertices"), values.get("triangles")
    if vertices is None or triangles is None:
        return  # which the missing field tells
    shapes = {"vertices": (len(vertices), 3), "triangles": (len(triangles), 3), "albedo": (len(vertices), 3)}
    shapes |= {"pose": (5, 3), "to_model": (4, 4)}
    for name, value in values.items():
        if not isinstance(value, np.ndarray):
            continue
        if value.shape != shapes.get(name, value.shape) or not np.isfinite(value).all():
            raise ValueError(f"'{name}' has the shape {value.shape}, or holds values that are not numbers")
    if len(triangles) == 0 or triangles.min() < 0 or triangles.max() >= len(vertices):
        raise ValueError("'triangles' names vertices that do not exist")


def scan_file_name(dataset: str, name: str) -> str:
    """File name of a registered scan: data set and scan."""
    return f"{dataset}-{''.join(c if c.isalnum() or c in '._-' else '_' for c in name)}{SUFFIX}"


def registered_files(folder: Path) -> list[Path]:
    """The registered scans in a folder, in the order of their names.

    Raises:
        ScanDatasetError: no such folder, or none in it.
    """
    found = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not found:
        raise ScanDatasetError(
            f"{folder} holds no registered scans (*{SUFFIX}); run 'seif scans register --out' there."
        )
    return found
