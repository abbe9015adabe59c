"""Coarse to fine: levels with their lengths, and the repetition of match and solve within one until it has settled.

Source of the scheme: Amberg, Romdhani and Vetter, Optimal step nonrigid ICP algorithms for surface registration, CVPR
2007 (stiffness falls level by level).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..shapes import Float


class Level(NamedTuple):
    """One level of a schedule.

    Attributes:
        length: smoothing length, in the caller's unit.
        fineness: 0 in the coarsest level to 1 in the finest.
    """

    length: float
    fineness: float


def levels_of(lengths: Sequence[float]) -> list[Level]:
    """The levels with these smoothing lengths, coarse to fine."""
    return [Level(length, row / max(1, len(lengths) - 1)) for row, length in enumerate(lengths)]


def iterate(
    step: Callable[[Float[np.ndarray, "*N 3"]], Float[np.ndarray, "*N 3"]],
    start: Float[np.ndarray, "*N 3"],
    *,
    iterations: int,
    tolerance: float = 0.0,
) -> Float[np.ndarray, "*N 3"]:
    """Match and solve again and again.

    Args:
        step: from displacements to better ones.
        start: displacements.
        iterations: at most so many steps.
        tolerance: settled once no number changes by this much any more.
    """
    now = start
    for _ in range(iterations):
        before, now = now, step(now)
        if np.abs(now - before).max() < tolerance:
            break
    return now
