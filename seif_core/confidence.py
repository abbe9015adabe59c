"""How much of each region of a head is seen in the photos, mirrored from the other side, guessed: shares of area.

Imports numpy alone, because Blender's Python reads it too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .geometry.normals import vertex_areas
from .head import Head
from .shapes import Float

SHARES: Final = ("seen", "mirrored", "guessed")
"""Columns of `Head.confidence`."""
REGIONS: Final = ("face", "ears", "scalp", "neck")
"""Regions of `headmodel.REGION_NAMES` that are told of."""
_SKIN: Final = 0
"""Number of the skin in `Head.face_part`."""


def region_confidence(head: Head) -> dict[str, dict[str, float]]:
    """Region, and ``all`` for the whole outer skin, to the shares of its area; empty for a head that knows none.

    Args:
        head: the head.
    """
    if head.confidence is None:
        return {}
    area = _vertex_areas(head)
    inside = head.regions.get("mouth_interior", np.zeros(len(area), bool))
    masks = {name: head.regions[name] for name in REGIONS if name in head.regions}
    masks["all"] = ~inside
    found = {}
    for name, mask in masks.items():
        weights = area * mask * ~inside
        if weights.sum() > 0:
            shares = weights @ head.confidence.astype(np.float64) / weights.sum()
            found[name] = dict(zip(SHARES, shares.tolist(), strict=True))
    return found


def _vertex_areas(head: Head) -> Float[np.ndarray, " V"]:
    """(V,) square metres of skin about each vertex; 0 off the skin."""
    faces = head.faces[head.face_part == _SKIN]
    quads = faces[faces[:, 3] >= 0]
    triangles = np.concatenate([faces[:, :3], quads[:, [0, 2, 3]]])
    return vertex_areas(head.vertices.astype(np.float64), triangles)
