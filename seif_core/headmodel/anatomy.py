"""The anatomy of a head model: its lengths, sides, landmarks, hairline and skin, each found once and named once.

Everything is measured on the template, the mean neutral head. A length that another room wants in units of a head is
one of these three, and which one is told where it is used:

- `head_height`, chin to crown: what anatomists call the head's height (menton to vertex);
- `code_extent`, the neck's rim to the crown: the height of the template's box, by which semantic codes are scaled;
- `eye_distance`, between the eyes' joints: the unit in which places of the face are laid out.

Convention: metres in the template's axes, Y up, the face towards +Z, +X the subject's left. Worked numbers, Open head:
head_height 0.224 m, code_extent 0.324 m, eye_distance 0.063 m.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..shapes import Bool, Float, Float32, Int
from .landmark_schemes import IBUG68
from .model import HeadModel, triangulate
from .once_per_model import once_per_model
from .topology import JOINT_NAMES, PART_NAMES

EYE_JOINTS: Final = slice(JOINT_NAMES.index("eye_left"), JOINT_NAMES.index("eye_right") + 1)
"""Rows of the eyes among the joints, the left one first."""

HEAD_WIDTH: Final = 0.15
"""Metres across an adult's head above the ears, a round figure: the scale of what is told in head widths."""

OUTER_EYE_CORNERS: Final = 0.09
"""Metres between an adult's outer eye corners, a round figure: the unit of `Fit.landmark_error`."""

_NECKLESS_SHARE: Final = 0.7
"""Share of the template's box that is head where no face region tells where the chin is: as on the Open head."""

_EAR_DEPTH: Final = -1.25
"""Eye distances behind the eyes: the axis about which the hairline is laid out, between the ears."""

_HAIRLINE: Final = (
    *((0, 0.80), (20, 0.83), (30, 0.80), (42, 0.62), (55, 0.28), (68, 0.05)),
    *((76, -0.40), (90, -0.45), (100, -0.85), (115, -1.10), (140, -1.35), (180, -1.45)),
)
"""The usual hairline: degrees around the head from the face (0) over the ear (90) to the nape (180), and its height
over the eyes in eye distances. Drawn by eye on the Open head and on FLAME."""


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What is known of a head model by its template; V vertices. Ask `anatomy_of`.

    Five masks say "skin", and they differ: `skin_part` is all of the mesh that is no eyeball, tooth, tongue or lash;
    `outer_skin` is that without the mouth's lining, `outer_skin_triangles` its triangles; `named_skin` is that of the
    part that lies in some region, which leaves out what lines eye sockets and other hollows, but not the mouth;
    `implicit.closed_skin` closes the openings that `outer_skin_triangles` has.

    Attributes:
        head_height: chin to crown, metres.
        code_extent: lowest to highest vertex of the template, metres: canonical codes are 0..1 over it, and semantic
            codes fade by it (`semantics.FADE`), which the networks were trained with.
        eye_distance: between the eyes' joints, metres.
        eyes: (2, 3) the eyes' joints, left first, metres.
        left: (V,) bool, the subject's left side.
        landmarks: (68, 3) metres, the iBUG landmarks (`landmark_schemes.IBUG68`); None for a model without them.
        skin_part: (V,) bool, vertices of the part "skin".
        outer_skin: (V,) bool, of these, those that do not line the mouth.
        outer_skin_triangles: (T, 3) triangles of the part "skin" without a corner in the mouth's lining or the
            region "eyeballs".
        named_skin: (V,) bool, vertices of the part "skin" that lie in some region; all of it for a model without
            regions.
    """

    head_height: float
    code_extent: float
    eye_distance: float
    eyes: Float[np.ndarray, "2 3"]
    left: Bool[np.ndarray, " V"]
    landmarks: Float[np.ndarray, "68 3"] | None
    skin_part: Bool[np.ndarray, " V"]
    outer_skin: Bool[np.ndarray, " V"]
    outer_skin_triangles: Int[np.ndarray, "T 3"]
    named_skin: Bool[np.ndarray, " V"]
    _template: Float32[np.ndarray, "V 3"]
    _ears: Bool[np.ndarray, " V"]

    @cached_property
    def mirror(self) -> Int[np.ndarray, " V"]:
        """(V,) for each vertex the one nearest to its mirror image across x = 0."""
        return mirror_vertices(self._template)

    def from_the_eyes(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
        """Places (N, 3) of the template, metres, in eye distances from the middle between the eyes."""
        return (points - self.eyes.mean(0)) / self.eye_distance

    @cached_property
    def over_hairline(self) -> Float32[np.ndarray, " V"]:
        """(V,) height over the usual hairline, eye distances: negative on the face; -1 on ears and off the skin."""
        x, y, z = self.from_the_eyes(self._template).T
        around = np.degrees(np.arctan2(np.abs(x), z - _EAR_DEPTH))
        height = y - np.interp(around, *np.array(_HAIRLINE).T)
        return np.where(self.skin_part & ~self._ears, height, -1.0).astype(np.float32)


@once_per_model
def anatomy_of(model: HeadModel) -> Anatomy:
    """The anatomy of a model, kept as long as the model."""
    none = np.zeros(len(model.template), bool)
    lining, eyeballs, face = (model.regions.get(name, none) for name in ("mouth_interior", "eyeballs", "face"))
    y = model.template[:, 1]
    extent = float(np.ptp(y))
    eyes = model.joint_regressor[EYE_JOINTS] @ model.template
    skin = none.copy()
    triangles = part_triangles(model, "skin")
    skin[triangles] = True
    outer = triangles[~(lining | eyeballs)[triangles].any(axis=1)]
    named = np.any(list(model.regions.values()), axis=0) if model.regions else none
    marks = model.embeddings.get(IBUG68.name)
    return Anatomy(
        head_height=float(y.max() - y[face].min()) if face.any() else _NECKLESS_SHARE * extent,
        code_extent=extent,
        eye_distance=float(np.linalg.norm(eyes[0] - eyes[1])),
        eyes=eyes,
        left=model.template[:, 0] > 0,
        landmarks=None if marks is None else marks.points(model.template.astype(np.float64)),
        skin_part=skin,
        outer_skin=skin & ~lining,
        outer_skin_triangles=outer,
        named_skin=skin & named if named.any() else skin,
        _template=model.template,
        _ears=model.regions.get("ears", none),
    )


def part_triangles(model: HeadModel, *parts: str) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) of some of a model's parts (`topology.PART_NAMES`), in the order of `HeadModel.triangles`."""
    triangles, origin = triangulate(model.faces)
    return triangles[np.isin(model.face_part[origin], [PART_NAMES.index(name) for name in parts])]


def mirror_vertices(template: Float[np.ndarray, "V 3"]) -> Int[np.ndarray, " V"]:
    """For each vertex the one nearest to its mirror image across x = 0.

    Args:
        template: (V, 3) metres, +X the subject's left.
    """
    _, nearest = KDTree(template).query(template * np.array([-1, 1, 1], template.dtype))
    return np.asarray(nearest, np.int64)
