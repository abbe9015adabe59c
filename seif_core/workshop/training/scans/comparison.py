"""Scans of a data set as truths of `seif compare`: each photo is named as its scan's record.

Convention: truths are upright and in metres. Worked number: FaceVerse's files have Y down and look along -Z; here they
look along +Z.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ....errors import SettingsError
from ....evaluation.compare.method_mesh import mesh_of, photos_of, raw_vertices
from ....evaluation.compare.truths import Case, Truth
from ....evaluation.scan import NOW_LANDMARKS
from ....evaluation.units import SCAN_UNITS, guess_unit
from .datasets import open_dataset
from .records import ScanRecord

_FULL: Final = (tuple(range(68)), tuple(range(17, 68)), NOW_LANDMARKS)


def cases_of_dataset(root: Path, kind: str, folder: Path) -> list[Case]:
    """The photos of `folder/photos` that are named as a record of the data set.

    Args:
        root: the data set, unpacked.
        kind: key of `datasets.READERS`.
        folder: of the comparison.

    Raises:
        SettingsError: no photo is named as a record, or the data set is laid out otherwise.
    """
    records = {record.name: record for record in open_dataset(root, kind)}
    cases = [
        Case(photo.stem, photo, lambda r=records[photo.stem]: truth_of(r))
        for photo in photos_of(folder / "photos")
        if photo.stem in records
    ]
    if not cases:
        some = ", ".join(list(records)[:3]) or "none"
        raise SettingsError(
            f"No photo in {folder / 'photos'} is named as a scan of {kind} ({some}, ...); name the photos so."
        )
    return cases


def truth_of(record: ScanRecord) -> Truth:
    """One scan.

    Raises:
        SettingsError: it cannot be read.
    """
    vertices, triangles = mesh_of(record.mesh_path)
    factor = SCAN_UNITS[record.unit or guess_unit(vertices)]
    marks = None if record.landmarks is None else record.landmarks.on(raw_vertices(record.mesh_path))
    if marks is not None and record.landmarks is not None:
        marks = _known(marks, record.landmarks.ibug)
    upright = record.upright
    return Truth(factor * upright.apply(vertices), triangles, None if marks is None else factor * upright.apply(marks))


def _known(marks: np.ndarray, ibug: tuple[int, ...]) -> np.ndarray | None:
    """Those of the landmarks that make a set that the protocols know: 68, 51 or seven; None where they make none."""
    rows = {index: row for row, index in enumerate(ibug)}
    wanted = next((one for one in _FULL if all(index in rows for index in one)), None)
    return None if wanted is None else marks[[rows[index] for index in wanted]]
