"""One Gauss-Newton step of a batch of problems in which some parameters are bounded and the others are free.

The free ones (head pose) are eliminated; what remains is a small quadratic programme in the weights, solved by cyclic
coordinate descent, which needs no step length: keys that do nearly the same would stop a projected step at once.

Source: Hildreth, A quadratic programming procedure, 1957; elimination by the Schur complement.
"""

from __future__ import annotations

from typing import Final

import torch

from ..shapes import Float

_SWEEPS: Final = 60
"""Turns through all weights at most."""
_SETTLED: Final = 1e-4
"""Change of a weight in a turn below which no other is worth its time."""
_LEAST: Final = 1e-9
"""Guard against division by zero: the least curvature of the energy along a weight."""


def bounded_step(
    params: Float[torch.Tensor, "B P"],
    gradient: Float[torch.Tensor, "B P"],
    matrix: Float[torch.Tensor, "B P P"],
    *,
    free: int,
) -> Float[torch.Tensor, "B P"]:
    """The parameters that minimise ``1/2 d^T A d + g^T d``, d the step, with all behind the first `free` in 0..1.

    Args:
        params: where the problem was linearised.
        gradient: there.
        matrix: there, positive definite.
        free: number of parameters without bounds, which come first.
    """
    inner, cross, outer = matrix[:, :free, :free], matrix[:, :free, free:], matrix[:, free:, free:]
    solved = torch.linalg.solve(inner, torch.cat([cross, gradient[:, :free, None]], 2))
    reduced = outer - cross.mT @ solved[..., :-1]
    slope = gradient[:, free:] - (cross.mT @ solved[..., -1:]).squeeze(-1)
    weights = params[:, free:].clone()
    diagonal = torch.diagonal(reduced, dim1=1, dim2=2).clamp(min=_LEAST)
    for _ in range(_SWEEPS):
        largest = 0.0
        for k in range(weights.shape[1]):
            wanted = (weights[:, k] - slope[:, k] / diagonal[:, k]).clamp(0, 1)
            change = wanted - weights[:, k]
            slope += reduced[:, :, k] * change[:, None]
            weights[:, k] = wanted
            largest = max(largest, float(change.abs().max()))
        if largest < _SETTLED:
            break
    step = weights - params[:, free:]
    place = -solved[..., -1] - (solved[..., :-1] @ step[..., None]).squeeze(-1)
    return torch.cat([params[:, :free] + place, weights], 1)
