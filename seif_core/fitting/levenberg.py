"""Levenberg-Marquardt for a batch of independent least-squares problems.

Source: Marquardt, An algorithm for least-squares estimation of nonlinear parameters, SIAM J. 1963; damping scaled by
the diagonal of the normal matrix; bounds by projection with an active set (Kanzow, Yamashita and Fukushima, 2004).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch

from ..shapes import Bool, Float

_DAMPING: Final = 1e-3
"""Damping at the start, against the diagonal of the normal matrix (Marquardt's own choice is 1e-2)."""
_EASED: Final = 0.2
"""Factor of the damping after a step that gained."""
_STIFFENED: Final = 10.0
"""Factor of the damping after a step that did not (Marquardt's)."""
_ATTEMPTS: Final = 8
"""Dampings that are tried in one step."""
_SETTLED: Final = 1e-4
"""Share of the cost that a step must gain for another to be worth its time: well below what pixels tell."""
_LEAST_DIAGONAL: Final = 1e-12
"""Diagonal of a parameter that nothing depends on, so that its step is 0 and not undefined."""


class Normal(NamedTuple):
    """Normal equations of the linearised problems.

    Attributes:
        cost: (B,) half the squared residuals.
        gradient: (B, P).
        matrix: (B, P, P), J^T J.
    """

    cost: Float[torch.Tensor, " B"]
    gradient: Float[torch.Tensor, "B P"]
    matrix: Float[torch.Tensor, "B P P"]


def minimize(
    linearise: Callable[[torch.Tensor], Normal],
    cost: Callable[[torch.Tensor], torch.Tensor],
    start: Float[torch.Tensor, "B P"],
    *,
    steps: int,
    free: Bool[torch.Tensor, " P"],
    lower: Float[torch.Tensor, " P"],
    upper: Float[torch.Tensor, " P"],
) -> Float[torch.Tensor, "B P"]:
    """Minimise `cost` from `start`; a step that raises the cost of a problem is not taken for that problem.

    Args:
        linearise: normal equations at (B, P) parameters.
        cost: (B,) costs at (B, P) parameters, equal to `Normal.cost`.
        start: (B, P).
        steps: linearisations at most; stops early when no problem gains a ten-thousandth of its cost.
        free: (P,) parameters that may change.
        lower: (P,) least values; a parameter at its bound stays there while its gradient points outwards.
        upper: (P,) greatest values.
    """
    params = start
    damping = start.new_full((len(start),), _DAMPING)
    for _ in range(steps):
        normal = linearise(params)
        matrix, gradient = normal.matrix, normal.gradient
        pushed = ((params <= lower) & (gradient > 0)) | ((params >= upper) & (gradient < 0))
        moving = free & ~pushed
        gradient = gradient * moving
        matrix = matrix * (moving[:, :, None] & moving[:, None]) + torch.diag_embed((~moving).to(matrix.dtype))
        scale = torch.diagonal(matrix, dim1=1, dim2=2).clamp(min=_LEAST_DIAGONAL)
        gained = torch.zeros_like(normal.cost)
        for _attempt in range(_ATTEMPTS):
            step = torch.linalg.solve(matrix + torch.diag_embed(damping[:, None] * scale), -gradient)
            trial = torch.minimum(torch.maximum(params + step, lower), upper)
            after = cost(trial)
            better = torch.isfinite(after) & (after < normal.cost) & (gained == 0)
            params = torch.where(better[:, None], trial, params)
            gained = torch.where(better, normal.cost - after, gained)
            damping = torch.where(better, damping * _EASED, torch.where(gained == 0, damping * _STIFFENED, damping))
            if bool((gained > 0).all()):
                break
        if bool((gained <= _SETTLED * normal.cost).all()):
            break
    return params
