"""Where on a face a point lies: nose, mouth, forehead, cheeks; and the frame of a head, from its landmarks.

REALY drew its regions by hand on its own scans. Here they are told by landmarks, so that any scan has them: its points
are carried into the Open head's frame by a warp of its landmarks onto the Open head's, and take the region of the
nearest vertex there. The regions' borders follow the landmarks that REALY aligns each region by: eyes and brows belong
to the forehead, the chin to the cheeks.

Source: Chai et al., REALY: Rethinking the Evaluation of 3D Face Reconstruction, ECCV 2022, figure 3 and its published
keypoints of each region. The widths below were chosen by eye on the Open head.

Convention: metres. Worked number: the Open head's nose tip (landmark 30) is in the region nose.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull, KDTree

from ...geometry.alignment import Similarity, align_points
from ...headmodel import load_head_model
from ...shapes import Float, Int
from .subject import Subject

REGIONS: Final = ("nose", "mouth", "forehead", "cheeks")
"""Names of the regions; a point's label is an index into them, -1 outside the face."""
_BRIDGE: Final = 0.25
_WING: Final = 0.7
"""Half the width of the nose at its bridge and its wings, in distances between the nostrils' landmarks (31, 35)."""
_LIPS: Final = 1.35
"""The mouth's region, in sizes of the hull of the lips' outline."""
_UNDER_EYES: Final = 0.035
"""The forehead's lower end below the lower lids, in distances between the outer corners of the eyes."""
_NEAR: Final = 0.02
"""Metres from the Open head's face beyond which a warped point is not of the face: noses of people differ by less."""


class _Face(NamedTuple):
    """The Open head's landmarks (68, 3), its face's vertices (F, 3), and their regions (F,)."""

    landmarks: np.ndarray
    tree: KDTree
    labels: np.ndarray
    middle: np.ndarray


@lru_cache(maxsize=1)
def _open_face() -> _Face:
    model = load_head_model("open")
    template = model.template.astype(np.float64)
    marks = model.embeddings["ibug68"].points(template)
    skin = np.ones(len(template), bool)
    for name in ("mouth_interior", "neck", "scalp", "ears"):
        skin &= ~model.regions[name]
    front = template[:, 2] > marks[0, 2]
    face = (model.regions["face"] | model.regions["eyeballs"]) & skin & front
    vertices = template[face]
    return _Face(marks, KDTree(vertices), _labels(vertices, marks), template.mean(axis=0))


def _labels(points: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Regions of points (N, 3) in the Open head's frame, seen from the front."""
    flat = points[:, :2]
    wide = float(np.linalg.norm(marks[31] - marks[35]))
    top, tip, base = marks[27, 1], marks[30, 1], marks[33, 1]
    heights, halves = np.array([base, tip, top]), wide * np.array([_WING, _WING, _BRIDGE])
    nose = (np.abs(flat[:, 0]) <= np.interp(flat[:, 1], heights, halves)) & (flat[:, 1] >= base) & (flat[:, 1] <= top)
    lips = marks[48:60, :2]
    hull = ConvexHull(lips.mean(0) + _LIPS * (lips - lips.mean(0)))
    mouth = (flat @ hull.equations[:, :2].T + hull.equations[:, 2] <= 0).all(axis=1)
    eyes = marks[[40, 41, 46, 47], 1].mean() - _UNDER_EYES * np.linalg.norm(marks[36] - marks[45])
    labels = np.where(flat[:, 1] >= eyes, REGIONS.index("forehead"), REGIONS.index("cheeks"))
    labels[mouth] = REGIONS.index("mouth")
    labels[nose] = REGIONS.index("nose")
    return labels


def head_frame(subject: Subject, whose: str) -> tuple[Similarity, Float[np.ndarray, "3"]]:
    """The similarity that carries the Open head onto a head by seven landmarks, and where its middle (3,) comes to lie.

    Raises:
        SettingsError: it has no landmarks.
    """
    face = _open_face()
    found = align_points(face.landmarks[[36, 39, 42, 45, 33, 48, 54]], subject.seven(whose), with_scale=True)
    return found, found.apply(face.middle[None])[0]


def region_labels(points: Float[np.ndarray, "N 3"], subject: Subject) -> Int[np.ndarray, " N"]:
    """Region of each point (N, 3) of a subject's face: an index into `REGIONS`, or -1.

    Raises:
        SettingsError: the subject has no landmarks.
    """
    face = _open_face()
    frame = head_frame(subject, "scan")[0].inverse()
    known = subject.ibug()
    ids = [i for i in known if i >= 17]  # the jaw line's points lie elsewhere on every head
    marks = frame.apply(np.array([known[i] for i in ids]))
    warp = RBFInterpolator(marks, face.landmarks[ids] - marks, kernel="linear", degree=0, neighbors=min(20, len(ids)))
    carried = frame.apply(points)
    carried = carried + warp(carried)
    away, nearest = face.tree.query(carried)
    return np.where(np.asarray(away) <= _NEAR, face.labels[np.asarray(nearest)], -1)
