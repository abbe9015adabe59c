"""How the original asks its field: an octree that settles a cell where its corners agree, as PIFu does.

Facts (Saito et al., PIFu, ICCV 2019, and the published demo): 256 nodes per axis from -0.5 in steps of 1 / 256; every
fourth node is asked first. A cell whose corners differ by less than 0.01 is settled: its nodes not yet asked, and its
lowest, take the mean of the smallest and the largest. Then every second node that is not settled is asked, then all.
The last cells of each axis lack their far corners, so they are never settled: the outermost nodes are all asked.
"""

from __future__ import annotations

import numpy as np
from skimage import measure


def octree_values(field, resolution=256, first=64, spread=0.01):
    """(resolution,)^3 values, and how many points the field was asked for."""
    values = np.zeros((resolution,) * 3, np.float32)
    open_ = np.ones(values.shape, bool)
    queries, step = 0, resolution // first
    while step:
        lattice = (slice(None, None, step),) * 3
        nodes = np.argwhere(open_[lattice]) * step
        values[tuple(nodes.T)] = field((nodes / resolution - 0.5).astype(np.float32))
        open_[tuple(nodes.T)] = False
        queries += len(nodes)
        if step > 1:
            _settle(values, open_, step, spread)
        step //= 2
    return values, queries


def _settle(values, open_, step, spread):
    corners = values[::step, ::step, ::step]
    count = len(corners) - 1
    eight = np.stack([corners[a : a + count, b : b + count, c : c + count] for a, b, c in np.ndindex(2, 2, 2)])
    low, high = eight.min(0), eight.max(0)
    middle = slice(step // 2, count * step, step)
    cells = np.argwhere(open_[middle, middle, middle] & (high - low < spread))
    mean = ((low + high) / 2)[tuple(cells.T)]
    for offset in np.ndindex(step, step, step):
        at = tuple((cells * step + offset).T)
        values[at] = mean
        open_[at] = False


def octree_surface(field, resolution=256, first=64, spread=0.01):
    """Vertices (V, 3) in the unit cube, triangles (T, 3), and how many points the field was asked for."""
    values, queries = octree_values(field, resolution, first, spread)
    vertices, triangles, *_ = measure.marching_cubes(values, 0.5, gradient_direction="ascent")
    return vertices / resolution - 0.5, triangles, queries
