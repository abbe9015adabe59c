"""Smooth values on a head model's mesh: its screened Poisson solver, prepared once."""

from __future__ import annotations

from ..geometry.screened_poisson import ScreenedPoisson
from .model import HeadModel
from .once_per_model import once_per_model


@once_per_model
def mesh_smoother(model: HeadModel) -> ScreenedPoisson:
    """The solver on a model's vertices."""
    return ScreenedPoisson(model.faces, len(model.template))
