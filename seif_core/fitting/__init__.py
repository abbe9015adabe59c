"""Camera, shape, expression and pose of a head model from a portrait."""

from .fit import Fit

__all__ = ["Fit"]
