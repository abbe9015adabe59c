"""Smooth values on a head model's mesh: its screened Poisson solver, prepared once."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.screened_poisson import ScreenedPoisson
from ..shapes import Float, Float32
from .anatomy import anatomy_of
from .model import HeadModel
from .once_per_model import once_per_model


@once_per_model
def mesh_smoother(model: HeadModel) -> ScreenedPoisson:
    """The solver on a model's vertices."""
    return ScreenedPoisson(model.faces, len(model.template))


_LEAST: Final = 0.02
"""Share below which there is none: smoothing leaves traces of it all over the head."""


def softened(model: HeadModel, share: Float[np.ndarray, " V"], *, stiffness: float) -> Float32[np.ndarray, " V"]:
    """A share of the outer skin's vertices (V,), 0..1, with a soft border; 0 off the outer skin and far from it.

    Args:
        model: the head model.
        share: (V,) with a hard border.
        stiffness: weight of an edge of the mesh: how far the border spreads.
    """
    outer = anatomy_of(model).outer_skin
    found = mesh_smoother(model).solve((share * outer)[:, None], outer + 0.0, stiffness=stiffness)[:, 0]
    return np.where(outer & (found > _LEAST), np.clip(found, 0, 1), 0).astype(np.float32)
