"""How far the outermost skin lies in each direction from a head's middle: what hats, hair and masks lie on.

Convention: directions by azimuth, 0 at the face and growing towards the subject's left, and elevation, 90 degrees
above; metres. Worked number: on the mean head the skin lies about 0.09 m before the skull's middle.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, maximum_filter

from ...shapes import Float

ROWS: Final = 40
COLUMNS: Final = 61
_LOWEST: Final = -0.93
"""Share of a quarter turn down to which directions reach."""

_SEAM: Final = 12
"""Columns that are laid beside the grid's ends before filtering, so that it closes."""


class Dome:
    """The distance of the outermost points along directions from a middle, smoothed.

    Args:
        points: (N, 3) metres.
        centre: (3,) the middle.
        reach: cells of the grid over which the largest distance is taken.
        smooth: cells over which it is smoothed.

    Attributes:
        directions: (40, 61, 3) unit vectors from the crown down; the last column is the first again.
        radius: (40, 61) metres.
    """

    def __init__(
        self, points: Float[np.ndarray, "N 3"], centre: Float[np.ndarray, "3"], reach: int, smooth: float = 1.3
    ) -> None:
        self.centre = centre
        self._elevation = np.linspace(np.pi / 2, _LOWEST * np.pi / 2, ROWS)
        azimuth = np.linspace(-np.pi, np.pi, COLUMNS)
        flat, up = np.cos(self._elevation)[:, None], np.sin(self._elevation)[:, None]
        parts = (flat * np.sin(azimuth), np.broadcast_to(up, (ROWS, COLUMNS)), flat * np.cos(azimuth))
        self.directions = np.stack(parts, axis=2)
        row, column, distance = self._placed(points)
        radius = np.zeros((ROWS, COLUMNS))
        cells = (np.rint(row).astype(np.int64).clip(0, ROWS - 1), np.rint(column).astype(np.int64))
        np.maximum.at(radius, cells, distance)
        radius[:, 0] = radius[:, -1] = np.maximum(radius[:, 0], radius[:, -1])
        ring = np.pad(radius[:, :-1], ((0, 0), (_SEAM, _SEAM)), mode="wrap")
        ring = maximum_filter(ring, (reach, reach), mode="nearest")
        ring[0] = ring[0].max()
        ring = gaussian_filter(ring, smooth, mode="nearest")[:, _SEAM:-_SEAM]
        self.radius = np.concatenate([ring, ring[:, :1]], axis=1)

    def _placed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        away = points - self.centre
        distance = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
        elevation = np.arcsin(np.clip(away[:, 1] / distance, -1, 1))
        row = (np.pi / 2 - elevation) / ((1 - _LOWEST) * np.pi / 2) * (ROWS - 1)
        column = (np.arctan2(away[:, 0], away[:, 2]) / (2 * np.pi) + 0.5) * (COLUMNS - 1)
        return row, column, distance

    def at(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """The dome's radius (N,) in the directions of points, metres."""
        row, column, _ = self._placed(points)
        return map_coordinates(self.radius, [row, column], order=1, mode="nearest")

    def outside(self, points: Float[np.ndarray, "N 3"], over: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 3"]:
        """Points (N, 3), those too deep moved outwards until they lie `over` (N,) metres over the dome."""
        away = points - self.centre
        distance = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
        least = self.at(points) + over
        return self.centre + away * np.maximum(1.0, least / distance)[:, None]
