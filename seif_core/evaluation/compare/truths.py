"""The truths that results are compared with: scans beside the photos, or a benchmark's own layout.

Layouts are those that the publishers describe; the project has none of these data sets, and the tests write small ones.

| kind | photos | scans | landmarks |
|---|---|---|---|
| plain | DIR/photos/NAME.jpg | DIR/scans/NAME.obj (.ply, ...) | DIR/scans/NAME.landmarks.txt (.npy, .json, .pp) |
| now | iphone_pictures/PERSON/CHALLENGE/FILE.jpg | scans/PERSON/*.obj, mm | scans_lmks_onlypp/PERSON/*.pp |
| realy | images/ID.jpg (any folder) | REALY_scan_region/ID/REGION.obj | REALY_HIFI3D_keypoints/ID.obj |
| facescape-wild | wild_image/NNN.jpg | wild_gt_mesh/NNN.obj | none |
| facescape-lab | lab_image/EE_F_VV.jpg | lab_gt_mesh/EE.obj | none |

Convention: scans and landmarks are in one frame and unit. Worked number: NoW's scans are in millimetres, so 0.001
metres a unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import SettingsError
from ...filenames import is_folder
from ...shapes import Float, Int
from ..landmark_files import read_landmarks
from ..units import SCAN_UNITS, guess_unit
from .method_mesh import first_file, marks_beside, mesh_of, photos_of, raw_vertices, with_suffixes

_SIXTY_EIGHT: Final = 68
"""Keypoints of iBUG's scheme, which come first in REALY's files."""
_MILLIMETRE: Final = 0.001
"""Metres: the unit of NoW's scans."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The truth of one photo.

    Attributes:
        vertices: (V, 3) metres.
        triangles: (T, 3).
        landmarks: (7 or 51 or 68, 3) metres, or None.
    """

    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    landmarks: Float[np.ndarray, "L 3"] | None


@dataclass(frozen=True)
class Case:
    """A photo of a comparison.

    Attributes:
        name: by which every method's result is found.
        photo: the picture.
        truth: reads its truth; None where there is none.
    """

    name: str
    photo: Path
    truth: Callable[[], Truth] | None


def plain_cases(root: Path) -> list[Case]:
    """`DIR/photos`, with `DIR/scans` where there are any.

    Raises:
        SettingsError: there is no photo.
    """
    if not is_folder(root):
        raise SettingsError(f"There is no folder {root}; name the one that holds photos and methods.")
    cases = []
    for photo in photos_of(root / "photos"):
        scan = first_file(root / "scans", with_suffixes([photo.stem]))
        stem = photo.stem
        cases.append(Case(stem, photo, None if scan is None else lambda s=scan, n=stem: _plain(s, n)))
    if not cases:
        raise SettingsError(f"{root / 'photos'} holds no photo; put the photos of the comparison there.")
    return cases


def _plain(scan: Path, name: str) -> Truth:
    vertices, triangles = mesh_of(scan)
    marks = marks_beside(scan.parent, [f"{name}.landmarks", f"{name}_picked_points"])
    factor = SCAN_UNITS[guess_unit(vertices)]
    return Truth(factor * vertices, triangles, None if marks is None else factor * marks)


def _now(root: Path) -> Iterator[Case]:
    for person in _folders(root / "iphone_pictures"):
        scan = next(iter(sorted((root / "scans" / person.name).glob("*.obj"))), None)
        marks = next(iter(sorted((root / "scans_lmks_onlypp" / person.name).glob("*.pp"))), None)
        for challenge in _folders(person):
            for photo in photos_of(challenge):
                name = f"{person.name}_{challenge.name}_{photo.stem}"
                yield Case(name, photo, None if scan is None else lambda s=scan, m=marks: _metric(s, m, _MILLIMETRE))


def _metric(scan: Path, marks: Path | None, metres: float) -> Truth:
    vertices, triangles = mesh_of(scan)
    return Truth(metres * vertices, triangles, None if marks is None else metres * read_landmarks(marks))


def _realy(root: Path) -> Iterator[Case]:
    regions = root / "REALY_scan_region"
    photos = [p for folder in (root, *_folders(root)) for p in photos_of(folder)]
    for photo in photos:
        person = photo.stem.split("_")[0]
        if (regions / person).is_dir():
            yield Case(photo.stem, photo, lambda r=root, i=person: _realy_truth(r, i))


def _realy_truth(root: Path, person: str) -> Truth:
    """The four regions as one scan; of the 85 keypoints the first 68 are iBUG's."""
    vertices, triangles, count = [], [], 0
    for path in sorted((root / "REALY_scan_region" / person).glob("*.obj")):
        points, corners = mesh_of(path)
        vertices.append(points)
        triangles.append(corners + count)
        count += len(points)
    if not vertices:
        raise SettingsError(f"REALY_scan_region/{person} holds no region; unpack the benchmark's data again.")
    whole = np.concatenate(vertices)
    keypoints = first_file(root / "REALY_HIFI3D_keypoints", [f"{person}.obj"])
    marks = None if keypoints is None else raw_vertices(keypoints)[:_SIXTY_EIGHT]
    factor = SCAN_UNITS[guess_unit(whole)]
    return Truth(factor * whole, np.concatenate(triangles), None if marks is None else factor * marks)


def _facescape(root: Path, kind: str) -> Iterator[Case]:
    for folder in (root / f"{kind}_image", root / f"{kind}_img", root / f"{kind}_images"):
        for photo in photos_of(folder):
            number = photo.stem.split("_")[0]
            scan = first_file(root / f"{kind}_gt_mesh", [f"{number}.obj"])
            yield Case(photo.stem, photo, None if scan is None else lambda s=scan: _unknown_size(s))


def _unknown_size(scan: Path) -> Truth:
    vertices, triangles = mesh_of(scan)
    return Truth(SCAN_UNITS[guess_unit(vertices)] * vertices, triangles, None)


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []


BENCHMARKS: Final[dict[str, Callable[[Path], Iterator[Case]]]] = {
    "now": _now,
    "realy": _realy,
    "facescape-wild": lambda root: _facescape(root, "wild"),
    "facescape-lab": lambda root: _facescape(root, "lab"),
}
"""Readers of benchmarks by name; sources: NoW's README (github.com/soubhiksanyal/now_evaluation), REALY's main.py
(github.com/czh-98/REALY), FaceScape's benchmark/code/evaluator.py (github.com/zhuhao-nju/facescape)."""


def benchmark_cases(kind: str, root: Path) -> list[Case]:
    """The photos of a benchmark that somebody has.

    Args:
        kind: key of `BENCHMARKS`.
        root: where it was unpacked.

    Raises:
        SettingsError: no such kind, or nothing of its layout is there.
    """
    if kind not in BENCHMARKS:
        raise SettingsError(f"There is no benchmark '{kind}'; choose one of: {', '.join(BENCHMARKS)}.")
    cases = list(BENCHMARKS[kind](root))
    if not cases:
        raise SettingsError(f"{root} holds no photo laid out as {kind} is; see docs/compare.md for the layout.")
    return cases
