"""Units of length that scans and predictions are written in."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float

UNITS: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Metres per unit, by the unit's name: those that data sets of scans use."""

SCAN_UNITS: Final = {"m": 1.0, "dm": 0.1, "inch": 0.0254, "cm": 0.01, "mm": 0.001}
"""Metres per unit, by the unit's name: those that single scans and meshes come in."""


def guess_unit(vertices: Float[np.ndarray, "V 3"]) -> str:
    """The unit of `UNITS` in which a head or face of this size is written."""
    extent = float(np.ptp(vertices, axis=0).max())
    return "m" if extent < 2 else "cm" if extent < 100 else "mm"
