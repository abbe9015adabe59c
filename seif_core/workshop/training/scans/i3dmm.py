"""i3DMM: whole heads with hair, ten expressions and three hairstyles of each person.

Layout: `<class>/<name>/models/<name>.obj` (or `model_normalized.obj`) with `.mtl`, `.jpg` and `centroids.txt`. A name
is `xxxxx_eyy`: five characters for the person, e01 to e10 expressions (e07 neutral), e11 to e13 hairstyles.

Landmarks: `centroids.txt`, eight lines `x y z`: right eye's two corners, left eye's two corners, nose tip, right and
left mouth corner, chin. Which corner of an eye comes first, and whose right is meant, is not taken for granted: the
inner corner is the one nearer to the nose, and the left side is where up times forward points. Units: none told (the
data set is brought to one size); the scale is fitted.

Source: Yenamandra et al., i3DMM, CVPR 2021; https://github.com/tarun738/i3DMM, README.md and model/preprocessData.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from ....evaluation.scan_files import read_landmarks
from ....shapes import Float
from .records import ScanDatasetError, ScanLandmarks, ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "heads/abcde_e07/models/abcde_e07.obj"
LICENCE: Final = "i3DMM data: the terms on which its authors gave it; the repository's MIT licence is for the code"
IBUG: Final = (36, 39, 42, 45, 30, 48, 54)
"""iBUG-68 indices of the landmarks that are used, in the order of `ordered`; the chin is left out."""

_NAME: Final = r".{5}_e\d\d"
_NEUTRAL: Final = 7
_HAIR: Final = (11, 12, 13)


def recognises(root: Path) -> bool:
    """Whether a folder has i3DMM's layout (or is one of its classes)."""
    return next(_scans(root), None) is not None


def read(root: Path) -> Iterator[ScanRecord]:
    """i3DMM's heads.

    Raises:
        ScanDatasetError: a file of landmarks holds fewer than seven points.
    """
    for folder in _scans(root):
        mesh = _mesh(folder)
        if mesh is None:
            continue
        identity, number = folder.name.split("_e")
        expression = "neutral" if int(number) in {_NEUTRAL, *_HAIR} else f"e{number}"
        picture = picture_beside(mesh, folder.name)
        marks = _landmarks(folder / "models" / "centroids.txt")
        yield ScanRecord(
            folder.name, "i3dmm", mesh, None, identity, expression, LICENCE, landmarks=marks, texture_path=picture
        )


def ordered(points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "7 3"]:
    """The seven landmarks of `IBUG` from the first seven of the file, sides and corners told apart by their places."""
    nose, mouth = points[4], points[5:7]
    eyes = points[:4].reshape(2, 2, 3)
    up = eyes.mean((0, 1)) - mouth.mean(0)
    forward = nose - (eyes.mean((0, 1)) + mouth.mean(0)) / 2
    left = np.cross(up, forward)
    if (eyes[1].mean(0) - eyes[0].mean(0)) @ left < 0:
        eyes = eyes[::-1]
    if (mouth[1] - mouth[0]) @ left < 0:
        mouth = mouth[::-1]
    inner_last = [eye[np.argsort(-np.linalg.norm(eye - nose, axis=1))] for eye in eyes]
    return np.stack([*inner_last[0], *inner_last[1][::-1], nose, *mouth])


def _scans(root: Path) -> Iterator[Path]:
    for folder in [root, *subfolders(root)]:
        for scan in subfolders(folder, _NAME):
            if _mesh(scan) is not None:
                yield scan


def _mesh(folder: Path) -> Path | None:
    for stem in (folder.name, "model_normalized"):
        found = files(folder / "models", (".obj",), stem)
        if found:
            return found[0]
    return None


def _landmarks(path: Path) -> ScanLandmarks | None:
    if not path.is_file():
        return None
    points = read_landmarks(path)
    if len(points) < len(IBUG):
        raise ScanDatasetError(
            f"{path.parent.parent.name}/models/{path.name} holds {len(points)} landmarks instead of 8; "
            "write one x y z a line, in the order of i3DMM's README."
        )
    return ScanLandmarks(IBUG, ordered(points))
