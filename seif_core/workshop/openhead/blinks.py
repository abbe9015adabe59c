"""Blinks that close the lids of every head, with lashes that go along.

The fitted blinks (`lids`) end on the lower lid of the mean head; on a person's head they are scaled to that person's
lids (`seif_core.expressions.lids`). MakeHuman's, by which identities were made, pass it by 5 mm; a share is kept.

Convention: metres, the model's frame. Worked number: with a reserve of 0.4 MakeHuman's upper lid passes by 2 mm.
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

UNIT_RESERVE: Final = 0.4
"""Share of MakeHuman's way beyond the lower lid that was kept, for taller eyes, when identities were made."""


def closing_keys(
    space: calibration.IdentitySpace, keys: Float64[np.ndarray, "K V 3"], reserve: float = 0.0
) -> Float64[np.ndarray, "K V 3"]:
    """Key shapes (K, V, 3) on the template, metres, with blinks that close, the others unchanged.

    `reserve`: share kept of the way by which a blink passes the lower lid.
    """
    fitted = lids.fit_blinks(space, keys)
    out = keys.copy()
    for side in ("left", "right"):
        row = ARKIT_52.index(f"eyeBlink{side.title()}")
        change = (1 - reserve) * (fitted[row] - keys[row])
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
