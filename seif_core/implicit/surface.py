"""A surface out of an occupancy field, queried only where the surface is.

1. **Seeds.** A coarse grid is asked in a band around the posed 3DMM; each of its edges that the surface crosses is
   halved down to one small cell.
2. **Following.** From the seeds the set of crossed cells, two finest cells a side, grows over every crossed face until
   none is left open: whatever is attached to what the band shows is found, wherever it leads.
3. **Halving.** Each of these cells is asked at its centre. Where the answer is what its corners let expect, the field
   is straight there, and the nodes between are interpolated. Straight means its logits: a sigmoid is the last step of
   the networks, and what comes before it grows evenly across a surface.
4. **Following** once more with the finest cells, whose corners are asked where they have no value yet, and marching
   cubes over those that are crossed (`marching`).

Nodes on the cube's border count as outside, so the surface is closed there.

Convention: the field lives in the unit cube [-0.5, 0.5]^3; `resolution` cells per axis, nodes at the cells' corners.
Worked number: at resolution 256 node (0, 128, 256) lies at (-0.5, 0.0, 0.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import trimesh

from ..errors import SettingsError
from ..shapes import Bool, Float, Float32, Int, Int32
from .marching import CORNERS, EDGES, march
from .sparse_array import SparseArray

Field = Callable[[np.ndarray], np.ndarray]
"""(N, 3) points of the unit cube -> (N,) values."""

RESOLUTIONS: Final = (64, 128, 256, 512)
_FIRST: Final = (4, 8, 16, 32, 64)
"""Cells an axis that a surface may have, and those that the search may begin with; they are halved until they agree."""
_CROSSABLE: Final = tuple((axis, side) for axis in range(3) for side in (0, 1))
_SIDES: Final = tuple((CORNERS[:, k] == 0, CORNERS[:, k] == 1) for k in range(3))
_BETWEEN: Final = np.array([n for n in np.ndindex(3, 3, 3) if 1 in n and n != (1, 1, 1)])
"""(18, 3) the nodes that halving adds to a cell, but its centre."""
_SHARES: Final = np.array(
    [
        [np.prod([(2 - n, n)[c] for n, c in zip(node, corner, strict=True)]) / 8 for corner in CORNERS]
        for node in _BETWEEN
    ]
)
"""(18, 8) shares of the corners in each of them."""
_CHUNK: Final = 1 << 16
_FAINT: Final = 1e-6
"""Occupancies nearer to 0 or 1 than this count as that far from it: their logits say nothing."""


@dataclass(frozen=True)
class SurfaceSettings:
    """How a surface is extracted.

    Attributes:
        resolution: cells per axis, one of 64, 128, 256, 512.
        coarse: cells per axis of the grid that is asked first; halved as often as needed if it shows no surface.
        band_inside: how far inside the prior's surface that grid is asked, in cube units.
        band_outside: how far outside of it (hair stands out), in cube units.
        tolerance: how far the surface may be off at the centre of a cell of two by two by two finest ones, in finest
            cells, for the nodes between to be interpolated; 0 asks every node, as a dense grid would.
        level: occupancy at the surface.
    """

    resolution: int = 256
    coarse: int = 16
    band_inside: float = 0.06
    band_outside: float = 0.15
    tolerance: float = 0.15
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
    """The level set of `field` that the band around the prior shows: its largest component, closed.

    Args:
        field: occupancy in 0..1, more than `level` inside.
        prior: signed distance to the posed 3DMM in cube units, negative inside; says where to look first.
        settings: resolution, band and tolerance.

    Raises:
        SettingsError: a resolution or first grid that does not exist, or a field without surface in the band.
    """
    s = settings or SurfaceSettings()
    if s.resolution not in RESOLUTIONS or s.coarse not in _FIRST or s.coarse * 2 > s.resolution:
        raise SettingsError(
            f"The surface resolution {s.resolution} with {s.coarse} first cells is not possible; choose a resolution "
            f"of {RESOLUTIONS} and first cells of {_FIRST}, at most half as many."
        )
    grid = _Grid(field, s)
    step = 1 if s.tolerance <= 0 else 2
    cells = grid.follow(grid.seeds(prior, step), step)
    if step == 2:
        cells = grid.follow(grid.halve(cells), 1)
    if not len(cells):
        raise SettingsError("The implicit function has no surface near the fitted head; try another photo.")
    vertices, triangles = march(cells, grid.corners(cells, 1), s.level, s.resolution)
    vertices, triangles = _largest_component(vertices / s.resolution - 0.5, triangles)
    return Surface(vertices.astype(np.float32), triangles.astype(np.int32), grid.queries)


class _Grid:
    """Values at nodes of the finest grid, NaN where nobody asked. Cells of `step` s have indices in units of s."""

    def __init__(self, field: Field, settings: SurfaceSettings) -> None:
        self.field, self.s = field, settings
        self.queries = 0
        self.value = SparseArray(settings.resolution + 1, np.float32(np.nan))

    def _points(self, nodes: np.ndarray) -> Float32[np.ndarray, "*N 3"]:
        return (nodes / self.s.resolution - 0.5).astype(np.float32)

    def ask(self, nodes: Int[np.ndarray, "N 3"]) -> None:
        """Ask the field at the nodes that have no value yet."""
        nodes = _unique(nodes[np.isnan(self.value.get(nodes))], self.s.resolution + 1)
        within = ((nodes > 0) & (nodes < self.s.resolution)).all(1)
        answer = np.zeros(len(nodes), np.float32)
        if within.any():
            answer[within] = self.field(self._points(nodes[within]))
        self.queries += int(within.sum())
        self.value.set(nodes, answer)

    def corners(self, cells: Int[np.ndarray, "M 3"], step: int) -> Float32[np.ndarray, "M 8"]:
        """Values at the corners of cells."""
        return self.value.get((cells[:, None] + CORNERS) * step)

    def seeds(self, prior: Field, step: int) -> Int[np.ndarray, "M 3"]:
        """Cells of `step` that the surface crosses, found in the band on ever finer grids until there are some."""
        for exponent in range((self.s.resolution // self.s.coarse // step).bit_length()):
            width = self.s.resolution // self.s.coarse >> exponent
            low, high = self._crossed_edges(self._band(prior, width), width)
            if len(low):
                return self._pinpoint(low, high, step)
        return np.zeros((0, 3), np.int32)

    def _band(self, prior: Field, width: int) -> Bool[np.ndarray, "n n n"]:
        """Which nodes of the grid of this cell width lie in the band, the cube's border left out."""
        count = self.s.resolution // width + 1
        nodes = np.stack(np.meshgrid(*[np.arange(1, count - 1) * width] * 3, indexing="ij"), -1)
        distance = prior(self._points(nodes.reshape(-1, 3))).reshape(nodes.shape[:3])
        reach = width / self.s.resolution * np.sqrt(3)
        near = np.zeros((count,) * 3, bool)
        near[1:-1, 1:-1, 1:-1] = (distance > -self.s.band_inside - reach) & (distance < self.s.band_outside + reach)
        return near

    def _crossed_edges(self, near: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Ends (E, 3) of the edges in the band that the surface crosses, finest nodes."""
        self.ask(np.argwhere(near) * width)
        starts, ends = [], []
        for axis in range(3):
            low = np.argwhere(np.take(near, range(len(near) - 1), axis) & np.take(near, range(1, len(near)), axis))
            high = low.copy()
            high[:, axis] += 1
            crossed = self._inside(low * width) != self._inside(high * width)
            starts.append(low[crossed] * width)
            ends.append(high[crossed] * width)
        return np.concatenate(starts), np.concatenate(ends)

    def _inside(self, nodes: np.ndarray) -> Bool[np.ndarray, "*N"]:
        return self.value.get(nodes) > self.s.level

    def _pinpoint(self, low: np.ndarray, high: np.ndarray, step: int) -> Int[np.ndarray, "M 3"]:
        """Halve crossed edges until they are `step` long; the cells that begin with them."""
        while (high - low).max() > step:
            middle = (low + high) // 2
            self.ask(middle)
            beyond = (self._inside(middle) == self._inside(low))[:, None]
            low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
        return low // step

    def follow(self, cells: Int[np.ndarray, "M 3"], step: int) -> Int[np.ndarray, "K 3"]:
        """All crossed cells among the given ones and those that hang together with them over crossed faces."""
        n = self.s.resolution // step
        done = SparseArray(n, np.False_)
        found = [np.zeros((0, 3), np.int32)]
        fresh = _unique(cells, n)
        while len(fresh):
            done.set(fresh, np.True_)
            inside = self._signs(fresh, step)
            crossed = inside.any(1) & ~inside.all(1)
            found.append(fresh[crossed])
            grown = []
            for axis, side in _CROSSABLE:
                face = inside[:, CORNERS[:, axis] == side]
                neighbours = fresh[face.any(1) & ~face.all(1)].copy()
                neighbours[:, axis] += 2 * side - 1
                grown.append(neighbours[(neighbours[:, axis] >= 0) & (neighbours[:, axis] < n)])
            fresh = np.concatenate(grown)
            fresh = _unique(fresh[~done.get(fresh)], n)
        return np.concatenate(found)

    def _signs(self, cells: np.ndarray, step: int) -> Bool[np.ndarray, "M 8"]:
        """Which corners of cells are inside; those without a value are asked."""
        signs = np.empty((len(cells), 8), bool)
        for start in range(0, len(cells), _CHUNK):
            nodes = (cells[start : start + _CHUNK, None] + CORNERS) * step
            values = self.value.get(nodes)
            unknown = np.isnan(values)
            if unknown.any():
                self.ask(nodes[unknown])
                values[unknown] = self.value.get(nodes[unknown])
            signs[start : start + _CHUNK] = values > self.s.level
        return signs

    def halve(self, cells: Int[np.ndarray, "M 3"]) -> Int[np.ndarray, "K 3"]:
        """Interpolate the nodes that only straight cells of step 2 share.

        Returns:
            Finest cells (K, 3) that the surface crosses, at least one where it crosses an edge of the cells given.
        """
        if not len(cells):
            return cells
        self.ask(cells * 2 + 1)
        values = self.corners(cells, 2)
        logits, centre = _logit(values), _logit(self.value.get(cells * 2 + 1))
        slope = np.stack([logits[:, b].mean(1) - logits[:, a].mean(1) for a, b in _SIDES], axis=1)
        off = np.abs(logits.mean(1) - centre) * 2  # the slope is that over two finest cells
        straight = off <= self.s.tolerance * np.linalg.norm(slope, axis=1)
        bent = SparseArray(self.s.resolution + 1, np.False_)
        bent.set((cells[~straight, None] * 2 + _BETWEEN).reshape(-1, 3), np.True_)
        nodes = (cells[straight, None] * 2 + _BETWEEN).reshape(-1, 3)
        guessed = 1 / (1 + np.exp(-logits[straight] @ _SHARES.T)).reshape(-1)
        free = ~bent.get(nodes) & np.isnan(self.value.get(nodes))
        self.value.set(nodes[free], guessed[free].astype(np.float32))
        inside = values > self.s.level
        ends = [
            (cells[crossed, None] * 2 + CORNERS[[low, high]] * 2).swapaxes(0, 1)
            for low, high in EDGES
            if (crossed := inside[:, low] != inside[:, high]).any()
        ]
        low, high = np.concatenate(ends, axis=1)
        return self._pinpoint(low, high, 1)


def _logit(occupancy: np.ndarray) -> Float[np.ndarray, "*N"]:
    held = np.clip(occupancy.astype(np.float64), _FAINT, 1 - _FAINT)
    return np.log(held / (1 - held))


def _unique(at: Int[np.ndarray, "N 3"], size: int) -> Int[np.ndarray, "M 3"]:
    """Each index of a cube once, in the order of memory."""
    x, y, z = at.T.astype(np.int32)
    flat = np.unique((x * size + y) * size + z)
    return np.stack([flat // (size * size), flat // size % size, flat % size], axis=1)


def _largest_component(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
) -> tuple[Float[np.ndarray, "W 3"], Int[np.ndarray, "S 3"]]:
    label: np.ndarray = trimesh.graph.connected_component_labels(
        np.concatenate([triangles[:, :2], triangles[:, 1:]]), node_count=len(vertices)
    )
    keep = label == np.bincount(label).argmax()
    index = np.cumsum(keep) - 1
    return vertices[keep], index[triangles[keep[triangles[:, 0]]]]
