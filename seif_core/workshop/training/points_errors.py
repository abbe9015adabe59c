"""What is measured of a trained network of the dense points: how wrong it is, and how its errors go together.

On drawn heads that were kept back: by how much its errors are larger than it says, and which points err together. On
real people: what its places are off in the mean from the head that is fitted to them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ...headmodel.dense_set import DenseSet
from ...portrait.crop import Pyramid
from ...portrait.landmarks import Landmarks
from ...portrait.points import points_by
from ...portrait.points_network import PointsNetwork
from ...shapes import Float
from .points_samples import PointSample

_FARTHEST: Final = 4.0
"""Standard deviations at which an error is cut: a few heads that were not found must not speak for the others."""
_LEAST_OWN: Final = 0.05
"""Share of a point's variance that is its own."""
_PRIOR_HEADS: Final = 20.0
"""Heads' worth of belief that a point's spread is that of all points."""


class PointErrors(NamedTuple):
    """How a network errs; N points.

    Attributes:
        spread: (N,) its errors over what it says.
        common: (N, K) as in `DensePoints`.
    """

    spread: Float[np.ndarray, " N"]
    common: Float[np.ndarray, "N K"]


def standard_errors(network: PointsNetwork, samples: list[PointSample]) -> Float[np.ndarray, "H N 2"]:
    """Errors (H, N, 2) on drawn heads, each over what the network says of it."""
    out = []
    for sample in samples:
        marks = np.column_stack([sample.head.points, np.zeros(len(sample.head.points))])
        found = points_by(network, Pyramid(sample.head.image), Landmarks(marks.astype(np.float32), 1.0, 0.0))
        out.append((found.pixels - sample.pixels) / found.sigma[:, None])
    return np.stack(out)


def point_errors(errors: Float[np.ndarray, "H N 2"], points: DenseSet, factors: int) -> PointErrors:
    """Spread and common factors of errors over what the network said.

    Args:
        errors: of `standard_errors`, of a network whose `spread` is 1.
        points: which is whose mirror image; both sides are taken to err alike.
        factors: K.
    """
    cut = np.clip(errors, -_FARTHEST, _FARTHEST)
    square = (cut**2).mean((0, 2))
    square = (square + square[points.mirror]) / 2
    spread = np.sqrt((square * len(cut) + square.mean() * _PRIOR_HEADS) / (len(cut) + _PRIOR_HEADS))
    rows = cut.transpose(0, 2, 1).reshape(-1, cut.shape[1]) / spread
    rows = np.concatenate([rows, rows[:, points.mirror]])
    covariance = rows.T @ rows / len(rows)
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / scale[:, None] / scale)
    common = vectors[:, -factors:] * np.sqrt(values[-factors:].clip(min=0))
    own = 1 - (common**2).sum(1)
    common *= np.sqrt((1 - np.maximum(own, _LEAST_OWN)) / (1 - own).clip(min=1e-9))[:, None]
    return PointErrors(spread, common)
