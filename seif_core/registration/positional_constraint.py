"""Soft positional constraints: vertices are held where they are wanted, each with its weight."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ..shapes import Float
from .quadratic_energy import QuadraticEnergy


def positional_constraint(
    weights: Float[np.ndarray, " V"], targets: Float[np.ndarray, "V 3"] | None = None
) -> QuadraticEnergy:
    """The energy ``sum weight |x - target|^2``.

    Args:
        weights: (V,) 0 where a vertex is free.
        targets: (V, 3) displacements in metres; none where left out.
    """
    right = np.zeros((len(weights), 3)) if targets is None else weights[:, None] * targets
    return QuadraticEnergy(sparse.csr_matrix(sparse.diags(weights)), right)
