"""A surface out of an occupancy field, queried only where the surface can be.

The band around the posed 3DMM gives a first, coarse set of cells; cells that the surface crosses are halved, level by
level; on the finest level the set grows along the surface until no crossed face is left open. Everything else takes
the prior's side. What remains is one call of scikit-image's marching cubes (Lewiner et al., 2003).

Convention: the field lives in the unit cube [-0.5, 0.5]^3; `resolution` cells per axis, nodes at the cells' corners.
Worked number: at resolution 256 node (0, 128, 256) lies at (-0.5, 0.0, 0.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import trimesh
from skimage import measure

from ..errors import SettingsError
from ..shapes import Float, Float32, Int32

Field = Callable[[np.ndarray], np.ndarray]
"""(N, 3) points of the unit cube -> (N,) values."""

RESOLUTIONS: Final = (64, 128, 256, 512)
_CORNERS: Final = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, -1).T
_FACES: Final = tuple((axis, side) for axis in range(3) for side in (0, 1))


@dataclass(frozen=True)
class SurfaceSettings:
    """How a surface is extracted.

    Attributes:
        resolution: cells per axis, one of 64, 128, 256, 512.
        coarse_step: size of the first cells in finest cells; a power of two.
        band_inside: how far inside the prior's surface the field is asked, in cube units.
        band_outside: how far outside of it (hair stands out), in cube units.
        level: occupancy at the surface.
    """

    resolution: int = 256
    coarse_step: int = 8
    band_inside: float = 0.06
    band_outside: float = 0.15
    level: float = 0.5


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed triangle mesh.

    Attributes:
        vertices: (V, 3) float32, unit cube.
        triangles: (T, 3) int32, counter-clockwise from outside.
        queries: how many points the field was asked for.
    """

    vertices: Float32[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    queries: int


def extract_surface(field: Field, prior: Field, settings: SurfaceSettings | None = None) -> Surface:
    """The level set of `field` near the prior's surface: its largest closed component.

    Args:
        field: occupancy in 0..1, more than `level` inside.
        prior: signed distance to the posed 3DMM in cube units, negative inside; decides outside the band.
        settings: resolution and band.

    Raises:
        SettingsError: a resolution or step that does not exist, or a field without surface in the band.
    """
    s = settings or SurfaceSettings()
    if s.resolution not in RESOLUTIONS or s.coarse_step < 1 or s.resolution % s.coarse_step:
        raise SettingsError(
            f"The surface resolution {s.resolution} with first cells of {s.coarse_step} is not possible; choose a "
            f"resolution of {RESOLUTIONS} and a step that divides it."
        )
    grid = _SparseGrid(field, prior, s)
    grid.refine()
    grid.follow()
    if not (grid.inside.any() and (~grid.inside).any()):
        raise SettingsError("The implicit function has no surface near the fitted head; try another photo.")
    return _march(grid)


class _SparseGrid:
    """Values at the nodes of the finest grid: asked where cells are active, the prior's side elsewhere."""

    def __init__(self, field: Field, prior: Field, settings: SurfaceSettings) -> None:
        self.field, self.s = field, settings
        n, step = settings.resolution, settings.coarse_step
        self.queries = 0
        self.asked = np.zeros((n + 1,) * 3, bool)
        coarse = np.stack(np.meshgrid(*[np.arange(0, n + 1, step)] * 3, indexing="ij"), -1)
        distance = prior(self._points(coarse.reshape(-1, 3))).reshape(coarse.shape[:3])
        reach = step / n * np.sqrt(3)
        near = (distance > -settings.band_inside - reach) & (distance < settings.band_outside + reach)
        border = np.ones(near.shape, bool)
        border[1:-1, 1:-1, 1:-1] = False
        self.band = near & ~border
        value = np.where(distance < 0, np.float32(1), np.float32(0))
        value[border] = 0
        for axis in range(3):
            value = np.repeat(value, step, axis=axis)
        half = step // 2
        self.value = np.ascontiguousarray(value[half : half + n + 1, half : half + n + 1, half : half + n + 1])

    def _points(self, nodes: np.ndarray) -> np.ndarray:
        return (nodes / self.s.resolution - 0.5).astype(np.float32)

    @property
    def inside(self) -> np.ndarray:
        return self.value > self.s.level

    def _ask(self, nodes: np.ndarray) -> None:
        flat = np.asarray(np.ravel_multi_index(tuple(nodes.T), self.asked.shape))
        flat = np.unique(flat[~self.asked.reshape(-1)[flat]])
        if len(flat) == 0:
            return
        points = np.array(np.unravel_index(flat, self.asked.shape)).T
        border = ((points == 0) | (points == self.s.resolution)).any(1)
        answer = np.zeros(len(flat), np.float32)
        answer[~border] = self.field(self._points(points[~border]))
        self.queries += int((~border).sum())
        self.value.reshape(-1)[flat] = answer
        self.asked.reshape(-1)[flat] = True

    def _crossed(self, cells: np.ndarray, step: int) -> np.ndarray:
        corners = cells[:, None] + _CORNERS * step
        inside = self.value[tuple(np.moveaxis(corners, -1, 0))] > self.s.level
        return inside.any(1) & ~inside.all(1)

    def refine(self) -> None:
        """Ask coarse nodes in the band, then halve crossed cells down to the finest level."""
        step = self.s.coarse_step
        near = self.band
        cell = np.zeros(tuple(d - 1 for d in near.shape), bool)
        for corner in _CORNERS:
            cell |= near[tuple(slice(c, c + d) for c, d in zip(corner, cell.shape, strict=True))]
        cells = np.argwhere(cell) * step
        while True:
            self._ask((cells[:, None] + _CORNERS * step).reshape(-1, 3))
            crossed = self._crossed(cells, step)
            self._settle(cells[~crossed], step)
            cells = cells[crossed]
            if step == 1:
                break
            step //= 2
            self._settle(cells, step * 2)
            cells = (cells[:, None] + _CORNERS * step).reshape(-1, 3)
        self.cells = cells

    def _settle(self, cells: np.ndarray, step: int) -> None:
        """Give nodes inside cells that were not asked the side of the cell's nearest corner."""
        if step == 1 or len(cells) == 0:
            return
        local = np.stack(np.meshgrid(*[np.arange(step + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
        corner = np.where(local * 2 > step, step, 0)
        for start in range(0, len(cells), 4096):
            block = cells[start : start + 4096, None]
            nodes = tuple(np.moveaxis(block + local, -1, 0))
            source = self.value[tuple(np.moveaxis(block + corner, -1, 0))]
            asked = self.asked[nodes]
            self.value[nodes] = np.where(asked, self.value[nodes], source)

    def follow(self) -> None:
        """Grow the finest cells along the surface until every crossed face has both its cells asked."""
        n = self.s.resolution
        done = np.zeros((n,) * 3, bool)
        done[tuple(self.cells.T)] = True
        cells = self.cells
        while len(cells):
            grown = []
            for axis, side in _FACES:
                on_face = _CORNERS[_CORNERS[:, axis] == side]
                nodes = cells[:, None] + on_face
                inside = self.value[tuple(np.moveaxis(nodes, -1, 0))] > self.s.level
                neighbours = cells[inside.any(1) & ~inside.all(1)].copy()
                neighbours[:, axis] += 2 * side - 1
                grown.append(neighbours[((neighbours >= 0) & (neighbours < n)).all(1)])
            fresh = np.unique(np.concatenate(grown), axis=0)
            cells = fresh[~done[tuple(fresh.T)]]
            done[tuple(cells.T)] = True
            self._ask((cells[:, None] + _CORNERS).reshape(-1, 3))


def _march(grid: _SparseGrid) -> Surface:
    vertices, triangles, _, _ = measure.marching_cubes(grid.value, grid.s.level, gradient_direction="ascent")
    vertices, triangles = _largest_component(vertices / grid.s.resolution - 0.5, triangles)
    return Surface(vertices.astype(np.float32), triangles.astype(np.int32), grid.queries)


def _largest_component(
    vertices: Float[np.ndarray, "V 3"], triangles: np.ndarray
) -> tuple[Float[np.ndarray, "W 3"], np.ndarray]:
    label: np.ndarray = trimesh.graph.connected_component_labels(
        np.concatenate([triangles[:, :2], triangles[:, 1:]]), node_count=len(vertices)
    )
    biggest = int(np.bincount(label[triangles[:, 0]]).argmax())
    keep = label == biggest
    index = np.cumsum(keep) - 1
    return vertices[keep], index[triangles[keep[triangles[:, 0]]]]
