"""NoW: one neutral scan for each person of the benchmark.

Layout: `scans/<person>/*.obj` and `scans_lmks_onlypp/<person>/*.pp`, seven landmarks each as MeshLab's PickedPoints, at
the top or below `NoW_Dataset` or `final_release_version`. The photographs are not read.

Units: millimetres. Landmarks: eye corners from the subject's right to left, nose base, mouth corners.

Source: Sanyal et al., RingNet, CVPR 2019; https://now.is.tue.mpg.de; https://github.com/soubhiksanyal/now_evaluation,
README.md and compute_error.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ....evaluation.scan import NOW_LANDMARKS
from ....evaluation.scan_files import read_landmarks
from .records import ScanDatasetError, ScanLandmarks, ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "scans/<person>/*.obj and scans_lmks_onlypp/<person>/*.pp"
LICENCE: Final = "NoW licence (Max Planck Society), https://now.is.tue.mpg.de"
SCANS: Final = "scans"
MARKS: Final = "scans_lmks_onlypp"


def recognises(root: Path) -> bool:
    """Whether a folder has NoW's layout."""
    return _top(root) is not None


def read(root: Path) -> Iterator[ScanRecord]:
    """NoW's scans.

    Raises:
        ScanDatasetError: a landmark file has another number of points than seven.
    """
    top = _top(root)
    if top is None:
        return
    for person in subfolders(top / SCANS):
        for mesh in files(person, (".obj", ".ply")):
            name, marks = f"{person.name}_{mesh.stem}", _landmarks(top / MARKS / person.name, mesh)
            picture = picture_beside(mesh)
            yield ScanRecord(
                name, "now", mesh, "mm", person.name, "neutral", LICENCE, landmarks=marks, texture_path=picture
            )


def _top(root: Path) -> Path | None:
    inner = ("", "NoW_Dataset", "final_release_version", "NoW_Dataset/final_release_version")
    return next((root / i for i in inner if (root / i / SCANS).is_dir() and (root / i / MARKS).is_dir()), None)


def _landmarks(folder: Path, mesh: Path) -> ScanLandmarks | None:
    found = files(folder, (".pp",))
    if not found:
        return None
    path = next((p for p in found if p.stem.startswith(mesh.stem)), found[0])
    points = read_landmarks(path)
    if len(points) != len(NOW_LANDMARKS):
        raise ScanDatasetError(
            f"{MARKS}/{folder.name}/{path.name} holds {len(points)} landmarks instead of {len(NOW_LANDMARKS)}; "
            "download NoW's scan landmarks again."
        )
    return ScanLandmarks(NOW_LANDMARKS, points)
