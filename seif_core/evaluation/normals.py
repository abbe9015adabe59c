"""Angular error of normal maps.

Convention: a normal map holds RGB = (n + 1) / 2 with x right, y up, z to the viewer; 8 or 16 bits. Worked number: the
pixel (128, 128, 255) faces the viewer. Grey (zero vector) and pure black pixels are background in either map.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import SettingsError
from ..filenames import is_folder
from ..shapes import Bool, Float

_SHORTEST: Final = 0.3
"""Vectors shorter than this carry no direction (background, or the seam between background and surface)."""


@dataclass(frozen=True)
class AngularError:
    """Angles between two normal maps inside a mask.

    Attributes:
        mean_deg: mean angle in degrees over the pixels that both maps cover; nan if there are none.
        median_deg: median angle in degrees over the same pixels.
        pixels: how many pixels that is.
        coverage: their share of the mask's pixels that the reference covers, 0..1.
    """

    mean_deg: float
    median_deg: float
    pixels: int
    coverage: float


@dataclass(frozen=True)
class NormalsRow:
    """One photo's angular errors.

    Attributes:
        name: the photo's name without suffix.
        mesh_face: normals of the finished head, inside the face (its skin, as the fitted model shows it).
        mesh_oval: the same inside the hull of the detected face landmarks, eyes, mouth and stray hair included.
        mesh_head: normals of the finished head, inside the head mask.
        mesh_own: normals of the finished head, inside the portrait's own mask, whatever the reference's mask says.
        fit_face: normals of the fitted head model, inside the face.
        fit_head: normals of the fitted head model, inside the head mask.
        network_face: the normal network's map, inside the face; None where there is none (fast quality).
        network_head: the normal network's map, inside the head mask.
        network_own: the normal network's map, inside the portrait's own mask.
        hair_head: normals of the finished head and the shell of its hair layer, in the head mask; None without one.
        hair_own: the same inside the portrait's own mask.
        landmark_error: of the fit, in percent of the distance between the eyes' outer corners.
    """

    name: str
    mesh_face: AngularError
    mesh_oval: AngularError
    mesh_head: AngularError
    mesh_own: AngularError
    fit_face: AngularError
    fit_head: AngularError
    network_face: AngularError | None
    network_head: AngularError | None
    network_own: AngularError | None
    hair_head: AngularError | None
    hair_own: AngularError | None
    landmark_error: float


COLUMNS: Final = (
    "mesh_face",
    "mesh_oval",
    "mesh_head",
    "mesh_own",
    "fit_face",
    "fit_head",
    "network_face",
    "network_head",
    "network_own",
    "hair_head",
    "hair_own",
)
_WIDTH: Final = 16
"""Letters of a column of the printed table."""


@dataclass(frozen=True)
class NormalsTable:
    """Angular errors of a folder of photos.

    Attributes:
        rows: one for each photo.
        skipped: name and reason of each photo that gave no head.
    """

    rows: tuple[NormalsRow, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    def mean_deg(self, column: str) -> float:
        """Mean over the photos of a column's mean angle, in degrees; nan where no photo has it."""
        return _mean([error.mean_deg for error in self._errors(column)])

    def median_deg(self, column: str) -> float:
        """Mean over the photos of a column's median angle, in degrees; nan where no photo has it."""
        return _mean([error.median_deg for error in self._errors(column)])

    def _errors(self, column: str) -> list[AngularError]:
        found = [getattr(row, column) for row in self.rows]
        return [error for error in found if error is not None]

    def __str__(self) -> str:
        head = "photo".ljust(24) + "".join(f"{c.replace('_', ' '):>{_WIDTH}}" for c in COLUMNS) + "   landmarks"
        lines = ["angular error in degrees, mean / median", head]
        for row in self.rows:
            cells = [_cell(getattr(row, c)) for c in COLUMNS]
            lines.append(row.name.ljust(24) + "".join(cells) + f"{row.landmark_error:10.2f} %")
        if self.rows:
            means = [AngularError(self.mean_deg(c), self.median_deg(c), 0, 0.0) for c in COLUMNS]
            cells = [_cell(mean if self._errors(c) else None) for c, mean in zip(COLUMNS, means, strict=True)]
            landmarks = float(np.mean([row.landmark_error for row in self.rows]))
            lines.append("mean".ljust(24) + "".join(cells) + f"{landmarks:10.2f} %")
        lines += [f"{name}: no head: {reason}" for name, reason in self.skipped]
        return "\n".join(lines)

    def as_json(self) -> str:
        """The table as JSON: `rows`, `skipped`, and `mean` over the photos."""
        there = [c for c in COLUMNS if self._errors(c)]
        means = {c: {"mean_deg": self.mean_deg(c), "median_deg": self.median_deg(c)} for c in there}
        return json.dumps(
            {"rows": [asdict(r) for r in self.rows], "skipped": [list(s) for s in self.skipped], "mean": means},
            indent=2,
        )


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _cell(error: AngularError | None) -> str:
    text = "-" if error is None else f"{error.mean_deg:7.2f} /{error.median_deg:6.2f}"
    return f"{text:>{_WIDTH}}"


