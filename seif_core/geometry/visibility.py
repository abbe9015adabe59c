"""Which places of a surface are seen from outside, by looking at it from many sides.

A mesh is drawn by the rasterizer. Where there are only points, or more triangles than are worth drawing, points stand
for the surface: each covers the pixel that it falls on, and pixels are wider than the points are apart, so no wall is
seen through.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..shapes import Float, Int

_POINT_PIXEL: Final = 2.5
"""Width of a pixel, in distances between points."""
_MESH_PIXELS: Final = 192 / 2.2
"""Pixels from a mesh's middle to its farthest vertex: 2.5 mm on a head."""
_UPWARD: Final = (0.3, 1.0, 0.2)
"""Any direction that no view looks along, from which each takes its right."""


class _Views(NamedTuple):
    """How a surface is looked at: the number of directions, and the depth in pixels from which a point is hidden."""

    directions: int
    behind: float


_OF_POINTS: Final = _Views(26, 2.0)
_OF_A_MESH: Final = _Views(48, 3.0)


def seen_share_of_points(
    points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], spacing: float
) -> Float[np.ndarray, " N"]:
    """From how much of its own half space each point of a surface is seen, (N,) in 0..1.

    Args:
        points: metres.
        normals: unit.
        spacing: metres between neighbouring points.
    """
    return _seen_share(points, normals, _OF_POINTS, _POINT_PIXEL * spacing)


def seen_share_of_mesh(
    vertices: Float[np.ndarray, "V 3"], normals: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
) -> Float[np.ndarray, " V"]:
    """From how much of its own half space each vertex of a mesh is seen, (V,) in 0..1.

    Args:
        vertices: metres.
        normals: unit.
        triangles: (T, 3).
    """
    centred = vertices - vertices.mean(axis=0)
    pixel = float(np.linalg.norm(centred, axis=1).max()) / _MESH_PIXELS
    return _seen_share(centred, normals, _OF_A_MESH, pixel, triangles)


def _seen_share(
    points: np.ndarray, normals: np.ndarray, views: _Views, pixel: float, triangles: np.ndarray | None = None
) -> Float[np.ndarray, " N"]:
    seen, facing = np.zeros(len(points)), np.full(len(points), 1e-9)
    for forward in sphere(views.directions):
        right = np.cross(forward, _UPWARD)
        right /= np.linalg.norm(right)
        across = np.stack([points @ right, points @ np.cross(forward, right)], axis=1) / pixel
        across -= across.min(axis=0) if triangles is None else np.floor(across.min(axis=0))
        height = points @ forward
        top = _tops(across, height, triangles)
        cosine = np.clip(normals @ forward, 0, None)
        seen += (height >= top - views.behind * pixel) * cosine
        facing += cosine
    return seen / facing


def _tops(across: np.ndarray, height: np.ndarray, triangles: np.ndarray | None) -> Float[np.ndarray, " N"]:
    """Height of the topmost thing in the pixel that each point falls on."""
    column, row = across.astype(np.int64).T
    width, rows = int(column.max()) + 1, int(row.max()) + 1
    if triangles is None:
        place = row * width + column
        top = np.full(rows * width, -np.inf)
        np.maximum.at(top, place, height)
        return top[place]
    import torch

    from .rasterizer import rasterize

    depth = 1 + height.max() - height
    xy, z, corners = (torch.from_numpy(values) for values in (across, depth, triangles))
    image = rasterize(xy, z, corners, rows, width).depth.numpy()
    return 1 + height.max() - image[row, column]


def sphere(count: int) -> Float[np.ndarray, "N 3"]:
    """Directions (N, 3) spread evenly, mirrored in x by pairs (a Fibonacci spiral of half as many)."""
    k = np.arange(count // 2) + 0.5
    y, angle = 1 - 4 * k / count, k * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - y * y)
    half = np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], axis=1)
    return np.concatenate([half, half * [-1, 1, 1]])
