"""Barycentric coordinates of points in triangles."""

from __future__ import annotations

import numpy as np

from ..shapes import Float


def barycentric(points: Float[np.ndarray, "N 3"], corners: Float[np.ndarray, "N 3 3"]) -> Float[np.ndarray, "N 3"]:
    """Barycentric weights (N, 3) of points that lie in the planes of their triangles (N, 3 corners, 3).

    Source: Ericson, Real-Time Collision Detection, 2005, section 3.4.
    """
    a, b, c = corners.transpose(1, 0, 2)
    ab, ac, ap = b - a, c - a, points - a
    aa, bb, cross = (ab * ab).sum(1), (ac * ac).sum(1), (ab * ac).sum(1)
    pa, pb = (ap * ab).sum(1), (ap * ac).sum(1)
    area = np.maximum(aa * bb - cross * cross, 1e-300)
    v, w = (bb * pa - cross * pb) / area, (aa * pb - cross * pa) / area
    return np.stack([1 - v - w, v, w], axis=1)
