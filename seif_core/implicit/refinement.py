"""A surface moved along the viewing rays until its normals are those of the normal map.

The implicit function knows where the surface lies, the normal map how it is inclined; the best of both is the least
squares of edges that should lie in the tangent plane and of displacements that should be small. Source: Nehab,
Rusinkiewicz, Davis and Ramamoorthi, Efficiently combining positions and normals for precise 3D geometry, SIGGRAPH 2005.

Convention: camera space, metres, x right, y up, the viewer at the origin looking along -z; displacements along the
viewing rays, positive away from the viewer. Worked number: a vertex at (0, 0, -0.5) displaced by 0.01 comes to
(0, 0, -0.51).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import torch
from scipy import sparse
from scipy.ndimage import map_coordinates, minimum_filter
from scipy.sparse.linalg import cg

from ..geometry.connectivity import adjacency
from ..geometry.edges import unique_edges
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import rasterize_view
from ..geometry.self_intersection import CrossingFinder
from ..shapes import Bool, Float, Int
from .fitted_skin import SkinDepth, SkinSettings, bare_share
from .view import HeadView

_UNTANGLING_ROUNDS: Final = 48
"""Most rounds of smoothing where the surface passes through itself; enough on all sample portraits."""
_AROUND: Final = 1e-3
"""Metres along each axis that what never passed through itself may go while its neighbours are smoothed. Without it
the lips of one reference portrait were smoothed 3 mm into the mouth (`seif evaluate normals`)."""
_SHORT: Final = 0.4
"""Share of the median edge below which an edge is a sliver of marching cubes; chosen by eye on the sample portraits."""
_SLACK: Final = 0.01
"""Sides of the cube that a vertex may lie behind what is drawn and still be seen. Chosen, not measured."""
_SURE_FROM: Final = 0.7
"""Length of an averaged normal up to which it is not believed: it lies at a crease or an edge. Chosen by eye on the
sample portraits."""
_ACCURACY: Final = 1e-4
"""Of the conjugate gradients, relative to the right-hand side."""


@dataclass(frozen=True)
class RefinementSettings:
    """How far the normal map is followed.

    Attributes:
        length: metres; relief much shorter than 2 pi times this is the normal map's, longer the surface's.
        smoothing: how often each vertex first goes half the way to the middle of its neighbours, so that the steps of a
            coarse field do not stand against the map.
        loose_smoothing: how often more where the fitted 3DMM is far, in hair: ledges of the field there would stay as
            cracks, for the map's normals say nothing of the depth across them.
        passes: how often it is looked anew what is seen, and how much room there is.
        limit: metres, no vertex goes farther in one pass.
        thickness: share of the way to where the viewing ray leaves the head again that no vertex exceeds, so that thin
            places stay whole.
        facing: cosine between viewing ray and predicted normal at which the map begins to count, and counts fully.
        rounds: how often tangent planes are set up anew in each pass.
        skin_length: metres, the same as `length` on bare skin, where what is longer is the fit's; None: the surface's.
        skin: what is bare skin.
        untangled: whether places where the surface passes through itself are smoothed.
    """

    length: float = 0.03
    smoothing: int = 8
    loose_smoothing: int = 60
    passes: int = 2
    limit: float = 0.02
    thickness: float = 0.35
    facing: tuple[float, float] = (0.1, 0.4)
    rounds: int = 1
    skin_length: float | None = 0.008
    skin: SkinSettings = field(default_factory=SkinSettings)
    untangled: bool = True


def follow_normals(
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    normals: Float[np.ndarray, "S S 3"],
    view: HeadView,
    settings: RefinementSettings | None = None,
    *,
    known: Float[np.ndarray, " V"] | None = None,
    fitted: SkinDepth | None = None,
) -> Float[np.ndarray, "V 3"]:
    """Move what the camera sees of a closed surface so that its normals follow the map.

    Args:
        vertices: (V, 3) camera space, metres.
        triangles: (T, 3) counter-clockwise from outside.
        normals: (S, S, 3) of the view's square, 0 where nothing is known.
        view: the square.
        settings: see `RefinementSettings`.
        known: (V,) in 0..1, how near the fitted 3DMM is; 0 where left out.
        fitted: the fit's skin, whose coarse shape bare skin takes; the surface's own where left out.

    Returns:
        (V, 3) float64: the vertices moved.
    """
    s = settings or RefinementSettings()
    graph = _Graph.of(unique_edges(triangles), len(vertices))
    share = np.zeros(len(vertices)) if known is None else known
    points = _smoothed(vertices.astype(np.float64), graph, s.smoothing)
    points += (1 - share)[:, None] * (_smoothed(points, graph, s.loose_smoothing) - points)
    shown = _in_front(points, triangles, view)  # points move along their rays, so what hides what stays
    held = _held_at(fitted, points, shown[0], s) if fitted is not None else None
    for _ in range(s.passes):
        points = _one_pass(points, triangles, graph, normals=normals, view=view, s=s, held=held, shown=shown)
    return _untangled(points, triangles, graph) if s.untangled else points


class _Held(NamedTuple):
    """The fit's skin, how far each vertex (V,) is held at it, and `RefinementSettings.skin_length`."""

    skin: SkinDepth
    share: Float[np.ndarray, " V"]
    length: float

    def at(self, points: np.ndarray, s: RefinementSettings) -> tuple[np.ndarray, np.ndarray]:
        """Where along its ray each point should stay (V,), metres from where it is, and how firmly (V,)."""
        firm = self.share / self.length**2
        stay = firm + (1 - self.share) / s.length**2
        return self.skin.offsets(points)[0] * firm / stay, stay


