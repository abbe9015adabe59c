"""What the fitted 3DMM says at points of the cube: semantic code and signed distance, for many points at once.

`headmodel.semantics.SemanticField` is exact and slow; here distances are to the triangle of the nearest of dense
samples of the skin, on a lattice that is fine near the skin, and trilinear between its nodes. The same questions label
the training data.

Convention: the cube of `view`; signed distances in cube units, negative inside, where inside is what lies between the
first and the last surface of the 3DMM behind a pixel. Worked number: in a cube of 0.4 m, a point 4 mm before the nose
has the distance 0.01.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from scipy.spatial import KDTree

from ..evaluation.closest_point import closest_on_triangles
from ..headmodel import HeadModel
from ..headmodel.semantics import FADE, barycentric, canonical_codes
from ..headmodel.topology import PART_NAMES
from ..raster import rasterize
from ..shapes import Bool, Float, Int
from ..uniformize.skin import vertex_normals
from .view import HeadView

_COARSE: Final = 32
_FINE: Final = 128
_BAND: Final = 0.03
"""Cells per axis of the two lattices, and how near the skin, in cube units, the fine one is asked anew."""
_HELD_WITHIN: Final = (0.013, 0.028)
"""Metres from the landmarks of eyes, nose and mouth within which the 3DMM holds, fully and at all."""
_ORBIT: Final = 0.022
"""Metres from the eyes' centres."""
_HELD_TO: Final = 0.04
"""Cube units from the surface at which it holds 1 / e as much."""
_NEAR: Final = 0.015
"""Cube units up to which the skin's normals tell inside from outside."""
_PIXELS: Final = 192
_REACH: Final = 0.2
"""Cube units beyond which distances are not told apart."""


class DepthRange(NamedTuple):
    """First and last surface behind each pixel of the square.

    Attributes:
        front: (H, W) z in the cube, -inf where there is nothing.
        back: (H, W) z in the cube, inf where there is nothing.
    """

    front: Float[torch.Tensor, "H W"]
    back: Float[torch.Tensor, "H W"]

    def inside(self, points: Float[torch.Tensor, "N 3"]) -> Bool[torch.Tensor, " N"]:
        """(N,) whether points of the cube lie between the surfaces (of the nearest pixel)."""
        row, column = self.pixels(points)
        return (points[:, 2] < self.front[row, column]) & (points[:, 2] > self.back[row, column])

    def pixels(self, points: Float[torch.Tensor, "N 3"]) -> tuple[Int[torch.Tensor, " N"], Int[torch.Tensor, " N"]]:
        """Row and column of the pixels that points of the cube fall on."""
        size = self.front.shape[0]
        column = ((points[:, 0] + 0.5) * size).long().clamp(0, size - 1)
        row = ((0.5 - points[:, 1]) * size).long().clamp(0, size - 1)
        return row, column


