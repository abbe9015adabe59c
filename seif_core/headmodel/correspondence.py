"""Which point of one head model is which point of another.

The source model's template is drawn onto the target's: a similarity from the surfaces (`align_surface`), then the
source's own identity space, then a smooth displacement (`openhead.registration`). Each target vertex then belongs to
the closest point of the registered source whose normal agrees, so that touching lips are not confused. Eyeballs are
matched as balls, by direction from their centres.

Convention: both templates in metres, Y up, the face towards +Z. Worked number: a model matched with itself maps vertex
i to vertex i with weight 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..geometry.alignment import IcpSettings, Similarity, align_surface
from ..geometry.closest_point import SurfaceIndex
from ..geometry.normals import vertex_normals
from ..registration.template import Surface, Template, closest_barycentric, register_displacement, register_sliders
from ..shapes import Bool, Float, Int
from .anatomy import anatomy_of
from .model import HeadModel, triangulate
from .topology import PART_NAMES

EYE_PARTS: Final = ("eye_left", "eye_right")
_NORMAL_PENALTY: Final = 0.01
"""Metres that a match with a perpendicular normal costs, against the distance."""
_CANDIDATES: Final = 32
_IDENTITY_MODES: Final = 60


class SurfacePoints(NamedTuple):
    """Points on a mesh.

    Attributes:
        triangles: (P,) index of the triangle that carries each.
        weights: (P, 3) barycentric weights in it.
    """

    triangles: Int[np.ndarray, " P"]
    weights: Float[np.ndarray, "P 3"]

    def interpolate(self, mesh: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Per-vertex `values` (V, ...) of the mesh's triangles (T, 3) at the points, (P, ...)."""
        corners = values[mesh[self.triangles]]
        return np.einsum("pk,pk...->p...", self.weights, corners)


@dataclass(frozen=True, eq=False)
class PartMesh:
    """The triangles of some parts of a model.

    Attributes:
        triangles: (T, 3) into the model's vertices.
        uv_triangles: (T, 3) into its texture vertices.
        vertices: (P,) the vertices that the triangles use, ascending.
    """

    triangles: Int[np.ndarray, "T 3"]
    uv_triangles: Int[np.ndarray, "T 3"]
    vertices: Int[np.ndarray, " P"]

    @staticmethod
    def of(model: HeadModel, parts: tuple[str, ...], within: Bool[np.ndarray, " V"] | None = None) -> PartMesh:
        """The named parts of a model, or of them the faces whose corners all lie `within` a vertex mask."""
        chosen = np.isin(model.face_part, [PART_NAMES.index(p) for p in parts])
        if within is not None:
            chosen &= (within[model.faces] | (model.faces < 0)).all(axis=1)
        triangles = triangulate(model.faces[chosen])[0].astype(np.int64)
        return PartMesh(triangles, triangulate(model.uv_faces[chosen])[0].astype(np.int64), np.unique(triangles))


class NormalMatcher:
    """Finds the closest point of a mesh whose normal agrees."""

    def __init__(self, vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> None:
        self._corners = vertices[triangles].astype(np.float64)
        normals = np.cross(self._corners[:, 1] - self._corners[:, 0], self._corners[:, 2] - self._corners[:, 0])
        self._normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
        self._tree = KDTree(self._corners.mean(axis=1))

    def match(self, points: Float[np.ndarray, "P 3"], normals: Float[np.ndarray, "P 3"]) -> SurfacePoints:
        """The best point for each of `points` (P, 3) with unit `normals` (P, 3), zero where any normal will do."""
        count = min(_CANDIDATES, len(self._corners))
        near = np.asarray(self._tree.query(points, k=count)[1]).reshape(len(points), count)
        weights = closest_barycentric(points[:, None], self._corners[near])
        found = np.einsum("pnk,pnkc->pnc", weights, self._corners[near])
        distance = np.linalg.norm(found - points[:, None], axis=2)
        agreement = np.einsum("pnc,pc->pn", self._normals[near], normals)
        cost = distance + _NORMAL_PENALTY * np.clip(0.9 - agreement, 0, None)
        best = cost.argmin(axis=1)
        rows = np.arange(len(points))
        return SurfacePoints(near[rows, best], weights[rows, best])


def register(source: HeadModel, target: HeadModel) -> Float[np.ndarray, "V 3"]:
    """The source's template drawn onto the target's, (V, 3) float64 metres in the target's frame, eyeballs included."""
    skin, goal = PartMesh.of(source, ("skin",)), PartMesh.of(target, ("skin",))
    start = _similarity(source, skin, target, goal)
    placed = start.apply(source.template.astype(np.float64))
    hidden = source.regions["mouth_interior"] if "mouth_interior" in source.regions else np.zeros(len(placed), bool)
    data = anatomy_of(source).named_skin
    no_landmarks = np.zeros(0, np.int64)
    trust = np.where(source.regions.get("face", data), 1.0, 0.3)
    template = Template(Surface(placed, skin.triangles), data & ~hidden, trust, no_landmarks, np.zeros(0))
    surface = Surface(target.template.astype(np.float64), goal.triangles)
    modes = start.scale * source.shape_basis[:_IDENTITY_MODES].astype(np.float64) @ start.rotation.T
    _, shaped = register_sliders(template, modes, surface, np.zeros((0, 3)))
    drawn = register_displacement(template, shaped, surface, np.zeros((0, 3)))
    return _with_eyeballs(source, target, drawn)


def _similarity(source: HeadModel, skin: PartMesh, target: HeadModel, goal: PartMesh) -> Similarity:
    """From nose tip on nose tip (both faces look along +Z) to the best similarity of the faces."""
    mine, theirs = source.template[skin.vertices], target.template[goal.vertices].astype(np.float64)
    tip, target_tip = mine[mine[:, 2].argmax()], theirs[theirs[:, 2].argmax()]
    face = theirs[np.linalg.norm(theirs - target_tip, axis=1) < 0.095]
    face = face[np.unique(np.linspace(0, len(face) - 1, 1500).astype(int))]
    surface = SurfaceIndex(source.template, skin.triangles)
    start = Similarity(np.eye(3), 1.0, (target_tip - tip).astype(np.float64))
    return align_surface(face, surface, start, IcpSettings(with_scale=True, robust_scale=0.004))


def _with_eyeballs(source: HeadModel, target: HeadModel, vertices: np.ndarray) -> np.ndarray:
    """Put the source's eyeballs on the target's: centre on centre, size on size."""
    found = vertices.copy()
    for part in EYE_PARTS:
        own, other = PartMesh.of(source, (part,)).vertices, PartMesh.of(target, (part,)).vertices
        if len(own) and len(other):
            centre, radius = ball(source.template[own])
            target_centre, target_radius = ball(target.template[other])
            found[own] = (source.template[own] - centre) * (target_radius / radius) + target_centre
    return found


def ball(points: Float[np.ndarray, "P 3"]) -> tuple[Float[np.ndarray, "3"], float]:
    """Centre (3,) and radius of the sphere that fits points best (linear least squares)."""
    points = points.astype(np.float64)
    system = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    solution = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def match_vertices(
    registered: Float[np.ndarray, "V 3"], source: PartMesh, target: HeadModel, goal: PartMesh
) -> SurfacePoints:
    """The point of the registered source that each of the goal's vertices corresponds to, in their order."""
    normals = vertex_normals(target.template.astype(np.float64), goal.triangles)[goal.vertices]
    return NormalMatcher(registered, source.triangles).match(target.template[goal.vertices].astype(np.float64), normals)
