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
        outside: (N,) bool, whether the point lies on the side that the skin's normal there points to.
    """

    codes: Float[np.ndarray, "N 3"]
    distance: Float[np.ndarray, " N"]
    outside: Bool[np.ndarray, " N"]


class CodedSurface:
    """A posed skin with its codes, for many nearest-point questions: the triangle of the nearest of dense samples.

    Args:
        vertices: (V, 3) in metres, camera space.
        triangles: (T, 3) of the outer skin.
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
        distance, sample = self._tree.query(points, distance_upper_bound=reach)
        rows = np.flatnonzero(np.isfinite(distance))
        triangle = sample[rows] // 4
        closest = closest_on_triangles(points[rows], self._corners[triangle])
        weights = barycentric(closest, self._corners[triangle])
        off = points[rows] - closest
        distance[rows] = np.linalg.norm(off, axis=1)
        codes, outside = np.zeros((len(points), 3)), np.ones(len(points), bool)
        fade = np.exp(-((distance[rows] / self._height / FADE) ** 2))
        codes[rows] = np.einsum("nc,ncx->nx", weights, self._codes[triangle]) * fade[:, None]
        outside[rows] = (np.einsum("nc,ncx->nx", weights, self._normals[triangle]) * off).sum(1) > 0
        return Nearest(codes, distance, outside)


def outer_skin(model: HeadModel) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) of the skin that shows: no eyeballs, no lining of the mouth."""
    inner = model.regions["mouth_interior"] | model.regions["eyeballs"]
    part = np.concatenate([model.face_part, model.face_part[model.faces[:, 3] >= 0]])
    return model.triangles[(part == PART_NAMES.index("skin")) & ~inner[model.triangles].any(axis=1)]


class CubePrior:
    """The fitted 3DMM in a view's cube.

    Args:
        model: the head model.
        posed: (V, 3) its fitted vertices, camera space, metres.
        view: the square and its cube.
    """

    def __init__(self, model: HeadModel, posed: Float[np.ndarray, "V 3"], view: HeadView) -> None:
        skin = outer_skin(model)
        cube = torch.from_numpy(view.to_cube(posed.astype(np.float64))).float()
        whole = depth_range(cube, torch.from_numpy(model.triangles).long(), _PIXELS)
        self.range = depth_range(cube, torch.from_numpy(skin).long(), _PIXELS, whole.front)
        codes, height = canonical_codes(model), float(np.ptp(model.template[:, 1]))
        self._surface = CodedSurface(posed, skin, codes, height)
        self._view = view
        coarse = self._lattice(_COARSE, np.ones((_COARSE + 1,) * 3, bool))
        axis = np.linspace(-0.5, 0.5, _FINE + 1)
        fine = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))
        self._fine = _interpolated(coarse, fine.reshape(3, -1)).reshape(_FINE + 1, _FINE + 1, _FINE + 1, 4)
        near = np.abs(self._fine[..., 3]) < _BAND
        self._fine[near] = self._asked(fine[:, near].T)

    def _lattice(self, cells: int, wanted: np.ndarray) -> np.ndarray:
        axis = np.linspace(-0.5, 0.5, cells + 1)
        nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
        values = np.zeros((*nodes.shape[:3], 4), np.float32)
        values[wanted] = self._asked(nodes[wanted])
        return values

    def _asked(self, points: np.ndarray) -> np.ndarray:
        """Codes and signed distance (N, 4): the sides of the skin nearby, between first and last surface farther off."""
        found = self._surface.ask(self._view.to_camera(points), _REACH * self._view.scale)
        distance = np.minimum(found.distance / self._view.scale, _REACH)
        within = self.range.inside(torch.from_numpy(points).float()).numpy()
        within = np.where(distance < _NEAR, ~found.outside, within)
        return np.column_stack([found.codes, np.where(within, -distance, distance)]).astype(np.float32)

    def ask(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 4"]:
        """Faded semantic code (3) and signed distance at points (N, 3) of the cube."""
        return _interpolated(self._fine, points.T)


def _interpolated(lattice: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, C) trilinear values of a lattice over the cube at points (3, N)."""
    where = (points.astype(np.float64) + 0.5) * (len(lattice) - 1)
    channels = [map_coordinates(lattice[..., c], where, order=1, mode="nearest") for c in range(lattice.shape[3])]
    return np.stack(channels, axis=1).astype(np.float32)