def depth_range(
    cube: Float[torch.Tensor, "V 3"],
    triangles: Int[torch.Tensor, "T 3"],
    size: int,
    front: Float[torch.Tensor, "H W"] | None = None,
) -> DepthRange:
    """Both surfaces of a mesh given in the cube.

    Args:
        cube: (V, 3) its vertices.
        triangles: (T, 3).
        size: pixels a side, even.
        front: (H, W) z of the first surface, -inf where there is nothing, if it is known already. The last surface is
            looked for with half as many pixels.
    """
    if front is None:
        front = -_nearest(cube * cube.new_tensor([1, 1, -1]), triangles, size)
    back = _nearest(cube, triangles, size // 2).repeat_interleave(2, 0).repeat_interleave(2, 1)
    shown = torch.isfinite(back) & torch.isfinite(front)
    return DepthRange(front.masked_fill(~shown, -torch.inf), back.masked_fill(~shown, torch.inf))


def _nearest(cube: torch.Tensor, triangles: torch.Tensor, size: int) -> torch.Tensor:
    """(H, W) least z behind each pixel, inf where there is nothing."""
    xy = torch.stack([(cube[:, 0] + 0.5) * size, (0.5 - cube[:, 1]) * size], 1)
    far = 1000.0  # rays are parallel in the cube, so depths are interpolated as they are: far away 1 / z is linear
    return (rasterize(xy, far + cube[:, 2].double(), triangles, size, size).depth.double() - far).float()


class Nearest(NamedTuple):
    """What `CodedSurface` says of N points.

    Attributes:
        codes: (N, 3) semantic codes after fading, 0 beyond the reach.
        distance: (N,) metres, infinite beyond the reach.
        outside: (N,) bool, whether the point lies on the side that the surface's normal there points to.
        triangles: (N,) int64, index of the triangle that is near; 0 beyond the reach.
        weights: (N, 3) barycentric weights of its corners there; 0 beyond the reach.
    """

    codes: Float[np.ndarray, "N 3"]
    distance: Float[np.ndarray, " N"]
    outside: Bool[np.ndarray, " N"]
    triangles: Int[np.ndarray, " N"]
    weights: Float[np.ndarray, "N 3"]


class CodedSurface:
    """A posed surface with its codes, for many nearest-point questions: the triangle of the nearest of dense samples.

    Args:
        vertices: (V, 3) in metres, camera space.
        triangles: (T, 3) of the surface.
        codes: (V, 3) canonical codes.
        head_height: metres, by which codes fade.
    """

    def __init__(
        self,
        vertices: Float[np.ndarray, "V 3"],
        triangles: Int[np.ndarray, "T 3"],
        codes: Float[np.ndarray, "V 3"],
        head_height: float,
    ) -> None:
        weights = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4], [2, 2, 2]]) / 6
        placed = vertices.astype(np.float64)
        self._corners = placed[triangles]
        self._normals = vertex_normals(placed, triangles)[triangles]
        self._codes = codes.astype(np.float64)[triangles]
        self._tree = KDTree(np.einsum("kc,tcx->tkx", weights, self._corners).reshape(-1, 3))
        self._height = head_height

    def ask(self, points: Float[np.ndarray, "N 3"], reach: float = np.inf) -> Nearest:
        """Ask about points (N, 3) in metres; those farther than `reach` metres are told apart no more."""
        found = self._tree.query(points, distance_upper_bound=reach)
        distance, sample = np.asarray(found[0]), np.asarray(found[1])
        rows = np.flatnonzero(np.isfinite(distance))
        triangle = sample[rows] // 4
        closest = closest_on_triangles(points[rows], self._corners[triangle])
        weights = barycentric(closest, self._corners[triangle])
        off = points[rows] - closest
        distance[rows] = np.linalg.norm(off, axis=1)
        codes, outside = np.zeros((len(points), 3)), np.ones(len(points), bool)
        triangles = np.zeros(len(points), np.int64)
        triangles[rows] = triangle
        fade = np.exp(-((distance[rows] / self._height / FADE) ** 2))
        codes[rows] = np.einsum("nc,ncx->nx", weights, self._codes[triangle]) * fade[:, None]
        outside[rows] = (np.einsum("nc,ncx->nx", weights, self._normals[triangle]) * off).sum(1) > 0
        everywhere = np.zeros((len(points), 3))
        everywhere[rows] = weights
        return Nearest(codes, distance, outside, triangles, everywhere)


def outer_skin(model: HeadModel) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) of the skin that shows: no eyeballs, no lining of the mouth."""
    inner = model.regions["mouth_interior"] | model.regions["eyeballs"]
    part = np.concatenate([model.face_part, model.face_part[model.faces[:, 3] >= 0]])
    return model.triangles[(part == PART_NAMES.index("skin")) & ~inner[model.triangles].any(axis=1)]


def held_places(model: HeadModel) -> Float[np.ndarray, " V"]:
    """(V,) in 0..1: eyes, nose and mouth, which no hair covers and where landmarks lie densely.

    There the fitted 3DMM is nearer to the truth than an implicit function of a small picture, so it holds.
    """
    template = model.template.astype(np.float64)
    marks = model.embeddings["ibug68"].points(template)[27:]
    distance = KDTree(marks).query(template)[0]
    return np.clip((_HELD_WITHIN[1] - distance) / (_HELD_WITHIN[1] - _HELD_WITHIN[0]), 0, 1)


def _rims(model: HeadModel) -> Bool[np.ndarray, " V"]:
    """(V,) lips, lids and all about the eyes: where the skin turns inwards, normals do not tell inside from outside."""
    eyes = (model.joint_regressor.astype(np.float64) @ model.template)[3:5]
    orbit = KDTree(eyes).query(model.template)[0] < _ORBIT
    return model.regions["lids"] | model.regions["lips"] | orbit


def outer_surface(model: HeadModel) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) of all that shows: the outer skin, eyeballs and teeth."""
    part = np.concatenate([model.face_part, model.face_part[model.faces[:, 3] >= 0]])
    shown = [PART_NAMES.index(name) for name in ("eye_left", "eye_right", "teeth_upper", "teeth_lower")]
    return np.concatenate([outer_skin(model), model.triangles[np.isin(part, shown)]])