def _held_at(skin: SkinDepth, points: np.ndarray, seen: np.ndarray, s: RefinementSettings) -> _Held | None:
    """How far the surface is the fit's bare skin, as it came from the implicit function."""
    if s.skin_length is None:
        return None
    offsets, bare = skin.offsets(points)
    return _Held(skin, bare * seen * bare_share(offsets, s.skin), s.skin_length)


class _Graph(NamedTuple):
    """Which vertices share an edge.

    Attributes:
        edges: (E, 2).
        joined: (V, V), 1 where two vertices share an edge.
        degree: (V,) how many each does, at least 1.
    """

    edges: np.ndarray
    joined: sparse.csr_matrix
    degree: np.ndarray

    @staticmethod
    def of(edges: np.ndarray, count: int) -> _Graph:
        return _Graph(edges, adjacency(edges, count), np.maximum(np.bincount(edges.ravel(), minlength=count), 1.0))


def _one_pass(
    points: np.ndarray,
    triangles: np.ndarray,
    graph: _Graph,
    *,
    normals: np.ndarray,
    view: HeadView,
    s: RefinementSettings,
    held: _Held | None,
    shown: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    rays = points / np.linalg.norm(points, axis=1, keepdims=True)
    seen, room = shown
    wanted, trust = _sampled(points, rays, normals, view, s)
    towards = -(vertex_normals(points, triangles) * rays).sum(1)  # what faces away has not the normals of what hides it
    trust = trust * seen * np.clip(towards / s.facing[1], 0, 1)
    limit = np.minimum(s.limit, s.thickness * room)
    moved = np.zeros(len(points))
    place, stay = (moved, np.full(len(points), 1 / s.length**2)) if held is None else held.at(points, s)
    for _ in range(s.rounds):
        here = points + moved[:, None] * rays
        moved = moved + _solve(here, rays, moved, edges=graph.edges, wanted=wanted, trust=trust, stay=stay, place=place)
        moved = np.clip(moved, -limit, limit)
    return points + moved[:, None] * rays


def _untangled(points: np.ndarray, triangles: np.ndarray, graph: _Graph) -> np.ndarray:
    """Points (V, 3) with places smoothed where the surface passes through itself, until none is left."""
    finder = CrossingFinder(triangles)
    start, crossed = points, np.zeros(len(points), bool)
    for round_ in range(_UNTANGLING_ROUNDS):
        pairs = finder.pairs(points)
        if len(pairs) == 0:
            break
        near = np.zeros(len(points))
        near[triangles[pairs.ravel()]] = 1
        crossed |= near > 0
        for _ in range(1 + round_ // 2):
            near = np.maximum(near, (graph.joined @ near > 0) * 1.0)
        rows = np.flatnonzero(near)
        least, most = start[rows] - _AROUND, start[rows] + _AROUND
        free = crossed[rows, None]
        points = points.copy()
        for _ in range(2 + 2 * round_):  # what resists is smoothed the more
            moved = (points[rows] + (graph.joined[rows] @ points) / graph.degree[rows, None]) / 2
            points[rows] = np.where(free, moved, np.clip(moved, least, most))
    return points


def _smoothed(points: np.ndarray, graph: _Graph, rounds: int) -> np.ndarray:
    """Points (V, 3), each gone half the way to the middle of its neighbours, so many times."""
    half = sparse.diags(0.5 / graph.degree) @ graph.joined + 0.5 * sparse.identity(len(points), format="csr")
    for _ in range(rounds):
        points = half @ points
    return points


def _in_front(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"], view: HeadView, size: int = 384
) -> tuple[Bool[np.ndarray, " V"], Float[np.ndarray, " V"]]:
    """Whether vertices are in front of everything else, and how far behind the ray leaves the head, metres (V,)."""
    camera = view.crop_camera(size)
    placed, corners = torch.from_numpy(vertices), torch.from_numpy(triangles).long()
    front = rasterize_view(placed, corners, camera, cull_back=True).depth.numpy()
    behind = rasterize_view(placed, corners.flip(1), camera, cull_back=True).depth.numpy()
    both = np.isfinite(front) & np.isfinite(behind)
    room = np.where(both, behind, 0) - np.where(both, front, 0)
    room = minimum_filter(np.maximum(room, 0), 3)  # the outline's pixels show one side alone
    column, row = np.clip(camera.project(vertices).astype(int), 0, size - 1).T
    seen = -vertices[:, 2] < front[row, column] + _SLACK * view.scale
    return seen, room[row, column]


def _sampled(
    points: np.ndarray, rays: np.ndarray, normals: np.ndarray, view: HeadView, s: RefinementSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The map's unit normal at each vertex, and how far it is trusted."""
    size = normals.shape[0]
    where = view.crop_camera(size).project(points).T[::-1] - 0.5
    read = np.stack([map_coordinates(normals[..., c], where, order=1, mode="constant") for c in range(3)], axis=1)
    length = np.linalg.norm(read, axis=1)
    unit = read / np.maximum(length, 1e-9)[:, None]
    facing = -(unit * rays).sum(1)
    low, high = s.facing
    return unit, np.clip((facing - low) / (high - low), 0, 1) * np.clip((length - _SURE_FROM) / 0.25, 0, 1)


def _solve(
    here: np.ndarray,
    rays: np.ndarray,
    moved: np.ndarray,
    *,
    edges: np.ndarray,
    wanted: np.ndarray,
    trust: np.ndarray,
    stay: np.ndarray,
    place: np.ndarray,
) -> np.ndarray:
    """One linear least-squares step: further displacements (V,) along the rays."""
    first, second = edges.T
    along = here[second] - here[first]
    span = np.linalg.norm(along, axis=1)
    short = span < _SHORT * np.median(span)  # slivers of marching cubes: their ends go together
    span = np.maximum(span, _SHORT * np.median(span))
    normal = wanted[first] * trust[first, None] + wanted[second] * trust[second, None]
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    # units: all in inclination, so that the two terms weigh the same on any mesh
    weight = np.sqrt(trust[first] * trust[second]) * ~short
    toward = (normal * rays[second]).sum(1) / span
    back = (normal * rays[first]).sum(1) / span
    rows = np.arange(len(edges))
    matrix = sparse.csr_matrix(
        (np.r_[weight * toward, -weight * back], (np.r_[rows, rows], np.r_[second, first])), (len(edges), len(here))
    )
    goal = -weight * (normal * along).sum(1) / span
    # where the map says nothing, displacements fade out smoothly instead of tearing
    calm = np.where(short, 2.0, np.sqrt(1 - weight) * 0.5) / span
    smooth = sparse.csr_matrix((np.r_[calm, -calm], (np.r_[rows, rows], np.r_[second, first])), matrix.shape)
    system = (matrix.T @ matrix + smooth.T @ smooth + sparse.diags(stay)).tocsr()  # rows are read faster than columns
    right = matrix.T @ goal - smooth.T @ (smooth @ moved) + stay * (place - moved)
    inverse = sparse.diags(1 / system.diagonal())
    return cg(system, right, rtol=_ACCURACY, maxiter=200, M=inverse)[0]
