"""A closed mesh of even quads out of values on a grid: surface nets.

Each grid cell that the level set crosses gets one vertex, the mean of its edges' crossings, and each crossed edge a
quad of the four cells around it. Source: Gibson, Constrained elastic surface nets, MICCAI 1998. The mesh is the
boundary of the set of inner nodes with its corners moved, so it is a manifold exactly where that set is well-composed
(Latecki, 3D well-composed pictures, GMIP 1997); sets that are not are filled up until they are.

Convention: node (i, j, k) of the grid lies at ``origin + spacing * (i, j, k)``; values are negative inside. Worked
number: in a grid with spacing 2 and one inner node of value -1 among nodes of +1, six crossings lie 1 from that node.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import ndimage

from ..shapes import Bool, Float, Int

_FILLED: Final = 1e-3
"""Share of the spacing that a node lies inside which was filled to make the set well-composed."""
_ROUNDS: Final = 50
"""Most rounds of filling; three or four are usual."""
_AROUND: Final = ((0, 0), (1, 0), (1, 1), (0, 1))
"""The four cells around an edge, counter-clockwise as seen from its far end."""


class QuadMesh(NamedTuple):
    """A closed mesh of quads.

    Attributes:
        vertices: (V, 3) float64, in the unit of the grid's spacing.
        quads: (Q, 4) int64, counter-clockwise from outside.
    """

    vertices: Float[np.ndarray, "V 3"]
    quads: Int[np.ndarray, "Q 4"]


def surface_nets(values: Float[np.ndarray, "X Y Z"], origin: Float[np.ndarray, "3"], spacing: float) -> QuadMesh:
    """The level set zero of a grid's values; without inner nodes it has no quads.

    Args:
        values: (X, Y, Z), negative inside; the grid's border counts as outside.
        origin: (3,) place of node (0, 0, 0).
        spacing: between nodes.
    """
    outside = np.pad(values, 1, constant_values=spacing).astype(np.float64)
    inside = well_composed(outside < 0, outside)
    field = np.where(inside, np.minimum(outside, -_FILLED * spacing), np.maximum(outside, _FILLED * spacing))
    cells = np.zeros([n - 1 for n in field.shape], bool)
    total, count = np.zeros((*cells.shape, 3)), np.zeros(cells.shape)
    edges = []
    for axis in range(3):
        low, high = _ends(field, axis)
        crossed = (low < 0) != (high < 0)
        at = np.argwhere(crossed)
        place = at.astype(np.float64)
        place[:, axis] += low[crossed] / (low[crossed] - high[crossed])
        others = [a for a in range(3) if a != axis]
        for step in np.ndindex(2, 2):
            cell = at.copy()
            cell[:, others] -= step
            index = tuple(cell.T)
            np.add.at(total, index, place)
            np.add.at(count, index, 1)
            cells[index] = True
        edges.append((axis, at, low[crossed] < 0))
    number = np.full(cells.shape, -1, np.int64)
    number[cells] = np.arange(int(cells.sum()))
    vertices = total[cells] / np.maximum(count[cells], 1)[:, None]
    quads = [_quads(number, axis, at, leaving) for axis, at, leaving in edges]
    return QuadMesh((vertices - 1) * spacing + origin, np.concatenate(quads))


def well_composed(inside: Bool[np.ndarray, "X Y Z"], values: Float[np.ndarray, "X Y Z"]) -> Bool[np.ndarray, "X Y Z"]:
    """The set with nodes filled until no two parts of it, or of what is outside, touch in an edge or corner alone.

    Args:
        inside: the set, which must not touch the grid's border.
        values: of two nodes that could be filled the one with the lower value is.
    """
    filled = inside.copy()
    for _ in range(_ROUNDS):
        fresh = _diagonals(filled, values) | _opposites(filled, values)
        if not fresh.any():
            break
        filled |= fresh
    return filled


def largest_solid(inside: Bool[np.ndarray, "X Y Z"]) -> Bool[np.ndarray, "X Y Z"]:
    """The largest connected part of a set, with its cavities filled."""
    return np.asarray(ndimage.binary_fill_holes(largest_piece(inside)[0]), bool)


def largest_piece(inside: Bool[np.ndarray, "X Y Z"]) -> tuple[Bool[np.ndarray, "X Y Z"], int]:
    """The largest connected part of a set, and how many others there are."""
    pieces = np.zeros(inside.shape, np.int32)
    ndimage.label(inside, output=pieces)
    count = int(pieces.max())
    if count < 2:
        return inside, 0
    return pieces == 1 + int(np.bincount(pieces.ravel())[1:].argmax()), count - 1


def _ends(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    n = values.shape[axis]
    return np.take(values, range(n - 1), axis), np.take(values, range(1, n), axis)


def _quads(number: np.ndarray, axis: int, at: np.ndarray, leaving: np.ndarray) -> Int[np.ndarray, "Q 4"]:
    """Quads around crossed edges along an axis; `leaving` where the near end is inside."""
    second, third = (axis + 1) % 3, (axis + 2) % 3
    corners = []
    for a, b in _AROUND:
        cell = at.copy()
        cell[:, second] += a - 1
        cell[:, third] += b - 1
        corners.append(number[tuple(cell.T)])
    quads = np.stack(corners, axis=1)
    return np.where(leaving[:, None], quads, quads[:, ::-1])


def _diagonals(inside: np.ndarray, values: np.ndarray) -> Bool[np.ndarray, "X Y Z"]:
    """Outer nodes to fill where a square of four has inner ones at one diagonal alone."""
    fill = np.zeros_like(inside)
    for axes in ((0, 1), (0, 2), (1, 2)):
        views = [_shifted(inside, axes, step) for step in np.ndindex(2, 2)]
        costs = [_shifted(values, axes, step) for step in np.ndindex(2, 2)]
        marks = [_shifted(fill, axes, step) for step in np.ndindex(2, 2)]
        for (a, d), (b, c) in (((0, 3), (1, 2)), ((1, 2), (0, 3))):
            bad = views[a] & views[d] & ~views[b] & ~views[c]
            first = costs[b] <= costs[c]
            marks[b] |= bad & first
            marks[c] |= bad & ~first
    return fill


def _opposites(inside: np.ndarray, values: np.ndarray) -> Bool[np.ndarray, "X Y Z"]:
    """Outer nodes to fill where of a cube of eight two opposite ones alone are inner, or alone are outer."""
    steps = list(np.ndindex(2, 2, 2))
    views = [_shifted(inside, (0, 1, 2), step) for step in steps]
    costs = [_shifted(values, (0, 1, 2), step) for step in steps]
    count = np.sum(views, axis=0, dtype=np.int8)
    fill = np.zeros_like(inside)
    marks = [_shifted(fill, (0, 1, 2), step) for step in steps]
    for k in range(4):
        alone = (count == 2) & views[k] & views[7 - k]
        if alone.any():
            cheapest = np.argmin(
                [np.where(view, np.inf, cost) for view, cost in zip(views, costs, strict=True)], axis=0
            )
            for corner in range(8):
                marks[corner] |= alone & (cheapest == corner)
        missing = (count == 6) & ~views[k] & ~views[7 - k]
        marks[k] |= missing
    return fill


def _shifted(values: np.ndarray, axes: tuple[int, ...], step: tuple[int, ...]) -> np.ndarray:
    """A view without the first (step 1) or last (step 0) layer along each of the axes."""
    index: list[slice] = [slice(None)] * 3
    for axis, s in zip(axes, step, strict=True):
        index[axis] = slice(1, None) if s else slice(None, -1)
    return values[tuple(index)]
