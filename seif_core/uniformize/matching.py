"""Which point of the surface each place of the skin belongs to: by position, normal and semantic code.

Coarse levels look for the nearest sample in the nine numbers of position, normal and code; fine levels take the
closest point, and the former where its normal or code disagrees. Outliers are weighted down with Geman and McClure's
function, what lies far from the fit with Tukey's (`own_share`). Where the closest point lies aside instead of ahead the
surface has ended, and there is no match.

Convention: codes as in `headmodel.semantics`, 0..1 per axis; a row of zeros says nothing. Codes that fade towards zero
away from the 3DMM are filled up with the fit's own. Worked number: a code of half the length that the fit has there is
taken half from the surface, half from the fit.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..geometry.robust_weights import geman_mcclure, tukey
from ..headmodel import HeadModel
from ..shapes import Float
from .settings import UniformizeSettings
from .target import TargetPoints, TargetSurface, prepare_surface

_SAMPLES: Final = 8_000
"""Points of the surface among which coarse levels search in nine dimensions."""
_LEAF: Final = 32
"""Points in a leaf of the tree; measured on 53,000 places and 120,000 points: 0.10 s with 32, 0.19 s with 10."""
_NORMAL_LENGTH: Final = 0.08
"""Head heights that a unit of difference between normals counts in the search."""
_CODE_LENGTH: Final = 0.6
"""Head heights that a unit of difference between codes counts in the search."""
_COSINES: Final = (0.1, 0.6)
"""Cosine of the angle between normals: no match up to the first, a full one from the second."""
_CLOSEST_FROM: Final = 0.5
"""From this fineness on the closest point is asked first."""
_ASIDE: Final = 0.015
"""Head heights that a closest point may lie aside, or else half as far as it lies ahead."""
_COARSE_SCALE: Final = 6.0
"""How many times laxer the robust weights of the coarsest level are than those of the finest."""
_COARSE_REACH: Final = 2.0
"""How many times farther from the fit the surface may lie in the coarsest level."""
_APPROXIMATE: Final = 0.3
"""Relative error that the search in nine dimensions may make; matches in coarse levels err by more."""


class SurfaceMatch(NamedTuple):
    """Where N places belong.

    Attributes:
        points: (N, 3) on the surface, metres.
        normals: (N, 3) of the surface there, unit.
        weights: (N,) in 0..1, how far the match is believed.
    """

    points: Float[np.ndarray, "N 3"]
    normals: Float[np.ndarray, "N 3"]
    weights: Float[np.ndarray, " N"]


class SurfaceMatcher:
    """A surface prepared for matching.

    Args:
        surface: the surface.
        model: the head model.
        fitted: (V, 3) the fitted head, whose codes stand in where the surface has none.
        height: the head's height, metres.
        outside: whether only the surface's outside is matched.
        codes: whether semantic codes count.
    """

    def __init__(
        self,
        surface: TargetSurface,
        model: HeadModel,
        fitted: Float[np.ndarray, "V 3"],
        height: float,
        *,
        outside: bool = False,
        codes: bool = True,
    ) -> None:
        self.surface, self.height = surface, height
        self._code_length = _CODE_LENGTH * codes
        self.at: TargetPoints = prepare_surface(surface, model, fitted, height, outside=outside)
        self._tree = KDTree(self.at.points, leafsize=_LEAF, balanced_tree=False)
        self._samples = np.arange(len(self.at.points))[:: max(1, len(self.at.points) // _SAMPLES)]
        self._similar = KDTree(self._features(*(v[self._samples] for v in self.at[:3])))

    def _features(self, points: np.ndarray, normals: np.ndarray, codes: np.ndarray) -> np.ndarray:
        return np.concatenate([points / self.height, normals * _NORMAL_LENGTH, codes * self._code_length], axis=1)

    def similar(self, points: np.ndarray, normals: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Index of the surface point nearest in position, normal and code."""
        found = self._similar.query(self._features(points, normals, codes), eps=_APPROXIMATE)[1]
        return self._samples[np.asarray(found)]

    def match(
        self, points: np.ndarray, normals: np.ndarray, codes: np.ndarray, settings: UniformizeSettings, fine: float
    ) -> SurfaceMatch:
        """Match places.

        Args:
            points: (N, 3) metres.
            normals: (N, 3) unit.
            codes: (N, 3) canonical codes.
            settings: limits of distance and codes.
            fine: 0 in the coarsest level to 1 in the finest.
        """
        if fine < _CLOSEST_FROM:
            rows, nearest = np.arange(len(points)), np.zeros(len(points), np.int64)
        else:
            nearest = np.asarray(self._tree.query(points, workers=-1)[1])
            wrong = (self.at.normals[nearest] * normals).sum(1) < _COSINES[1]
            strange = np.linalg.norm(self.at.codes[nearest] - codes, axis=1) > settings.code_scale / 2
            rows = np.flatnonzero(wrong | (strange & settings.codes))
        if len(rows):
            nearest[rows] = self.similar(points[rows], normals[rows], codes[rows])
        at, there, code = self.at.points[nearest], self.at.normals[nearest], self.at.codes[nearest]
        gap = at - points
        distance = np.linalg.norm(gap, axis=1)
        ahead = np.abs((gap * there).sum(1))
        scale = settings.robust_scale * self.height * _COARSE_SCALE ** (1 - fine)
        trust = 1.0 * (distance < settings.distance_limit * self.height)
        if settings.robust:
            trust *= geman_mcclure(distance, scale)
        trust *= _agreement((there * normals).sum(1))
        if settings.codes:
            trust *= np.exp(-(((code - codes) ** 2).sum(1)) / settings.code_scale**2)
        trust *= self.at.trust[nearest]
        if fine >= _CLOSEST_FROM:
            aside = np.sqrt(np.maximum(distance**2 - ahead**2, 0))
            trust *= aside < np.maximum(_ASIDE * self.height, 0.5 * ahead)
        return SurfaceMatch(at, there, trust)


def own_share(
    reach: Float[np.ndarray, " N"],
    bare: Float[np.ndarray, " N"],
    away: Float[np.ndarray, " N"],
    cosine: Float[np.ndarray, " N"],
    fine: float,
) -> Float[np.ndarray, " N"]:
    """How far surface points may be the places' own skin, (N,) in 0..1, and not a collar or hair in front of it.

    A fitted face, jaw or neck errs by some millimetres; what lies farther out is left out, and on skin without hair
    also what is inclined otherwise than the fit. Worked number: on a head of 0.22 m, bare skin of the face counts a
    surface 5 mm off the fit with 0.56, and one 10 mm off not at all.

    Args:
        reach: (N,) metres, `VertexRoles.reach`.
        bare: (N,) in 0..1, `VertexRoles.bare`.
        away: (N,) metres from the fit.
        cosine: (N,) between the surface's normal and the fit's.
        fine: 0 in the coarsest level to 1 in the finest.
    """
    return tukey(away, reach * _COARSE_REACH ** (1 - fine)) * (1 - bare * (1 - _agreement(cosine)))


def _agreement(cosine: np.ndarray) -> Float[np.ndarray, " N"]:
    low, high = _COSINES
    return np.clip((cosine - low) / (high - low), 0, 1)
