"""Closed surfaces that overlap, as one solid on a grid.

Inside is what lies inside of any part: along each line of the grid the surfaces that it enters and leaves are counted,
which is the winding number and so right for surfaces that overlap themselves. Near the solid's surface a node's value
is its distance to the nearest part, negative inside.

Convention: node (i, j, k) lies at ``origin + spacing * (i, j, k)``; the origin stands off the vertices by an odd share
of a cell, so that no line meets a vertex. Worked number: in a ball of radius 10 about the origin, the node at (0, 0, 9)
has the value -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from ..geometry.signed_distance import signed_distances
from ..shapes import Bool, Float, Float32, Int
from .parts import PrintPart

BAND: Final = 3
"""Cells beside the surface within which values are distances; beyond they are this many cells."""
_ODD: Final = (0.3819660113, 0.4142135624, 0.7320508076)
"""Shares of a cell by which the grid stands off; irrational, so that no vertex lies on a line."""


@dataclass(frozen=True)
class Grid:
    """Places of nodes.

    Attributes:
        origin: of node (0, 0, 0), in the parts' unit.
        spacing: between nodes, in the parts' unit.
        shape: nodes along each axis.
    """

    origin: tuple[float, float, float]
    spacing: float
    shape: tuple[int, int, int]

    @staticmethod
    def around(low: Float[np.ndarray, "3"], high: Float[np.ndarray, "3"], spacing: float, margin: int) -> Grid:
        """A grid over a box with `margin` cells around it."""
        origin = low - spacing * (margin + np.array(_ODD))
        shape = np.ceil((high - origin) / spacing).astype(int) + margin + 1
        x, y, z = (float(value) for value in origin)
        return Grid((x, y, z), spacing, (int(shape[0]), int(shape[1]), int(shape[2])))

    def places(self, nodes: Int[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
        """Where nodes lie."""
        return np.array(self.origin) + self.spacing * nodes

    def axis(self, number: int) -> Float[np.ndarray, " N"]:
        """Coordinates of the nodes along an axis."""
        return self.origin[number] + self.spacing * np.arange(self.shape[number])


def winding_numbers(part: PrintPart, grid: Grid) -> Int[np.ndarray, "X Y Z"]:
    """How many times the part's surface goes round each node."""
    places = (part.vertices - np.array(grid.origin)) / grid.spacing
    corners = places[part.triangles]
    low = np.clip(np.ceil(corners[..., :2].min(axis=1)), 0, np.array(grid.shape[:2])).astype(np.int64)
    high = np.clip(np.floor(corners[..., :2].max(axis=1)), -1, np.array(grid.shape[:2]) - 1).astype(np.int64)
    sides = np.maximum(high - low + 1, 0)
    counts = sides.prod(axis=1)
    triangle = np.repeat(np.arange(len(corners)), counts)
    local = np.arange(len(triangle)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = sides[triangle, 1]
    nodes = low[triangle] + np.column_stack([local // np.maximum(width, 1), local % np.maximum(width, 1)])
    numbers = part.triangles[triangle]
    shares = np.stack([_side(places, numbers[:, (k + 1) % 3], numbers[:, (k + 2) % 3], nodes) for k in range(3)], 1)
    hit = (shares > 0).all(axis=1) | (shares < 0).all(axis=1)
    triangle, nodes, shares = triangle[hit], nodes[hit], shares[hit]
    total = shares.sum(axis=1)
    height = (shares * corners[triangle, :, 2]).sum(axis=1) / total
    first = np.clip(np.ceil(height), 0, grid.shape[2] - 1).astype(np.int64)
    steps = np.zeros(grid.shape, np.int8)
    np.add.at(steps, (nodes[:, 0], nodes[:, 1], first), np.where(total < 0, 1, -1).astype(np.int8))
    return np.cumsum(steps, axis=2, dtype=np.int8, out=steps)


def _side(
    places: Float[np.ndarray, "V 3"], first: Int[np.ndarray, " N"], second: Int[np.ndarray, " N"], nodes: np.ndarray
) -> Float[np.ndarray, " N"]:
    """On which side of edges lines lie, the same for the two triangles of an edge: its lower vertex comes first."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    along, towards = places[high, :2] - places[low, :2], nodes - places[low, :2]
    area = along[:, 0] * towards[:, 1] - along[:, 1] * towards[:, 0]
    area = np.where(area == 0, np.finfo(np.float64).tiny, area)
    return np.where(first < second, area, -area)


def union_values(parts: list[PrintPart], grid: Grid) -> Float32[np.ndarray, "X Y Z"]:
    """Signed distances of a grid's nodes to the union of parts, at most `BAND` cells."""
    windings = {part.name: winding_numbers(part, grid) > 0 for part in parts}
    inside = np.logical_or.reduce(list(windings.values()))
    far = np.float32(BAND * grid.spacing)
    values = np.where(inside, -far, far)
    nodes = np.argwhere(near_surface(inside, BAND - 1))
    places, index = grid.places(nodes), tuple(nodes.T)
    found = np.full(len(nodes), np.inf)
    for part in parts:
        own = windings[part.name][index]
        near = ((places > part.vertices.min(0) - far) & (places < part.vertices.max(0) + far)).all(axis=1)
        distance = np.full(len(nodes), np.inf)
        distance[near] = np.abs(signed_distances(places[near], part.vertices, part.triangles).signed)
        found = np.minimum(found, np.where(own, -distance, distance))
    values[index] = np.clip(found, -far, far)
    return values


def near_surface(inside: Bool[np.ndarray, "X Y Z"], cells: int) -> Bool[np.ndarray, "X Y Z"]:
    """Nodes at most so many steps from the surface of a set, on both sides."""
    outer = np.asarray(ndimage.binary_dilation(inside, iterations=cells), bool)
    return outer & np.asarray(ndimage.binary_dilation(~inside, iterations=cells), bool)
