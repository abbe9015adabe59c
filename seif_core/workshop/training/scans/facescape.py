"""FaceScape: topologically uniform models, and the multi-view scans that they were made from.

Layout: `<id>/models_reg/<n>_<expression>.obj` with one `.jpg` beside each, ids 1 to 847, twenty expressions from
`1_neutral` to `20_brow_lower`. Multi-view meshes lie in `<id>/<n>_<expression>.ply` and have coordinates of their own;
`Rt_scale_dict.json` of the toolkit carries them to those of the uniform models, `R (scale x) + t`.

Units: millimetres, scaled so that the eyes' distance is a population's mean. Landmarks: vertices of the uniform
topology (26,317 vertices); only nose, eyes and mouth are used, because the published jaw line strays.

Source: Yang et al., FaceScape, CVPR 2020; https://github.com/zhuhao-nju/facescape, doc/doc_tu_model.md,
doc/doc_mview_model.md, toolkit/demo_align.ipynb; issues 20 and 114 (landmarks), 84 (unit).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from ....geometry.alignment import Similarity
from .records import ScanDatasetError, ScanLandmarks, ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "<id>/models_reg/1_neutral.obj, or <id>/1_neutral.ply with Rt_scale_dict.json beside the ids"
LICENCE: Final = "FaceScape licence agreement: non-commercial research, no redistribution"
SCALES: Final = "Rt_scale_dict.json"
"""The toolkit's file of alignments: id -> expression -> [scale, (3, 4) matrix]."""

VERTICES: Final = 26317
"""Vertices of the uniform topology."""

MARKS: Final = {
    27: 6053, 28: 6041, 29: 1870, 30: 1855, 31: 4728, 32: 4870, 33: 1807, 34: 1551, 35: 1419,
    36: 3434, 37: 3414, 38: 3447, 39: 3457, 40: 3309, 41: 3373,
    42: 3179, 43: 151, 44: 127, 45: 143, 46: 3236, 47: 47,
    48: 21018, 51: 1575, 54: 12138, 57: 21239,
}  # fmt: skip
"""iBUG-68 index -> vertex of the uniform topology: nose, eyes, corners and middles of the lips."""

_EXPRESSION: Final = r"(\d+)_([a-z_]+)"


def recognises(root: Path) -> bool:
    """Whether a folder has FaceScape's layout."""
    for person in subfolders(root, r"\d+"):
        if (person / "models_reg").is_dir():
            return True
        if (root / SCALES).is_file() and files(person, (".ply",), _EXPRESSION):
            return True
    return False


def read(root: Path) -> Iterator[ScanRecord]:
    """FaceScape's scans: uniform models, then multi-view meshes of each person.

    Raises:
        ScanDatasetError: there are multi-view meshes and no readable `Rt_scale_dict.json`.
    """
    marks = ScanLandmarks(tuple(MARKS), None, tuple(MARKS.values()), VERTICES)
    scales: dict[str, Any] | None = None
    for person in subfolders(root, r"\d+"):
        identity = person.name
        for mesh in files(person / "models_reg", (".obj",), _EXPRESSION):
            expression = mesh.stem.split("_", 1)[1]
            name, picture = f"{identity}_{mesh.stem}", picture_beside(mesh)
            yield ScanRecord(
                name, "facescape", mesh, "mm", identity, expression, LICENCE, landmarks=marks, texture_path=picture
            )
        for mesh in files(person, (".ply",), _EXPRESSION):
            scales = _scales(root) if scales is None else scales
            number, expression = mesh.stem.split("_", 1)
            upright = _placement(scales, identity, number)
            if upright is not None:
                name = f"{identity}_{mesh.stem}_multiview"
                yield ScanRecord(name, "facescape", mesh, "mm", identity, expression, LICENCE, upright)


def _scales(root: Path) -> dict[str, Any]:
    path = root / SCALES
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ScanDatasetError(
            f"FaceScape's multi-view meshes in {root.name} need {SCALES} beside the people's folders ({error}); "
            "copy it there from the FaceScape toolkit, toolkit/predef."
        ) from error


def _placement(scales: dict[str, Any], identity: str, expression: str) -> Similarity | None:
    """From a multi-view mesh to the uniform model's millimetres; None where the toolkit does not tell it."""
    try:
        scale, matrix = scales[identity][expression][:2]
        rigid = np.asarray(matrix, dtype=np.float64)[:3, :4]
        return Similarity(rigid[:, :3], float(scale), rigid[:, 3])
    except (KeyError, TypeError, ValueError, IndexError):
        return None
