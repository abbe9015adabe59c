"""Texture coordinates: one square for the whole head."""

from __future__ import annotations

import numpy as np

from ...shapes import Float64, Int32
from .selection import head_selection
from .sliders import macro_mean


def texture_coordinates() -> tuple[Float64[np.ndarray, "U 2"], Int32[np.ndarray, "F 4"]]:
    """(U, 2) coordinates in 0..1, origin bottom left, and (F, 4) corners of all faces into them, -1 pads triangles."""
    selection = head_selection()
    points = macro_mean()
    low, high = points.min(axis=0), points.max(axis=0)
    u = 0.5 + np.arctan2(points[:, 0], points[:, 2] + 0.04) / (2 * np.pi) * 0.98
    v = 0.3 + 0.69 * (points[:, 1] - low[1]) / (high[1] - low[1])
    uvs = np.stack([u, v], axis=1)
    for k, part in enumerate(range(1, 7)):
        mask = selection.vertex_part == part
        box = points[mask][:, :2]
        box = (box - box.min(axis=0)) / np.ptp(box, axis=0).max()
        uvs[mask] = box * 0.14 + [0.02 + 0.16 * k, 0.05]
    return uvs, selection.faces.astype(np.int32)
