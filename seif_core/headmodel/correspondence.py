"""Which point of one head model is which point of another.

The source model's template is drawn onto the target's: a similarity from the surfaces (`align_surface`), then the
source's own identity space, then a smooth displacement (`registration.displacement`). Each target vertex then
belongs to the closest point of the registered source whose normal agrees, so that touching lips are not confused.
Eyeballs are matched as balls, by direction from their centres.

Convention: both templates in metres, Y up, the face towards +Z. Worked number: a model matched with itself maps vertex
i to vertex i with weight 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..geometry.alignment import IcpSettings, Similarity, align_surface
from ..geometry.barycentric import MeshPoints
from ..geometry.closest_point import SurfaceIndex
from ..geometry.normals import vertex_normals
from ..registration.correspondences import AgreeingPoints, TargetMesh
from ..registration.displacement import register_displacement
from ..registration.parametric import register_modes
from ..registration.template_mesh import TemplateMesh
from ..shapes import Bool, Float, Int
from .anatomy import anatomy_of
from .model import HeadModel, triangulate
from .topology import PART_NAMES

EYE_PARTS: Final = ("eye_left", "eye_right")
_IDENTITY_MODES: Final = 60
"""Components of the source's identity space that it is drawn with first; finer ones are left to the displacement."""
_UNSEEN_TRUST: Final = 0.3
"""Trust in a match outside the face, where templates differ in how they end."""
_FACE_RADIUS: Final = 0.095
_ROBUST_SCALE: Final = 0.004
"""Metres from the nose tip that are taken for the face, and of a distance that counts a quarter, when two templates are
laid on each other. Chosen, not measured."""


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


def register(source: HeadModel, target: HeadModel) -> Float[np.ndarray, "V 3"]:
    """The source's template drawn onto the target's, (V, 3) float64 metres in the target's frame, eyeballs included."""
    skin, goal = PartMesh.of(source, ("skin",)), PartMesh.of(target, ("skin",))
    start = _similarity(source, skin, target, goal)
    placed = start.apply(source.template.astype(np.float64))
    hidden = source.regions["mouth_interior"] if "mouth_interior" in source.regions else np.zeros(len(placed), bool)
    data = anatomy_of(source).named_skin
    no_landmarks = np.zeros(0, np.int64)
    trust = np.where(source.regions.get("face", data), 1.0, _UNSEEN_TRUST)
    template = TemplateMesh(placed, skin.triangles, data & ~hidden, trust, no_landmarks, np.zeros(0))
    surface = TargetMesh(target.template.astype(np.float64), goal.triangles)
    modes = start.scale * source.shape_basis[:_IDENTITY_MODES].astype(np.float64) @ start.rotation.T
    _, shaped = register_modes(template, modes, surface, np.zeros((0, 3)))
    drawn = register_displacement(template, shaped, surface, np.zeros((0, 3)))
    return _with_eyeballs(source, target, drawn)


def _similarity(source: HeadModel, skin: PartMesh, target: HeadModel, goal: PartMesh) -> Similarity:
    """From nose tip on nose tip (both faces look along +Z) to the best similarity of the faces."""
    mine, theirs = source.template[skin.vertices], target.template[goal.vertices].astype(np.float64)
    tip, target_tip = mine[mine[:, 2].argmax()], theirs[theirs[:, 2].argmax()]
    face = theirs[np.linalg.norm(theirs - target_tip, axis=1) < _FACE_RADIUS]
    face = face[np.unique(np.linspace(0, len(face) - 1, 1500).astype(int))]
    surface = SurfaceIndex(source.template, skin.triangles)
    start = Similarity(np.eye(3), 1.0, (target_tip - tip).astype(np.float64))
    return align_surface(face, surface, start, IcpSettings(with_scale=True, robust_scale=_ROBUST_SCALE))


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
) -> MeshPoints:
    """The point of the registered source that each of the goal's vertices corresponds to, in their order."""
    normals = vertex_normals(target.template.astype(np.float64), goal.triangles)[goal.vertices]
    return AgreeingPoints(registered, source.triangles).match(
        target.template[goal.vertices].astype(np.float64), normals
    )
