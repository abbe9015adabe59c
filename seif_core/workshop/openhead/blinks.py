"""Blinks that close the lids of every head, with lashes that go along.

MakeHuman's blinks pass the lower lid of the calibrated head by 5 mm, the fitted ones (`lids`) end on it and leave the
taller eyes of other people open by as much as they are taller. The shapes here lie between.

Convention: metres, the model's frame. Worked number: with a reserve of 0.4 the upper lid passes the lower by 2 mm.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ...expressions.arkit import ARKIT_52
from ...shapes import Float64
from . import calibration, lids
from .lashes import hair_roots
from .rig import part_mask

RESERVE: Final = 0.4
"""Share of MakeHuman's way beyond the lower lid that is kept for eyes taller than the mean's."""


def closing_keys(space: calibration.IdentitySpace, keys: Float64[np.ndarray, "K V 3"]) -> Float64[np.ndarray, "K V 3"]:
    """Key shapes (K, V, 3) on the template, metres, with blinks that close, the others unchanged."""
    fitted = lids.fit_blinks(space, keys)
    out = keys.copy()
    for side in ("left", "right"):
        row = ARKIT_52.index(f"eyeBlink{side.title()}")
        change = (1 - RESERVE) * (fitted[row] - keys[row])
        change[part_mask("lashes")] = _carried(space.template, change, side)
        out[row] += change
    return out


def _carried(template: np.ndarray, change: np.ndarray, side: str) -> np.ndarray:
    """Offsets (N, 3) of the lashes: each hair goes with the part of the lid's edge in which it is rooted."""
    edge = np.unique(np.concatenate(lids.lid_halves(template, side)))
    lashes = np.flatnonzero(part_mask("lashes"))
    roots, hair = hair_roots()
    place = template[lashes[roots]].mean(axis=1)
    distance, near = KDTree(template[edge]).query(place, k=2)
    weights = 1 / (distance + 1e-5)
    weights /= weights.sum(axis=1, keepdims=True)
    carried = np.einsum("hk,hkc->hc", weights, change[edge[near]])
    # hairs of the other eye stay
    carried[distance[:, 0] > 0.01] = 0.0
    return carried[hair]
