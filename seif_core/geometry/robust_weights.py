"""Weights that take outliers out of a least-squares sum, as functions of the distance.

Source: Geman and McClure, Statistical methods for tomographic image reconstruction, Bulletin of the ISI 52, 1987;
Beaton and Tukey, The fitting of power series, Technometrics 16, 1974 (the biweight).

Convention: 1 at distance 0. Worked number: at the distance of the scale Geman and McClure's weight is 0.25; at half of
the limit Tukey's is 0.5625, and 0 from the limit on.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float

MAD_TO_DEVIATION: Final = 1.4826
"""Standard deviations per median absolute deviation of normal numbers."""


def geman_mcclure(
    distances: Float[np.ndarray, " N"], scale: float | Float[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    """Weights (N,) that fall with the fourth power far beyond `scale`, which may be infinite."""
    return 1 / (1 + (distances / scale) ** 2) ** 2


def tukey(distances: Float[np.ndarray, " N"], limit: float | Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Weights (N,) that are 0 beyond `limit`."""
    return np.clip(1 - (distances / limit) ** 2, 0, 1) ** 2
