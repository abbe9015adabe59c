"""CoMA: sequences of extreme expressions of twelve people.

Layout: `FaceTalk_<date>_<number>_TA/<expression>/<expression>.<frame>.ply` (registered to FLAME's 5,023 vertices), or
raw scans of the same names. Twelve people, twelve expressions, 20,466 frames.

Units: metres, Y up, the face towards +Z, for the registered meshes; nobody tells the raw scans' unit, it is guessed.
Landmarks: vertices of FLAME's topology, those that the Open head was calibrated by.

Source: Ranjan et al., Generating 3D Faces using Convolutional Mesh Autoencoders, ECCV 2018; https://coma.is.tue.mpg.de;
https://github.com/anuragranj/coma, README.md and facemesh.py (folders, expressions); FLAME's topology: Li et al.,
SIGGRAPH Asia 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .records import ScanLandmarks, ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "FaceTalk_170725_00137_TA/bareteeth/bareteeth.000001.ply"
LICENCE: Final = "CoMA data licence (Max Planck Society), https://coma.is.tue.mpg.de"
VERTICES: Final = 5023
"""Vertices of FLAME's topology."""

MARKS: Final = {27: 3553, 30: 3534, 33: 3556, 36: 2425, 39: 2283, 42: 3835, 45: 1146, 48: 2827, 54: 1710}
"""iBUG-68 index -> FLAME vertex: nasion, nose tip, nose base, eye corners, mouth corners (openhead.scans.LANDMARKS)."""

_PERSON: Final = r"FaceTalk_\d+_\d+_TA"


def recognises(root: Path) -> bool:
    """Whether a folder has CoMA's layout."""
    return next(subfolders(root, _PERSON), None) is not None


def read(root: Path) -> Iterator[ScanRecord]:
    """CoMA's frames, person by person, expression by expression."""
    marks = ScanLandmarks(tuple(MARKS), None, tuple(MARKS.values()), VERTICES)
    for person in subfolders(root, _PERSON):
        for sequence in subfolders(person):
            for mesh in files(sequence, (".ply", ".obj")):
                name = f"{person.name}_{mesh.stem}"
                picture = picture_beside(mesh)
                yield ScanRecord(
                    name, "coma", mesh, None, person.name, sequence.name, LICENCE, landmarks=marks, texture_path=picture
                )
