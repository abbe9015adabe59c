"""Which points of MediaPipe Face Mesh lie where.

Source: MediaPipe 0.10.21 (Apache-2.0), the order of its landmark models' outputs. The mirror pairs were found by
running the model on faces and their mirror images and matching the points (largest distance 1.7 % of the face).
"""

from __future__ import annotations

from typing import Final

import numpy as np

MESH_POINTS: Final = 468
"""Points of the face mesh; the ten iris points follow."""
RIGHT_OUTER: Final = 33
"""Outer corner of the person's right eye."""
LEFT_OUTER: Final = 263
"""Outer corner of the person's left eye."""
CHIN: Final = 152
FOREHEAD: Final = 10

EYE_CORNERS: Final = ((33, 133), (263, 362))
"""Outer and inner corner of the person's right and left eye."""

_MIDLINE: Final = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175, 195, 197, 199, 200,
)  # fmt: skip

RIGHT_EYE_CONTOUR: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
"""Lids of the right eye in the order of the iris model's first 16 points: lower lid from the outer to the inner corner,
then the upper lid."""


def _mirror() -> np.ndarray:
    """The right side's points come first, in the same order as the left side's."""
    right = [i for i in range(248) if i not in _MIDLINE]
    mirror = np.arange(MESH_POINTS)
    mirror[right] = np.arange(248, MESH_POINTS)
    mirror[248:] = right
    return mirror


MIRROR: Final = _mirror()
"""(468,) int64: index of the point on the other side of the face; its own index on the midline."""
