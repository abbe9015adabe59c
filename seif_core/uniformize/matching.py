"""Which point of the surface each vertex of the skin belongs to: by position, normal and semantic code.

Coarse levels look for the nearest sample in the nine numbers of position, normal and code; fine levels take the
closest point, and the former where its normal disagrees. Outliers are weighted down with Geman and McClure's function.

Convention: codes as in `headmodel.semantics`, 0..1 per axis; a row of zeros says nothing. Codes that fade towards zero
away from the 3DMM are filled up with the fit's own. Worked number: a code of half the length that the fit has there is
taken half from the surface, half from the fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..errors import RegistrationError
from ..evaluation.closest_point import SurfaceIndex
from ..headmodel import HeadModel
from ..headmodel.semantics import SemanticField, barycentric
from ..shapes import Float, Int
from .settings import UniformizeSettings
from .skin import vertex_normals

_SAMPLES: Final = 30_000
_NORMAL_LENGTH: Final = 0.08
"""Head heights that a unit of difference between normals counts in the search."""
_CODE_LENGTH: Final = 0.6
"""Head heights that a unit of difference between codes counts in the search."""
_COSINES: Final = (0.1, 0.6)
"""Cosine of the angle between normals: no match up to the first, a full one from the second."""

_CLOSEST_FROM: Final = 0.5
"""From this fineness on the closest point is asked first."""


@dataclass(frozen=True, eq=False)
class TargetSurface:
    """What the template is drawn onto: a closed triangle mesh in the space of the fitted head.

    Attributes:
        vertices: (N, 3) metres.
        triangles: (M, 3) counter-clockwise from outside.
        codes: (N, 3) predicted semantic codes in 0..1, or None.
    """

    vertices: Float[np.ndarray, "N 3"]
    triangles: Int[np.ndarray, "M 3"]
    codes: Float[np.ndarray, "N 3"] | None = None

    def __post_init__(self) -> None:
        """Refuse what is no surface.

        Raises:
            RegistrationError: no triangles, numbers that are not finite, or codes of another count.
        """
        if len(self.triangles) == 0 or not np.isfinite(self.vertices).all():
            raise RegistrationError(
                f"The surface has {len(self.triangles)} triangles or vertices that are no numbers; extract it again."
            )
        if self.codes is not None and (len(self.codes) != len(self.vertices) or not np.isfinite(self.codes).all()):
            raise RegistrationError(
                f"The surface has {len(self.vertices)} vertices and {len(self.codes)} codes, or codes that are no "
                "numbers; each vertex needs one."
            )


class Matches(NamedTuple):
    """Where S vertices belong.

    Attributes:
        points: (S, 3) on the surface, metres.
        normals: (S, 3) of the surface there, unit.
        weights: (S,) in 0..1, how far the match is believed.
    """

    points: Float[np.ndarray, "S 3"]
    normals: Float[np.ndarray, "S 3"]
    weights: Float[np.ndarray, " S"]


class SurfaceMatcher:
    """A surface prepared for matching.

    Args:
        surface: the surface.
        model: the head model.
        fitted: (V, 3) the fitted head, whose codes stand in where the surface has none.
        height: the head's height, metres.
    """

    def __init__(
        self, surface: TargetSurface, model: HeadModel, fitted: Float[np.ndarray, "V 3"], height: float
    ) -> None:
        self.vertices = np.asarray(surface.vertices, np.float64)
        self.triangles = surface.triangles.astype(np.int64)
        self.height = height
        self.index = SurfaceIndex(self.vertices, self.triangles)
        self.normals = vertex_normals(self.vertices, self.triangles)
        self.codes = _filled(surface.codes, SemanticField(model, fitted).sample(self.vertices, fade=False))
        step = max(1, len(self.vertices) // _SAMPLES)
        used = np.unique(self.triangles)
        self._samples = used[::step]
        self._tree = KDTree(self._features(*(v[self._samples] for v in (self.vertices, self.normals, self.codes))))

    def _features(self, points: np.ndarray, normals: np.ndarray, codes: np.ndarray) -> np.ndarray:
        return np.concatenate([points / self.height, normals * _NORMAL_LENGTH, codes * _CODE_LENGTH], axis=1)

    def similar(self, points: np.ndarray, normals: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Index of the surface vertex nearest in position, normal and code."""
        found = self._tree.query(self._features(points, normals, codes), eps=0.1)[1]
        return self._samples[np.asarray(found)]

    def match(
        self, points: np.ndarray, normals: np.ndarray, codes: np.ndarray, settings: UniformizeSettings, fine: float
    ) -> Matches:
        """Match vertices.

        Args:
            points: (S, 3) metres.
            normals: (S, 3) unit.
            codes: (S, 3) canonical codes.
            settings: limits of distance and codes.
            fine: 0 in the coarsest level to 1 in the finest.
        """
        if fine < _CLOSEST_FROM:
            rows = np.arange(len(points))
            at, there, code = np.empty_like(points), np.empty_like(points), np.empty_like(points)
        else:
            closest = self.index.query(points)
            corners = self.triangles[closest.triangles]
            weights = barycentric(closest.points, self.vertices[corners])
            at, there = closest.points, _unit(np.einsum("nk,nkc->nc", weights, self.normals[corners]))
            code = np.einsum("nk,nkc->nc", weights, self.codes[corners])
            wrong = (there * normals).sum(1) < _COSINES[1]
            rows = np.flatnonzero(wrong | (np.linalg.norm(code - codes, axis=1) > settings.code_scale / 2))
        if len(rows):
            other = self.similar(points[rows], normals[rows], codes[rows])
            at[rows], there[rows], code[rows] = self.vertices[other], self.normals[other], self.codes[other]
        distance = np.linalg.norm(at - points, axis=1)
        scale = settings.robust_scale * self.height * 6 ** (1 - fine)
        trust = (scale**2 / (scale**2 + distance**2)) ** 2 * (distance < settings.distance_limit * self.height)
        trust *= np.clip(((there * normals).sum(1) - _COSINES[0]) / (_COSINES[1] - _COSINES[0]), 0, 1)
        trust *= np.exp(-(((code - codes) ** 2).sum(1)) / settings.code_scale**2)
        return Matches(at, there, trust)


def _filled(codes: np.ndarray | None, of_fit: np.ndarray) -> np.ndarray:
    """The surface's codes, with the fit's where they have faded."""
    of_fit = of_fit.astype(np.float64)
    if codes is None:
        return of_fit
    lengths = np.linalg.norm(codes, axis=1) / np.maximum(np.linalg.norm(of_fit, axis=1), 1e-9)
    return codes + (1 - np.clip(lengths, 0, 1))[:, None] * of_fit


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-20)
