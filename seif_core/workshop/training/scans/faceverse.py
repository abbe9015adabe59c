"""FaceVerse, the high-quality set: 2,688 head scans, 21 expressions of 128 people.

Layout: `<person>_<expression>/<person>_<expression>.obj`, three and two digits, with `.mtl`, the texture (`.jpeg` or
`.jpg`) and the fitted FaceVerse model (`.ply`) of the same name. Only the scan is read.

Units: none told; guessed, and the scale is fitted. Axes: Y down, the face towards -Z. Expressions have numbers only; 01
is taken for neutral.

Source: Wang et al., FaceVerse, CVPR 2022; https://github.com/LizhenWangT/FaceVerse-Dataset, README.md (files, terms)
and data_sample (names); the axes as GANHead's reader of the data set turns them
(https://github.com/wsj-sjtu/GANHead, preprocess.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from ....geometry.alignment import Similarity
from .records import ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "001_01/001_01.obj"
LICENCE: Final = "FaceVerse agreement (Tsinghua University): non-commercial research, no redistribution"

_SCAN: Final = r"\d{3}_\d{2}"


def recognises(root: Path) -> bool:
    """Whether a folder has FaceVerse's layout."""
    return any(files(folder, (".obj",), folder.name) for folder in subfolders(root, _SCAN))


def read(root: Path) -> Iterator[ScanRecord]:
    """FaceVerse's scans."""
    upright = Similarity(np.diag([1.0, -1.0, -1.0]))
    for folder in subfolders(root, _SCAN):
        for mesh in files(folder, (".obj",), folder.name):
            identity, number = mesh.stem.split("_")
            expression, picture = "neutral" if number == "01" else number, picture_beside(mesh)
            yield ScanRecord(
                mesh.stem, "faceverse", mesh, None, identity, expression, LICENCE, upright, texture_path=picture
            )