class CubePrior:
    """The fitted 3DMM in a view's cube.

    Args:
        model: the head model.
        posed: (V, 3) its fitted vertices, camera space, metres.
        view: the square and its cube.
    """

    def __init__(self, model: HeadModel, posed: Float[np.ndarray, "V 3"], view: HeadView) -> None:
        skin, shown = outer_skin(model), outer_surface(model)
        cube = torch.from_numpy(view.to_cube(posed.astype(np.float64))).float()
        first = depth_range(cube, torch.from_numpy(shown).long(), _PIXELS).front
        self.range = depth_range(cube, torch.from_numpy(skin).long(), _PIXELS, first)
        codes, height = canonical_codes(model), float(np.ptp(model.template[:, 1]))
        self._surface = CodedSurface(posed, skin, codes, height)
        self._sided = ~_rims(model)[skin].any(axis=1)
        self._held = held_places(model)[skin]
        self._shown = CodedSurface(posed, shown, codes, height)
        rims = _rims(model)
        self._shown_sided = ~rims[shown].any(axis=1)
        self._view = view
        coarse = self._lattice(_COARSE, np.ones((_COARSE + 1,) * 3, bool))
        axis = np.linspace(-0.5, 0.5, _FINE + 1)
        fine = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))
        self._fine = _interpolated(coarse, fine.reshape(3, -1)).reshape(_FINE + 1, _FINE + 1, _FINE + 1, 6)
        near = np.abs(self._fine[..., 3]) < _BAND
        self._fine[near] = self._asked(fine[:, near].T)

    def _lattice(self, cells: int, wanted: np.ndarray) -> np.ndarray:
        axis = np.linspace(-0.5, 0.5, cells + 1)
        nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
        values = np.zeros((*nodes.shape[:3], 6), np.float32)
        values[wanted] = self._asked(nodes[wanted])
        return values

    def _asked(self, points: np.ndarray) -> np.ndarray:
        """As `ask`; signs: the sides of the surface nearby, between first and last surface farther off."""
        reach = _REACH * self._view.scale
        metric = self._view.to_camera(points)
        between = self.range.inside(torch.from_numpy(points).float()).numpy()

        def signed(found: Nearest, sided: np.ndarray, rows: np.ndarray) -> np.ndarray:
            distance = np.minimum(found.distance / self._view.scale, _REACH)
            within = np.where((distance < _NEAR) & sided[found.triangles], ~found.outside, between[rows])
            return np.where(within, -distance, distance)

        found = self._surface.ask(metric, reach)
        distance = signed(found, self._sided, np.arange(len(points)))
        held = (self._held[found.triangles] * found.weights).sum(1) * np.exp(-((distance / _HELD_TO) ** 2))
        guess = distance.copy()
        rows = np.flatnonzero(held > 0.01)
        guess[rows] = signed(self._shown.ask(metric[rows], reach), self._shown_sided, rows)
        return np.column_stack([found.codes, distance, held, guess]).astype(np.float32)

    def ask(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 6"]:
        """What the 3DMM says at points (N, 3) of the cube.

        Faded semantic code (3), signed distance to the skin, how far the 3DMM holds (0..1), and signed distance to all
        that shows of it, eyeballs and teeth included, where it holds (elsewhere to the skin).
        """
        return _interpolated(self._fine, points.T)


def _interpolated(lattice: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, C) trilinear values of a lattice over the cube at points (3, N)."""
    where = (points.astype(np.float64) + 0.5) * (len(lattice) - 1)
    channels = [map_coordinates(lattice[..., c], where, order=1, mode="nearest") for c in range(lattice.shape[3])]
    return np.stack(channels, axis=1).astype(np.float32)
