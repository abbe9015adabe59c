"""Camera, shape, expression and pose of a head model from a portrait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fit import Fit
from .settings import FitSettings

if TYPE_CHECKING:
    from .portrait_fit import fit_portrait, fit_portraits

__all__ = ["Fit", "FitSettings", "fit_portrait", "fit_portraits"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    """Load what needs torch only when it is asked for."""
    if name not in ("fit_portrait", "fit_portraits"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import portrait_fit

    return getattr(portrait_fit, name)
