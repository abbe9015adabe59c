"""Attachments: pairs of vertices that are to move alike, by a penalty on the difference of their displacements."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.laplacian import graph_laplacian
from ..shapes import Float, Int
from .quadratic_energy import QuadraticEnergy


class Attachments(NamedTuple):
    """Pairs of vertices that go together; a pair may come often, its strengths add up.

    Attributes:
        pairs: (P, 2) vertices.
        strength: (P,) against the other terms: times the geometric mean of their diagonals at the two vertices.
    """

    pairs: Int[np.ndarray, "P 2"]
    strength: Float[np.ndarray, " P"]

    @staticmethod
    def none() -> Attachments:
        """No attachments."""
        return Attachments(np.zeros((0, 2), np.int64), np.zeros(0))

    def joined(self, pairs: Int[np.ndarray, "Q 2"], strength: float) -> Attachments:
        """These and others of one strength."""
        return Attachments(
            np.concatenate([self.pairs, pairs]), np.concatenate([self.strength, np.full(len(pairs), strength)])
        )

    def added_to(self, energy: QuadraticEnergy) -> QuadraticEnergy:
        """An energy of displacements (V, 3) with ``sum strength |x_i - x_j|^2`` added."""
        if len(self.pairs) == 0:
            return energy
        diagonal = energy.diagonal()
        i, j = self.pairs.T
        weights = self.strength * np.sqrt(diagonal[i] * diagonal[j])
        laplacian = graph_laplacian(self.pairs, weights, len(diagonal))
        return QuadraticEnergy(energy.matrix + laplacian, energy.right)
