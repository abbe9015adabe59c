"""The template drawn onto the surface: match, solve, repair, level by level, then once more on the finer mesh.

Non-rigid registration of the skin (`registration`): the point-to-plane term towards matches that semantic codes help to
find, as Liu et al., SeIF, IEEE TMM 2024, DOI 10.1109/TMM.2024.3405721, describe for uniformization; a thin plate's
bending energy; positional constraints towards the fit and, weakly, towards where a level began, which carries places
that the surface says nothing about; attachments. Eyeballs, teeth and lashes are carried along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from ..errors import RegistrationError
from ..evidence.ear_occlusion import EarOcclusion
from ..geometry.closest_point import SurfaceIndex
from ..geometry.laplacian import cotangent_laplacian
from ..geometry.normals import unit, vertex_normals
from ..geometry.robust_weights import tukey
from ..geometry.surface_samples import SurfaceSamples, spread_samples
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.semantics import canonical_codes
from ..headmodel.subdivision import refinement_of, subdivide
from ..progress import Progress
from ..registration.bending_energy import thin_plate
from ..registration.point_to_plane import plane_targets, sampled_term
from ..registration.positional_term import positional_term
from ..registration.quadratic_energy import QuadraticEnergy
from ..registration.schedule import Level, iterate, levels_of
from ..registration.self_intersection_repair import DefectFinder, Repair, RepairSettings
from ..registration.solver import solve_sparse
from ..shapes import Float
from .carried_parts import carry_parts
from .ears import ears_shown, ears_under, laid_flat
from .exposure import exposure
from .matching import SurfaceMatch, SurfaceMatcher, own_share
from .roles import vertex_roles
from .settings import UniformizeSettings
from .skin_mesh import SkinMesh
from .target import TargetSurface

_CLOSELY_FROM: Final = 0.5
"""From this fineness on the surface is looked up between the vertices too, and the mesh is kept sound."""
_SPACING: Final = 0.016
"""Head heights between the places that are looked up: 3.6 mm, about as far as the face's vertices are apart."""
_SETTLED: Final = 0.02
"""Share of the smoothing length: moving less than that, a level has settled."""
_LEAST: Final = 1e-3
"""Places that follow the surface less than this are not matched."""
_INERTIA: Final = 0.01
"""Weight of where a level began, against a full match's 1."""
_START_LENGTH: Final = 0.005
"""Head heights, smoothing length with which a mesh that comes from the coarser topology is repaired."""
_BEARD: Final = 0.008
"""Metres before the fit from which a coarse shape is hair or a beard, as in `implicit.fitted_skin`."""
_START_LEAST: Final = 0.01
"""Weight with which such a mesh is drawn to itself where it follows no surface."""


