"""Noise taken out of whole curves at once, without lag: Whittaker's smoother, which lets true movements through.

    minimise  sum (x - y)^2 + strength * sum c_t (x[t-1] - 2 x[t] + x[t+1])^2

It looks forwards and backwards alike, so that nothing comes late. A blink bends its curve in three frames; a plain
smoother strong enough for the noise would leave half of it. So c_t is lowered where the curve bends more than the noise
does, anew in every turn (the weights of Geman and McClure's loss), and the noise is measured on the curve itself.

Source: Eilers, A perfect smoother, Analytical Chemistry 2003.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.linalg import solveh_banded

from ..shapes import Bool, Float

_STRENGTH: Final = 30.0
"""Weight of the bends at a smoothing of 1 and 30 frames a second; it grows with the fourth power of the rate, so that
the same seconds are smoothed. Halves waves of 0.4 s that are no larger than the noise."""
_RATE: Final = 30.0
_TURNS: Final = 4
_LEAST_NOISE: Final = 0.004
"""Noise of a weight, or radians, or metres times `_METRES`, that is supposed where a curve shows less."""
_PATIENCE: Final = 3.0
"""Bends of so many standard deviations count a quarter."""
_LEAST_FRAMES: Final = 3
"""Frames of the shortest curve that can bend."""
_MEDIAN: Final = 0.6745
"""Median of the absolute value of a standard normal number; 6 is the variance of its second differences."""


def smooth(curves: Float[np.ndarray, "F C"], rate: float, strength: float) -> Float[np.ndarray, "F C"]:
    """Curves (F, C) without their noise.

    Args:
        curves: one column each.
        rate: frames a second.
        strength: 0 leaves them alone, 1 is usual.
    """
    if len(curves) < _LEAST_FRAMES or strength <= 0:
        return curves.copy()
    full = strength * _STRENGTH * min(1e4, (rate / _RATE) ** 4)
    return np.stack([_one(column, full) for column in curves.T.astype(np.float64)], 1)


def _one(values: Float[np.ndarray, " F"], strength: float) -> Float[np.ndarray, " F"]:
    bends = np.diff(values, 2)
    noise = max(_LEAST_NOISE, float(np.median(np.abs(bends))) / (_MEDIAN * np.sqrt(6)))
    out = values
    for _ in range(_TURNS):
        size = np.abs(np.diff(out if out is not values else values, 2)) / (_PATIENCE * noise)
        out = _solve(values, strength / (1 + size**2) ** 2)
    return out


def _solve(values: Float[np.ndarray, " F"], weights: Float[np.ndarray, " B"]) -> Float[np.ndarray, " F"]:
    """The minimum for given weights of the bends, by its matrix of five diagonals."""
    bands = np.zeros((3, len(values)))
    bands[2] = 1
    for offset, factor in ((0, 1.0), (1, 4.0), (2, 1.0)):
        bands[2, offset : offset + len(weights)] += factor * weights
    bands[1, 1 : 1 + len(weights)] += -2 * weights
    bands[1, 2 : 2 + len(weights)] += -2 * weights
    bands[0, 2:] = weights
    return solveh_banded(bands, values)


def fill_gaps(curves: Float[np.ndarray, "S C"], known: Bool[np.ndarray, " F"]) -> Float[np.ndarray, "F C"]:
    """Curves (F, C) from those of the S known frames, with straight lines in the gaps; the ends are held."""
    frames = np.arange(len(known))
    return np.stack([np.interp(frames, frames[known], column) for column in curves.T], 1)


def gaps(known: Bool[np.ndarray, " F"]) -> list[tuple[int, int]]:
    """First and last frame of each stretch in which `known` is false."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], known, [True]]).astype(np.int8)))
    return [(int(first), int(last) - 1) for first, last in edges.reshape(-1, 2)]
