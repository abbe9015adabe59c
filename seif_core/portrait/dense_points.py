"""Many points of a head found in a photo, each with how sure it is: what a fit takes as measurements.

Convention: pixels of the photo, origin at the top left corner, centres at +0.5, x right, y down. Worked number: a point
with sigma 2 lies within 2 pixels of its place, to the right or left, two times in three.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..shapes import Float32, Int


@dataclass(frozen=True, eq=False)
class DensePoints:
    """Points of the Open head in a photo; N points.

    Attributes:
        vertices: (N,) vertices of the Open head that they mark.
        pixels: (N, 2) float32.
        sigma: (N,) float32 standard deviation of each coordinate, pixels.
        common: (N, K) float32, how the points' errors go together: the errors divided by `sigma` have the covariance
            ``common @ common.T`` and, beside it, what is missing to 1 on its diagonal.
        seen: (N,) float32 probability that the photo shows the point.
    """

    vertices: Int[np.ndarray, " N"]
    pixels: Float32[np.ndarray, "N 2"]
    sigma: Float32[np.ndarray, " N"]
    common: Float32[np.ndarray, "N K"]
    seen: Float32[np.ndarray, " N"]

    def correlation(self, rows: Int[np.ndarray, " M"]) -> Float32[np.ndarray, "M M"]:
        """Correlation of the errors of some of the points; the same for both coordinates."""
        part = self.common[rows]
        out = part @ part.T
        np.fill_diagonal(out, 1.0)
        return out