@dataclass(frozen=True, eq=False)
class UniformMesh:
    """The head model's mesh with the shape of the surface.

    Attributes:
        model: the head model whose topology it has: the one given, or that subdivided once.
        fitted: (V, 3) float64 metres, the fitted head in this topology.
        vertices: (V, 3) float64 metres, in the space of the surface.
        distance: (S,) float64 metres, from each skin vertex (`SkinMesh.of(model).ids`) to the surface, as it was drawn:
            before its coarse part went back towards the fit.
        data: (S,) float64 in 0..1, how much each of them was to follow the surface.
        flips: inverted triangles against the fitted head; 0.
        crossings: pairs of skin triangles that pass through each other and did not in the fitted head.
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
    *,
    occlusion: EarOcclusion | None = None,
) -> UniformMesh:
    """Draw the fitted head onto a surface.

    Args:
        model: the head model.
        fitted: (V, 3) its posed vertices, metres, in the surface's space.
        surface: the closed surface, with semantic codes or without.
        settings: see `UniformizeSettings`.
        progress: told the fraction done; may cancel.
        occlusion: how far hair covers the ears in the photo; not at all where left out.

    Raises:
        RegistrationError: the fitted head does not belong to the model, or triangles stay inverted.
        CancelledError: the user cancelled.
    """
    s, progress = settings or UniformizeSettings(), progress or Progress()
    if fitted.shape != model.template.shape or not np.isfinite(fitted).all():
        raise RegistrationError(
            f"The fitted head has {len(fitted)} vertices, the model {len(model.template)}; fit this model again."
        )
    fitted = fitted.astype(np.float64)
    matcher = SurfaceMatcher(surface, model, fitted, anatomy_of(model).head_height, outside=s.hair, codes=s.codes)
    coarse = levels_of(s.wavelengths)
    fine = [Level(length, 1.0) for length in s.fine_wavelengths * s.subdivisions]
    steps = iter(range(len(coarse) + len(fine)))
    covered = occlusion if s.hair and occlusion is not None else EarOcclusion()
    drawn = _SkinRegistration(SkinMesh.of(model), fitted, matcher, s, exposure(model), occlusion=covered)
    for level in coarse:
        progress.step(next(steps) / (len(coarse) + len(fine)))
        drawn.draw(level)
    if not fine:
        drawn.share_with_fit()
        return drawn.result()
    fine_model, start = subdivide(model, drawn.vertices())
    fine_skin, refine = SkinMesh.of(fine_model), refinement_of(model).apply
    exposed = refine(drawn.skin.on_model(exposure(model)))[fine_skin.ids]
    finer = _SkinRegistration(fine_skin, refine(fitted), matcher, s, exposed, occlusion=covered)
    finer.start_from(start)
    for level in fine:
        progress.step(next(steps) / (len(coarse) + len(fine)))
        finer.draw(level)
    finer.share_with_fit()
    return finer.result()


class _SkinRegistration:
    """One topology being drawn onto the surface."""

    def __init__(
        self,
        skin: SkinMesh,
        fitted: Float[np.ndarray, "V 3"],
        matcher: SurfaceMatcher,
        settings: UniformizeSettings,
        exposed: Float[np.ndarray, " S"],
        *,
        occlusion: EarOcclusion,
    ) -> None:
        self.skin, self.fitted, self.matcher, self.settings = skin, fitted, matcher, settings
        self.origin = fitted[skin.ids]
        shown = ears_shown(skin, self.origin, matcher.at, exposed=exposed, height=matcher.height)
        ears = ears_under(skin, shown, occlusion)
        self.rest = laid_flat(skin, self.origin, ears.covered * settings.flat_ears)
        self.rest_normals = vertex_normals(self.rest, skin.triangles)
        self.roles = vertex_roles(skin, settings, exposed, ears)
        self.codes = canonical_codes(skin.model)[skin.ids].astype(np.float64)
        self.laplacian = cotangent_laplacian(self.rest, skin.triangles)
        self.vertex_samples = SurfaceSamples.at_vertices(self.laplacian.areas)
        self.repair = Repair(
            DefectFinder(skin, self.origin),
            self.rest,
            RepairSettings(rounds=settings.untangle_rounds),
        )
        self.displacement = np.zeros_like(self.rest)
        self.sound = np.zeros_like(self.rest)
        self.followed = self.displacement

    def start_from(self, vertices: Float[np.ndarray, "V 3"]) -> None:
        """Begin with a mesh that comes from the coarser topology, repaired where that has made it unsound."""
        moved = vertices[self.skin.ids] - self.rest
        data = sampled_term(self.vertex_samples, np.maximum(self.roles.data, _START_LEAST), moved)
        energy = data + self._smoothness(_START_LENGTH * self.matcher.height, moved)
        self.sound = self.displacement = self.repair.mended(moved, energy, self.sound)

    def draw(self, level: Level) -> None:
        """Match and solve with a level's smoothing length, in head heights, and repair."""
        metres = level.length * self.matcher.height
        smooth = energy = self._smoothness(metres, self.displacement)
        closely = level.fineness >= _CLOSELY_FROM
        samples = self.vertex_samples
        if closely:
            points = self.rest + self.displacement
            samples = spread_samples(points, self.skin.triangles, _SPACING * self.matcher.height)

        def step(moved: np.ndarray) -> np.ndarray:
            nonlocal energy
            energy = smooth + self._data(samples, moved, level.fineness)
            return self.repair.solve(energy)

        moved = iterate(step, self.displacement, iterations=self.settings.iterations, tolerance=_SETTLED * metres)
        if closely:
            self.sound = moved = self.repair.mended(moved, energy, self.sound)
        self.displacement = self.followed = moved

    def _smoothness(self, metres: float, start: np.ndarray) -> QuadraticEnergy:
        """All terms that do not depend on the surface, for a smoothing length and a displacement to begin with."""
        areas = self.laplacian.areas
        held = positional_term(areas * self.roles.hold)
        inertia = positional_term(_INERTIA * areas, start)
        return thin_plate(self.laplacian, metres, self.roles.stiffness) + held + inertia

    def _data(self, samples: SurfaceSamples, displacement: np.ndarray, fineness: float) -> QuadraticEnergy:
        """Each place towards its match, sliding freely along the surface in the fine levels."""
        blend = samples.blend
        at, moved = blend @ (self.rest + displacement), np.asarray(blend @ displacement)
        follow = np.asarray(blend @ self.roles.data)
        rows = np.flatnonzero(follow > _LEAST)
        normals = unit(np.asarray(blend @ vertex_normals(self.rest + displacement, self.skin.triangles)))
        codes = np.asarray(blend @ self.codes)
        found = self.matcher.match(at[rows], normals[rows], codes[rows], self.settings, fineness)
        moved[rows] = self._drawn(moved[rows], found, found.points - at[rows], blend[rows], fineness)
        trust = np.zeros(len(at))
        trust[rows] = found.weights * self._own(blend[rows], found, fineness)
        if not self.settings.hair:
            up = unit(np.asarray(blend @ self.rest_normals))
            ceiling = blend @ self.roles.ceiling
            above = (moved * up).sum(1) > ceiling  # a beard: as high as allowed where it is near, else the fit
            moved[above] = (trust * ceiling)[above, None] * up[above]
            trust[above] = 1.0
        return sampled_term(samples, trust * follow, moved)

    def _drawn(
        self, moved: np.ndarray, found: SurfaceMatch, gaps: np.ndarray, blend: sparse.csr_matrix, fineness: float
    ) -> Float[np.ndarray, "N 3"]:
        """Displacements (N, 3) to be reached: onto the surface, along it hair's way there and bare skin's way back."""
        drawn = moved + plane_targets(gaps, found.normals, self.settings.tangential * (1 - fineness))
        back = self.settings.skin_return * np.asarray(blend @ self.roles.bare)
        return plane_targets(drawn, found.normals, 1 - back[:, None])

    def _own(self, blend: sparse.csr_matrix, found: SurfaceMatch, fineness: float) -> Float[np.ndarray, " N"]:
        """How far matches (N,) may be the skin of their places."""
        if not self.settings.own_skin:
            return np.ones(len(found.points))
        reach, bare = np.asarray(blend @ self.roles.reach), np.asarray(blend @ self.roles.bare)
        away = np.linalg.norm(found.points - blend @ self.rest, axis=1)
        cosine = (found.normals * unit(np.asarray(blend @ self.rest_normals))).sum(1)
        return own_share(reach, bare, away, cosine, fineness)

    def share_with_fit(self) -> None:
        """Put the coarse shape of bare skin between surface and fit (`UniformizeSettings.coarse_fit`)."""
        s, areas = self.settings, self.laplacian.areas
        if not s.coarse_fit:
            return
        plate = thin_plate(self.laplacian, s.coarse_length * self.matcher.height, np.ones(len(areas)))
        coarse = solve_sparse(plate + positional_term(areas, self.displacement))
        beyond = np.maximum((coarse * self.rest_normals).sum(1), 0)
        share = s.coarse_fit * self.roles.bare * tukey(beyond, _BEARD)
        wanted = self.displacement - share[:, None] * coarse
        energy = self._smoothness(_START_LENGTH * self.matcher.height, wanted) + positional_term(areas, wanted)
        self.displacement = self.repair.mended(wanted, energy, self.sound)

    def vertices(self) -> Float[np.ndarray, "V 3"]:
        """All vertices, the other parts carried along by the skin."""
        return carry_parts(self.skin, self.fitted, self.rest + self.displacement - self.origin)

    def result(self) -> UniformMesh:
        """The mesh, checked once more.

        Raises:
            RegistrationError: a triangle is inverted.
        """
        vertices = self.vertices()
        points = vertices[self.skin.ids]
        defects = self.repair.finder.find(points)
        if len(defects.inverted):
            raise RegistrationError(
                f"{len(defects.inverted)} triangles of the mesh are folded; use a smoother surface."
            )
        surface = self.matcher.surface
        return UniformMesh(
            self.skin.model,
            self.fitted,
            vertices,
            SurfaceIndex(surface.vertices, surface.triangles).query(self.rest + self.followed).distances,
            self.roles.data,
            len(defects.inverted),
            len(defects.crossing),
        )
