"""Whether the surface shows an ear, or the hair that covers it.

An ear that is shown has a surface of its own shape near the fit's: outside of the rim, hollow and back of the ear lie
close to it and face the same way. Hair over an ear is one smooth sheet: it faces as the ear's outside does, at best,
and lies elsewhere.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..headmodel import HeadModel
from ..shapes import Float
from .skin import Skin
from .target import SurfacePoints

_NEAR: Final = 0.02
"""Head heights within which the surface explains a place of the ear."""
_COSINE: Final = 0.6
_OPEN: Final = 0.22
"""Places seen from less of their half space are no evidence."""
_SHOWN: Final = (0.2, 0.5)
"""Share of an ear that the surface explains: it is taken for covered up to the first, for shown from the second."""


def ears_shown(
    model: HeadModel,
    skin: Skin,
    fitted: Float[np.ndarray, "S 3"],
    surface: SurfacePoints,
    *,
    exposed: Float[np.ndarray, " S"],
    height: float,
) -> Float[np.ndarray, " S"]:
    """How far the ear on the same side is shown, (S,) in 0..1.

    Args:
        model: the head model; its template's +X is the subject's left.
        skin: its skin.
        fitted: (S, 3) the fitted skin, metres.
        surface: what is matched.
        exposed: (S,) from how much of its half space each place of the template is seen.
        height: of the head, metres.
    """
    left = model.template[skin.ids, 0] > 0
    ears = model.regions.get("ears", np.zeros(skin.count, bool))[skin.ids] & (exposed > _OPEN)
    shown = np.ones(len(fitted))
    if not ears.any():
        return shown
    normals, area = skin.normals(fitted), skin.operators(fitted)[1]
    distance, nearest = KDTree(surface.points, balanced_tree=False).query(fitted[ears])
    facing = (surface.normals[nearest] * normals[ears]).sum(1)
    explained = np.zeros(len(fitted))
    explained[ears] = (facing > _COSINE) & (distance < _NEAR * height)
    for side in (left, ~left):
        whole = (area * (ears & side)).sum()
        share = (area * explained * side).sum() / whole if whole > 0 else 1.0
        shown[side] = np.clip((share - _SHOWN[0]) / (_SHOWN[1] - _SHOWN[0]), 0, 1)
    return shown
