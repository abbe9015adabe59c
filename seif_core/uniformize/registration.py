"""The template drawn onto the surface: match, solve, untangle, level by level, then once more on the finer mesh.

Source of the scheme: Amberg, Romdhani and Vetter, Optimal step nonrigid ICP algorithms for surface registration, CVPR
2007 (stiffness falls level by level); here with a thin plate instead of affine maps, and with semantic codes in the
matching as Liu et al., SeIF, IEEE TMM 2024, DOI 10.1109/TMM.2024.3405721, describe for uniformization.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from ..errors import RegistrationError
from ..geometry.closest_point import SurfaceIndex
from ..geometry.self_intersection import CrossingFinder, crossing_pairs
from ..headmodel import HeadModel
from ..headmodel.semantics import canonical_codes
from ..progress import Progress
from ..shapes import Float, Int
from .ears import ears_shown, ears_under, laid_flat
from .eye_ties import eye_ties
from .folds import folded_triangles
from .followers import follow_skin
from .matching import Matches, SurfaceMatcher
from .reach import Reach, own_share
from .samples import Samples, spread_samples
from .settings import UniformizeSettings
from .skin import Skin
from .solver import Bending, Plate, Pull, Ties
from .subdivision import refinement_of, subdivide
from .target import TargetSurface, unit
from .zones import exposure, head_height, zones_of

_LOG: Final = logging.getLogger(__name__)
_FIRST_TIE: Final = 0.3
_TIE_GROWTH: Final = 5.0
_STRONGEST_TIE: Final = 1e4
_PATIENCE: Final = 2
"""Rounds of ties without fewer unsound places."""
_BLEND_ROUNDS: Final = 40
_CLOSELY_FROM: Final = 0.5
"""From this fineness on the surface is looked up between the vertices too, and the mesh is kept sound."""
_SPACING: Final = 0.016
"""Head heights between the places that are looked up."""
_SETTLED: Final = 0.02
"""Share of the smoothing length: moving less than that, a level has settled."""
_LEAST: Final = 1e-3


@dataclass(frozen=True, eq=False)
class UniformMesh:
    """The head model's mesh with the shape of the surface.

    Attributes:
        model: the head model whose topology it has: the one given, or that subdivided once.
        fitted: (V, 3) float64 metres, the fitted head in this topology.
        vertices: (V, 3) float64 metres, in the space of the surface.
        distance: (S,) float64 metres, from each skin vertex (`Skin.of(model).ids`) to the surface.
        data: (S,) float64 in 0..1, how much each of them was to follow the surface.
        flips: folded or flipped triangles against the fitted head; 0.
        crossings: pairs of skin triangles that cross and did not in the fitted head.
    """

    model: HeadModel
    fitted: Float[np.ndarray, "V 3"]
    vertices: Float[np.ndarray, "V 3"]
    distance: Float[np.ndarray, " S"]
    data: Float[np.ndarray, " S"]
    flips: int
    crossings: int


def register(
    model: HeadModel,
    fitted: Float[np.ndarray, "V 3"],
    surface: TargetSurface,
    settings: UniformizeSettings | None = None,
    progress: Progress | None = None,
) -> UniformMesh:
    """Draw the fitted head onto a surface.

    Args:
        model: the head model.
        fitted: (V, 3) its posed vertices, metres, in the surface's space.
        surface: the closed surface, with semantic codes or without.
        settings: see `UniformizeSettings`.
        progress: told the fraction done; may cancel.

    Raises:
        RegistrationError: the fitted head does not belong to the model, or triangles stay folded.
        CancelledError: the user cancelled.
    """
    s, progress = settings or UniformizeSettings(), progress or Progress()
    if fitted.shape != model.template.shape or not np.isfinite(fitted).all():
        raise RegistrationError(
            f"The fitted head has {len(fitted)} vertices, the model {len(model.template)}; fit this model again."
        )
    fitted = fitted.astype(np.float64)
    matcher = SurfaceMatcher(surface, model, fitted, head_height(model), outside=s.hair, codes=s.codes)
    levels = len(s.wavelengths) + s.subdivisions * len(s.fine_wavelengths)
    base = _Registration(model, fitted, matcher, s, np.zeros_like(fitted))
    for level, length in enumerate(s.wavelengths):
        progress.step(level / levels)
        base.draw(length, fine=level / max(1, len(s.wavelengths) - 1))
    if not s.subdivisions:
        return base.result()
    fine_model, drawn = subdivide(model, base.vertices())
    fine_fitted = subdivide(model, fitted)[1]
    exposed = np.zeros(len(fitted))
    exposed[base.skin.ids] = exposure(model, base.skin)
    exposed = refinement_of(model).apply(exposed)[Skin.of(fine_model).ids]
    finer = _Registration(fine_model, fine_fitted, matcher, s, drawn - fine_fitted, exposed=exposed)
    for level, length in enumerate(s.fine_wavelengths):
        progress.step((level + len(s.wavelengths)) / levels)
        finer.draw(length, fine=1.0)
    return finer.result()


def unsound_places(
    skin: Skin, fitted: Float[np.ndarray, "S 3"], vertices: Float[np.ndarray, "S 3"]
) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, "P 2"]]:
    """Triangles (N,) of the skin that are folded against the fitted head, and pairs (P, 2) that cross only now."""
    before = np.zeros(len(skin.triangles), bool)
    before[crossing_pairs(fitted, skin.triangles)] = True
    pairs = crossing_pairs(vertices, skin.triangles)
    return np.flatnonzero(folded_triangles(skin, fitted, vertices)), pairs[~before[pairs].all(axis=1)]


class _Registration:
    """One topology being drawn onto the surface."""

    def __init__(
        self,
        model: HeadModel,
        fitted: np.ndarray,
        matcher: SurfaceMatcher,
        settings: UniformizeSettings,
        start: np.ndarray,
        *,
        exposed: np.ndarray | None = None,
    ) -> None:
        self.model, self.fitted, self.matcher, self.settings = model, fitted, matcher, settings
        self.skin = Skin.of(model)
        self.origin = fitted[self.skin.ids]
        exposed = exposure(model, self.skin) if exposed is None else exposed
        shown = ears_shown(model, self.skin, self.origin, matcher.at, exposed=exposed, height=matcher.height)
        ears = ears_under(model, self.skin, shown, matcher.surface.over_ears if settings.hair else (0.0, 0.0))
        self.rest = laid_flat(model, self.skin, self.origin, ears.covered * settings.flat_ears)
        self.rest_normals = self.skin.normals(self.rest)
        self.zones = zones_of(model, self.skin, settings, exposed, ears)
        self.codes = canonical_codes(model)[self.skin.ids].astype(np.float64)
        self.plate = Plate.of(self.skin, self.rest)
        self.vertex_samples = Samples.at_vertices(self.plate.mass)
        self.finder = CrossingFinder(self.skin.triangles)
        self.crossed = np.zeros(len(self.skin.triangles), bool)
        self.crossed[self.finder.pairs(self.origin)] = True
        self.ties = eye_ties(model, self.skin) if settings.eye_ties else Ties.none()
        self.displacement = np.zeros_like(self.rest)
        self.sound = np.zeros_like(self.rest)
        if np.any(start):  # a mesh that comes folded or crossed from the coarser topology starts from what is sound
            self.displacement = self.origin + start[self.skin.ids] - self.rest
            whole = np.ones(len(self.rest))
            pull = Pull.of(self.vertex_samples, np.maximum(self.zones.data, 0.01) * whole, self.displacement)
            bending = self.plate.bent(self.zones, 0.005 * matcher.height, self.displacement)
            self.sound = self.displacement = self._untangled(self.displacement, bending, pull)

    def draw(self, length: float, fine: float) -> None:
        """Match and solve with one smoothing length, in head heights, and untangle."""
        metres = length * self.matcher.height
        bending = self.plate.bent(self.zones, metres, self.displacement)
        closely = fine >= _CLOSELY_FROM
        samples = self.vertex_samples
        if closely:
            samples = spread_samples(self.skin, self.rest + self.displacement, _SPACING * self.matcher.height)
        moved, pull = self.displacement, None
        for _ in range(self.settings.iterations):
            before, pull = moved, self._pull(samples, moved, fine)
            moved = bending.solve(pull, self.ties)
            if np.abs(moved - before).max() < _SETTLED * metres:
                break
        if closely and pull is not None:
            self.sound = moved = self._untangled(moved, bending, pull)
        self.displacement = moved

    def _pull(self, samples: Samples, displacement: np.ndarray, fine: float) -> Pull:
        """Each place towards its match, sliding freely along the surface in the fine levels."""
        blend = samples.blend
        at, moved = blend @ (self.rest + displacement), np.asarray(blend @ displacement)
        follow = np.asarray(blend @ self.zones.data)
        rows = np.flatnonzero(follow > _LEAST)
        normals = unit(np.asarray(blend @ self.skin.normals(self.rest + displacement)))
        codes = np.asarray(blend @ self.codes)
        found = self.matcher.match(at[rows], normals[rows], codes[rows], self.settings, fine)
        gap = found.points - at[rows]
        along = (gap * found.normals).sum(1, keepdims=True) * found.normals
        moved[rows] += along + 0.3 * (1 - fine) * (gap - along)
        trust = np.zeros(len(at))
        trust[rows] = found.weights * self._own(blend[rows], found, fine)
        if not self.settings.hair:
            up = unit(np.asarray(blend @ self.rest_normals))
            ceiling = blend @ self.zones.ceiling
            above = (moved * up).sum(1) > ceiling  # a beard: as high as allowed where it is near, else the fit
            moved[above] = (trust * ceiling)[above, None] * up[above]
            trust[above] = 1.0
        return Pull.of(samples, trust * follow, moved)

    def _own(self, blend: sparse.csr_matrix, found: Matches, fine: float) -> np.ndarray:
        """How far matches (N,) may be the skin of their places."""
        if not self.settings.own_skin:
            return np.ones(len(found.points))
        reach = Reach(*(np.asarray(blend @ values) for values in self.zones.reach))
        away = np.linalg.norm(found.points - blend @ self.rest, axis=1)
        cosine = (found.normals * unit(np.asarray(blend @ self.rest_normals))).sum(1)
        return own_share(reach, away, cosine, fine)

    def _untangled(self, moved: np.ndarray, bending: Bending, pull: Pull) -> np.ndarray:
        """Solve again, with folded and crossing places tied together until none is left.

        Tied vertices move alike, and what moves alike neither folds nor crosses. What remains when that gets no better
        is drawn back to the last sound displacement.
        """
        best, least, since = moved, np.inf, 0
        for round_ in range(self.settings.untangle_rounds):
            folded, crossing = self._unsound(moved)
            bad = len(folded) + len(crossing)
            if not bad:
                return moved
            _LOG.debug("untangling, round %d: %d folded, %d crossing", round_, len(folded), len(crossing))
            best, least, since = (moved, bad, 0) if bad < least else (best, least, since + 1)
            if since == _PATIENCE:
                break
            self._tie(folded, crossing, min(_FIRST_TIE * _TIE_GROWTH**round_, _STRONGEST_TIE))
            moved = bending.solve(pull, self.ties)
        return self._drawn_back(self.sound, best)

    def _tie(self, folded: np.ndarray, crossing: np.ndarray, strength: float) -> None:
        """Tie folded triangles to their surroundings, and crossing ones to each other."""
        seed = np.zeros(len(self.rest), bool)
        seed[self.skin.triangles[folded]] = True
        edges = self.skin.edges
        around = edges[seed[edges].any(axis=1)]
        six = self.skin.triangles[crossing].reshape(-1, 6)
        first, second = np.triu_indices(6, 1)
        clique = np.stack([six[:, first].ravel(), six[:, second].ravel()], axis=1)
        pairs = np.concatenate([around, clique[clique[:, 0] != clique[:, 1]]])
        self.ties = Ties(
            np.concatenate([self.ties.pairs, pairs]),
            np.concatenate([self.ties.strength, np.full(len(pairs), strength)]),
        )

    def _drawn_back(self, start: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Unsound places go less far from `start`, with a soft transition, until all is sound.

        Raises:
            RegistrationError: some place stays folded.
        """
        share = np.ones(len(start))
        left = 0
        for round_ in range(_BLEND_ROUNDS):
            blended = start + share[:, None] * (moved - start)
            folded, crossing = self._unsound(blended)
            left = len(folded) + len(crossing)
            if left == 0:
                return blended
            _LOG.debug("drawing back, round %d: %d folded, %d crossing", round_, len(folded), len(crossing))
            bad = np.zeros(len(start), bool)
            bad[self.skin.triangles[np.r_[folded, crossing.ravel()].astype(np.int64)]] = True
            near = self.skin.spread(bad, 2 + round_ // 4).astype(float)
            for _ in range(3):
                near = np.maximum(near, self.skin.smoothing @ near)
            share = share * (1 - 0.5 * near) if round_ < _BLEND_ROUNDS - 4 else share * (near == 0)
        raise RegistrationError(
            f"{left} places of the mesh stay folded on this surface; use a smoother surface or longer wavelengths."
        )

    def _unsound(self, displacement: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Folded triangles (N,), and pairs (P, 2) that cross and did not in the fitted head."""
        points = self.rest + displacement
        return np.flatnonzero(folded_triangles(self.skin, self.origin, points)), self._fresh_crossings(points)

    def _fresh_crossings(self, points: np.ndarray) -> np.ndarray:
        pairs = self.finder.pairs(points)
        return pairs[~self.crossed[pairs].all(axis=1)]

    def vertices(self) -> Float[np.ndarray, "V 3"]:
        """All vertices, the other parts following the skin."""
        return follow_skin(self.model, self.skin, self.fitted, self.rest + self.displacement - self.origin)

    def result(self) -> UniformMesh:
        """The mesh, checked once more.

        Raises:
            RegistrationError: a triangle is folded.
        """
        vertices = self.vertices()
        points = vertices[self.skin.ids]
        flips = int(folded_triangles(self.skin, self.origin, points).sum())
        if flips:
            raise RegistrationError(f"{flips} triangles of the mesh are folded; use a smoother surface.")
        return UniformMesh(
            self.model,
            self.fitted,
            vertices,
            SurfaceIndex(self.matcher.surface.vertices, self.matcher.surface.triangles).query(points).distances,
            self.zones.data,
            flips,
            len(self._fresh_crossings(points)),
        )
