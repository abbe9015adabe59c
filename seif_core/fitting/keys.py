"""An expression of the model in its named keys (ARKit), with weights in 0..1."""

from __future__ import annotations

import numpy as np
from scipy.optimize import lsq_linear

from ..headmodel import HeadModel
from ..shapes import Float, Float32


def key_weights(
    model: HeadModel, delta: Float[np.ndarray, "V 3"], *, sparsity: float = 2e-4
) -> Float32[np.ndarray, " K"]:
    """Weights (K,) in 0..1 whose keys come nearest to `delta`.

    Args:
        model: the head model with its keys.
        delta: (V, 3) metres: what the expression adds to the neutral head, jaw and eye rotation included.
        sparsity: metres: a key is used only where it moves its own vertices nearer by about this much on average.

    Minimises ``|keys . w - delta|^2 + 2 l . w`` over the box, where l is `sparsity` times each key's own length.
    """
    count = len(model.key_basis)
    if count == 0:
        return np.zeros(0, np.float32)
    seen = _weighted_vertices(model)
    keys = (model.key_basis[:, seen].astype(np.float64)).reshape(count, -1)
    target = delta[seen].astype(np.float64).ravel()
    gram = keys @ keys.T
    length = np.sqrt(np.maximum(np.diag(gram), 1e-18))
    moved = (np.abs(keys) > 1e-5).sum(1)
    linear = keys @ target - sparsity * length * np.sqrt(np.maximum(moved, 1))
    gram += np.diag(1e-3 * np.diag(gram) + 1e-12)
    factor = np.linalg.cholesky(gram)
    solution = lsq_linear(factor.T, np.linalg.solve(factor, linear), bounds=(0.0, 1.0), method="bvls")
    weights = np.clip(solution.x, 0.0, 1.0)
    return np.where(weights < 1e-3, 0.0, weights).astype(np.float32)


def _weighted_vertices(model: HeadModel) -> np.ndarray:
    """Vertices that tell expressions apart: the face and the eyeballs, where the model names them."""
    seen = np.zeros(len(model.template), bool)
    for name in ("face", "eyeballs"):
        if name in model.regions:
            seen |= model.regions[name]
    return np.flatnonzero(seen) if seen.any() else np.arange(len(model.template))
