"""Landmark term: squared distances of a shape's landmarks to their places on the target, each with its weight."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..shapes import Float, Int
from .quadratic_energy import QuadraticEnergy, least_squares


class Landmarks(NamedTuple):
    """L landmarks that a parametric shape is drawn to.

    Attributes:
        rows: (L, K) the shape's points that carry each.
        blend: (L, K) their weights, which sum to 1.
        targets: (L, 3) places on the target, metres.
        weights: (L,) of each landmark against the mean squared distance of all matches.
    """

    rows: Int[np.ndarray, "L K"]
    blend: Float[np.ndarray, "L K"]
    targets: Float[np.ndarray, "L 3"]
    weights: Float[np.ndarray, " L"]

    @staticmethod
    def at_vertices(
        rows: Int[np.ndarray, " L"], targets: Float[np.ndarray, "L 3"], weights: Float[np.ndarray, " L"]
    ) -> Landmarks:
        """Landmarks that are vertices."""
        return Landmarks(rows[:, None], np.ones((len(rows), 1)), targets, weights)


def landmark_term(
    landmarks: Landmarks, points: Float[np.ndarray, "M 3"], columns: Float[np.ndarray, "M 3 K"]
) -> QuadraticEnergy:
    """The landmarks' energy of a change (K,) of parameters.

    Args:
        landmarks: see `Landmarks`.
        points: (M, 3) the shape's points, metres.
        columns: (M, 3, K) how they change with each parameter.
    """
    here = np.einsum("lk,lkc->lc", landmarks.blend, points[landmarks.rows])
    change = np.einsum("lk,lkcn->lcn", landmarks.blend, columns[landmarks.rows])
    return least_squares(
        change.reshape(-1, columns.shape[2]), (landmarks.targets - here).ravel(), np.repeat(landmarks.weights, 3)
    )
