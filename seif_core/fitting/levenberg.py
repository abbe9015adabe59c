"""Levenberg-Marquardt for a batch of independent least-squares problems.

Source: Marquardt, An algorithm for least-squares estimation of nonlinear parameters, SIAM J. 1963; damping scaled by
the diagonal of the normal matrix; bounds by projection with an active set (Kanzow, Yamashita and Fukushima, 2004).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from ..shapes import Bool, Float


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
    damping = start.new_full((len(start),), 1e-3)
    for _ in range(steps):
        normal = linearise(params)
        matrix, gradient = normal.matrix, normal.gradient
        pushed = ((params <= lower) & (gradient > 0)) | ((params >= upper) & (gradient < 0))
        moving = free & ~pushed
        gradient = gradient * moving
        matrix = matrix * (moving[:, :, None] & moving[:, None]) + torch.diag_embed((~moving).to(matrix.dtype))
        scale = torch.diagonal(matrix, dim1=1, dim2=2).clamp(min=1e-12)
        gained = torch.zeros_like(normal.cost)
        for _attempt in range(8):
            step = torch.linalg.solve(matrix + torch.diag_embed(damping[:, None] * scale), -gradient)
            trial = torch.minimum(torch.maximum(params + step, lower), upper)
            after = cost(trial)
            better = torch.isfinite(after) & (after < normal.cost) & (gained == 0)
            params = torch.where(better[:, None], trial, params)
            gained = torch.where(better, normal.cost - after, gained)
            damping = torch.where(better, damping * 0.2, torch.where(gained == 0, damping * 10, damping))
            if bool((gained > 0).all()):
                break
        if bool((gained <= 1e-4 * normal.cost).all()):
            break
    return params
