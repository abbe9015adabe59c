"""The pinhole camera of the photo.

Convention: camera space is the world of a `Fit`: the camera stands at the origin, looks along -Z, Y up, X right,
metres. Pixels have their origin at the image's top-left corner (pixel centres at +0.5), x right, y down::

    u = cx + f * X / (-Z)        v = cy - f * Y / (-Z)

Worked number: f = 1000 px, cx = cy = 256, the point (0.1, 0.1, -1.0) falls on u = 356, v = 156.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..shapes import Float


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion, square pixels.

    Attributes:
        focal: focal length in pixels.
        cx: principal point, pixels from the left edge.
        cy: principal point, pixels from the top edge.
        width: image width in pixels.
        height: image height in pixels.
    """

    focal: float
    cx: float
    cy: float
    width: int
    height: int

    def project(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 2"]:
        """Project camera-space points (metres) to pixels (u right, v down)."""
        depth = -points[..., 2]
        return np.stack(
            [self.cx + self.focal * points[..., 0] / depth, self.cy - self.focal * points[..., 1] / depth], axis=-1
        )

    def scaled(self, factor: float) -> Camera:
        """The same view on an image scaled by `factor` (sizes are rounded)."""
        return Camera(
            self.focal * factor,
            self.cx * factor,
            self.cy * factor,
            round(self.width * factor),
            round(self.height * factor),
        )
