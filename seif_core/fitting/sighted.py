"""The dense points of a photo as measurements of the fit, with the doubts that they came with.

No noise is set by hand here: each point counts by its own standard deviation, and errors that points have in common
count once (`portrait.dense_points`). Points of the neck and shoulders are left out, for the fit's neck stays at rest.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..headmodel import HeadModel
from ..headmodel.dense_set import DENSE_MODEL, dense_set
from ..portrait.portrait import Portrait
from ..shapes import Float, Int
from .energy import Sightings
from .parameters import PointSet

_ROOTED: Final = 0.05
"""Skin weight of the root joint from which a vertex moves with the body."""


class SightedPoints(NamedTuple):
    """What B portraits tell of M points; `extra` changes from round to round.

    Attributes:
        vertices: (M,) vertices of the head model.
        observed: (B, M, 2) pixels.
        sigma: (B, M) standard deviation of each coordinate, pixels.
        correlation: (M, M) of their errors.
    """

    vertices: Int[np.ndarray, " M"]
    observed: Float[torch.Tensor, "B M 2"]
    sigma: Float[torch.Tensor, "B M"]
    correlation: Float[torch.Tensor, "M M"]

    def sightings(self, point_set: PointSet, extra: Float[torch.Tensor, "B M"]) -> Sightings:
        """The energy's term.

        Args:
            point_set: the points on the model.
            extra: (B, M) variance that outliers have besides, in units of their own.
        """
        noise = self.correlation + torch.diag_embed(extra)
        return Sightings(point_set, self.observed, 1 / self.sigma, torch.linalg.cholesky(noise))


def dense_vertices(model: HeadModel) -> Int[np.ndarray, " N"]:
    """Vertices (N,) of a head model that dense points mark; none on a model other than the Open head."""
    return dense_set(model).vertices if model.name == DENSE_MODEL else np.zeros(0, np.int64)


def sighted_points(
    portraits: list[Portrait], model: HeadModel, doubt: float, device: torch.device
) -> SightedPoints | None:
    """The dense points that the fit can use; None where the model or a portrait has none.

    Args:
        portraits: all with the same points, or some with none.
        model: the head model.
        doubt: factor on the standard deviations.
        device: of the tensors.
    """
    found = [portrait.dense for portrait in portraits if portrait.dense is not None]
    if model.name != DENSE_MODEL or len(found) < len(portraits):
        return None
    vertices = found[0].vertices
    rows = np.flatnonzero(model.skin_weights[vertices, 0] < _ROOTED)

    def stacked(parts: list[np.ndarray]) -> torch.Tensor:
        return torch.as_tensor(np.stack([part[rows] for part in parts]).astype(np.float64), device=device)

    correlation = torch.as_tensor(found[0].correlation(rows).astype(np.float64), device=device)
    sigma = stacked([one.sigma for one in found]) * doubt
    return SightedPoints(vertices[rows], stacked([one.pixels for one in found]), sigma, correlation)
