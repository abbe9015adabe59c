"""What runs here without a licence, beside the other methods: the mean head, our fit, our head, MediaPipe's own mesh.

Results go into `DIR/methods` as those of others do, and stay there: a photo that has one is not made again.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial import Delaunay

from ...errors import PhotoError
from ...headmodel import HeadModel, load_head_model
from ...headmodel.anatomy import anatomy_of, part_triangles
from ...pipeline import Reconstruction, ReconstructionSettings, reconstruct
from ...shapes import Float, Int
from .truths import Case

_LOG: Final = logging.getLogger(__name__)
MEAN: Final = "mean"
FIT: Final = "fit"
WHOLE: Final = "seif"
MEDIAPIPE: Final = "mediapipe"
OURS: Final = (MEDIAPIPE, MEAN, FIT, WHOLE)
"""Folders below `methods` that `make_ours` fills."""
_POINTS: Final = 468
_LONGEST: Final = 0.03
"""Metres on the Open head: longer triangles of MediaPipe's points would span the eyes' and the face's rims."""
_BEHIND: Final = 0.15
"""Metres behind the points' middle from which they are seen: behind a head's. Chosen by
a head's depth, not measured."""


def make_ours(cases: list[Case], methods: Path, settings: ReconstructionSettings) -> list[str]:
    """Reconstruct the photos; returns a sentence for each that gave no head.

    Args:
        cases: the photos.
        methods: the folder of all methods' results.
        settings: how heads are made; no texture is baked whatever they say.
    """
    wanted, told = replace(settings, texture_size=0), []
    for name in OURS:
        (methods / name).mkdir(parents=True, exist_ok=True)
    for case in cases:
        whole = methods / WHOLE / case.name / "head.npz"
        if whole.exists():
            continue
        try:
            done = reconstruct(case.photo, wanted)
        except PhotoError as error:
            told.append(f"{case.photo.name}: {error}")
            continue
        _write_fits(done, methods, case.name)
        whole.parent.mkdir(exist_ok=True)
        done.head.save(whole)
        _LOG.info("%s is made", case.name)
    return told


def _write_fits(done: Reconstruction, methods: Path, name: str) -> None:
    model = load_head_model(done.settings.head_model)
    eyes = part_triangles(model, "eye_left", "eye_right")
    triangles = np.concatenate([anatomy_of(model).outer_skin_triangles, eyes])
    marks = model.embeddings["ibug68"]
    for folder, vertices in ((MEAN, model.template), (FIT, done.fit.neutral)):
        _write(methods / folder / name, vertices.astype(np.float64), triangles, marks.points(vertices))
    points = done.portrait.landmarks[:_POINTS].astype(np.float64) * [1, -1, -1]
    _write(methods / MEDIAPIPE / name, points, mediapipe_triangles(load_head_model("open")), None)


def _write(stem: Path, vertices: np.ndarray, triangles: np.ndarray, marks: np.ndarray | None) -> None:
    np.savez(stem.with_name(f"{stem.name}.npz"), vertices=vertices, faces=triangles.astype(np.int32))
    if marks is not None:
        np.save(stem.with_name(f"{stem.name}.landmarks.npy"), marks.astype(np.float64))


def mediapipe_triangles(model: HeadModel) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) that join MediaPipe's 468 points, as they lie on the Open head seen from the front."""
    points = model.embeddings["mediapipe478"].points(model.template.astype(np.float64))[:_POINTS]
    corners = Delaunay(_flat(points)).simplices.astype(np.int64)
    sides = np.linalg.norm(points[corners] - points[np.roll(corners, 1, axis=1)], axis=2)
    corners = corners[sides.max(axis=1) < _LONGEST]
    a, b, c = points[corners].transpose(1, 0, 2)
    away = np.cross(b - a, c - a)[:, 2] < 0
    corners[away] = corners[away][:, ::-1]
    return corners


def _flat(points: Float[np.ndarray, "P 3"]) -> Float[np.ndarray, "P 2"]:
    """Seen from behind the head's middle, so that the rims do not fold."""
    middle = points.mean(axis=0) - [0, 0, _BEHIND]
    seen = points - middle
    return seen[:, :2] / seen[:, 2:]