def decode_normals(pixels: np.ndarray) -> tuple[Float[np.ndarray, "H W 3"], Bool[np.ndarray, "H W"]]:
    """Unit normals and where there are any.

    Args:
        pixels: (H, W, 3 or more) uint8 or uint16 normal map, or float normals in -1..1 (zero where there are none).

    Returns:
        (H, W, 3) float64 unit vectors, zero in the background; (H, W) bool, True where there is a normal.
    """
    if pixels.dtype.kind == "f":
        vectors = pixels[..., :3].astype(np.float64)
        valid = np.isfinite(vectors).all(axis=-1)
        vectors = np.where(valid[..., None], vectors, 0)
    else:
        vectors = pixels[..., :3].astype(np.float64) * (2 / np.iinfo(pixels.dtype).max) - 1
        valid = pixels[..., :3].any(axis=-1)
    length = np.linalg.norm(vectors, axis=-1)
    valid &= length > _SHORTEST
    return np.where(valid[..., None], vectors / np.maximum(length, _SHORTEST)[..., None], 0), valid


def angular_error(predicted: np.ndarray, reference: np.ndarray, mask: Bool[np.ndarray, "H W"]) -> AngularError:
    """Angles between two normal maps (as `decode_normals` takes them) inside `mask` (H, W).

    Raises:
        SettingsError: the maps and the mask differ in size.
    """
    if predicted.shape[:2] != reference.shape[:2] or mask.shape != reference.shape[:2]:
        raise SettingsError(
            f"A normal map of {predicted.shape[:2]} (height, width) came with a reference of {reference.shape[:2]} and "
            f"a mask of {mask.shape}; they must have one size."
        )
    ours, ours_valid = decode_normals(predicted)
    theirs, theirs_valid = decode_normals(reference)
    asked = mask & theirs_valid
    both = asked & ours_valid
    count = int(both.sum())
    if count == 0:
        return AngularError(float("nan"), float("nan"), 0, 0.0)
    a, b = ours[both], theirs[both]
    # atan2 is exact near 0, where arccos of the dot product loses half its digits
    angles = np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), np.einsum("nc,nc->n", a, b)))
    return AngularError(float(angles.mean()), float(np.median(angles)), count, count / int(asked.sum()))


@dataclass(frozen=True)
class ReferencePhoto:
    """A photo with its reference.

    Attributes:
        photo: ``NAME.png`` (or another picture suffix).
        normals: ``NAME_normal.png``.
        mask: ``NAME_mask.png``, or None.
    """

    photo: Path
    normals: Path
    mask: Path | None


def find_references(folder: Path) -> list[ReferencePhoto]:
    """The photos of a folder that have a reference normal map, by name.

    Raises:
        SettingsError: no such folder, or nothing in it.
    """
    if not is_folder(folder):
        raise SettingsError(f"There is no folder {folder}; give one with NAME.png and NAME_normal.png files.")
    found = []
    for normals in sorted(folder.glob("*_normal.png")):
        stem = normals.name.removesuffix("_normal.png")
        photos = [
            folder / f"{stem}{s}" for s in (".png", ".jpg", ".jpeg", ".webp") if (folder / f"{stem}{s}").is_file()
        ]
        mask = folder / f"{stem}_mask.png"
        if photos:
            found.append(ReferencePhoto(photos[0], normals, mask if mask.is_file() else None))
    if not found:
        raise SettingsError(f"{folder} holds no NAME.png with a NAME_normal.png; put photos and references there.")
    return found


def read_picture(path: Path) -> np.ndarray:
    """Pixels of a reference picture, (H, W, C) or (H, W), 8 or 16 bits.

    Raises:
        SettingsError: it cannot be read.
    """
    import cv2

    data = np.fromfile(path, dtype=np.uint8)  # not imread, which cannot open every name on Windows
    pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    if pixels is None or pixels.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise SettingsError(f"The reference {path.name} cannot be read; save it as a PNG of 8 or 16 bits.")
    return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., 2::-1])


def collect(rows: Iterable[NormalsRow | tuple[str, str]]) -> NormalsTable:
    """A table of rows and of (name, reason) pairs for photos without a head."""
    everything = list(rows)
    return NormalsTable(
        tuple(r for r in everything if isinstance(r, NormalsRow)),
        tuple(r for r in everything if not isinstance(r, NormalsRow)),
    )
