"""Where the library's axes become Blender's: here and nowhere else.

Convention: the library is Y up with the face towards +Z; Blender is Z up with the face towards -Y; both right-handed,
metres, +X the subject's left. Blender's (x, y, z) is the library's (x, -z, y). Worked number: the nose tip at
(0, 0, 0.1) in the library stands at (0, -0.1, 0) in Blender.
"""

from __future__ import annotations

from typing import Final

import numpy as np

TO_BLENDER: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Rotation that carries the library's column vectors to Blender's."""


def to_blender(points: np.ndarray) -> np.ndarray:
    """Carry points or displacements (..., 3), metres, from the library's axes to Blender's, float32, contiguous."""
    out = np.empty(points.shape, np.float32)
    out[..., 0] = points[..., 0]
    out[..., 1] = -points[..., 2]
    out[..., 2] = points[..., 1]
    return out
