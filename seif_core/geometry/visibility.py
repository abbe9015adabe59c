"""Which places of a surface are seen from outside, by looking at its points from many sides.

Points stand for the surface: each covers the pixel that it falls on. Pixels are wider than the points are apart, so no
wall is seen through.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float

_DIRECTIONS: Final = 26
_PIXEL: Final = 2.5
"""Width of a pixel, in distances between points."""
_BEHIND: Final = 2.0
"""Depth in pixels from which a point is hidden by another."""


def seen_share(points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"], spacing: float) -> np.ndarray:
    """From how much of its own half space each point of a surface is seen, (N,) in 0..1.

    Args:
        points: metres.
        normals: unit.
        spacing: metres between neighbouring points.
    """
    pixel = _PIXEL * spacing
    seen, facing = np.zeros(len(points)), np.full(len(points), 1e-9)
    for forward in sphere(_DIRECTIONS):
        right = np.cross(forward, [0.3, 1.0, 0.2])
        right /= np.linalg.norm(right)
        across = np.stack([points @ right, points @ np.cross(forward, right)], axis=1) / pixel
        column, row = (across - across.min(axis=0)).astype(np.int64).T
        place = row * (int(column.max()) + 1) + column
        height = points @ forward
        top = np.full(int(place.max()) + 1, -np.inf)
        np.maximum.at(top, place, height)
        cosine = np.clip(normals @ forward, 0, None)
        seen += (height >= top[place] - _BEHIND * pixel) * cosine
        facing += cosine
    return seen / facing


def sphere(count: int) -> Float[np.ndarray, "N 3"]:
    """Directions (N, 3) spread evenly, mirrored in x by pairs (a Fibonacci spiral of half as many)."""
    k = np.arange(count // 2) + 0.5
    y, angle = 1 - 4 * k / count, k * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - y * y)
    half = np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], axis=1)
    return np.concatenate([half, half * [-1, 1, 1]])
