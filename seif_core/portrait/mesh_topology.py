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

EYE_CORNERS: Final = ((33, 133), (263, 362))
"""Outer and inner corner of the person's right and left eye."""

_MIDLINE: Final = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175, 195, 197, 199, 200,
)  # fmt: skip
"""Points on the line between the sides; each is its own mirror image."""

LIPS: Final = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88, 178, 87, 14,
    317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306,
    184, 74, 73, 72, 11, 302, 303, 304, 408, 62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12,
    268, 271, 272, 407,
)  # fmt: skip
"""The 80 points of the lips in the order of the attention mesh (in the model file itself)."""

RIGHT_EYE_REGION: Final = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112, 243,
    247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189, 35,
    124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)  # fmt: skip
"""The 71 points around the person's right eye, brow included, in the order of the attention mesh."""


def _mirror() -> np.ndarray:
    """The right side's points come first, in the same order as the left side's."""
    right = [i for i in range(248) if i not in _MIDLINE]
    mirror = np.arange(MESH_POINTS)
    mirror[right] = np.arange(248, MESH_POINTS)
    mirror[248:] = right
    return mirror


MIRROR: Final = _mirror()
"""(468,) int64: index of the point on the other side of the face; its own index on the midline."""

LEFT_EYE_REGION: Final = tuple(int(MIRROR[i]) for i in RIGHT_EYE_REGION)
"""The 71 points around the person's left eye, mirror images of `RIGHT_EYE_REGION`."""
