"""The mouth's lining goes with the skin that lies over it, in every key and every correction of a pair.

Lips and cheeks are flesh between two skins. A key that moves the outer one by a scan's measure and the inner one by a
hand-made unit's makes the flesh thinner, and two such keys draw the lining through the skin: a dark patch beside the
mouth. Here each vertex of the lining moves as the outer skin of its own lip does that lies behind it, seen from inside
the mouth, weighted by nearness; where the lining is far from any skin (palate, throat, the mouth's floor) it keeps the
motion it has. This is one matrix for all offsets, so that what holds for each key holds for every sum of keys.

Convention: metres, the template's frame, offsets at weight 1. Worked number: beside the corner of the mouth the lining
lies 6 mm behind the skin; under `jawOpen` with both smiles 615 square millimetres of it stood before the skin, and now
none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from ...geometry.sampling import smoothstep
from ...shapes import Float64
from . import lining, rims
from .calibration import calibrated_identity
from .mouth_contact import mouth_depth
from .rig import part_mask, skin_graph, solve
from .selection import cavity_mask

_NEAREST: Final = 100
"""Vertices of outer skin that are asked for each vertex of the lining."""
_WIDTH: Final = (0.0015, 0.5)
"""Metres, and share of the distance to the nearest skin: the standard deviation of a vertex's weight, the larger."""
_TURNED: Final = 0.2
"""Cosine by which skin may face the same way as the lining and still lie over it."""
_OWN_LIP: Final = 0.15
"""Standard deviation of what `upper_share` says; of the lining that all keys and pairs of three heads draw out of the
skin, 0.15 leaves 12 square millimetres, 0.3 as much, no limit 590 (before: over 30,000)."""
_LEAST: Final = (1e-3, 1e-9)
"""Weights that skin has which does not lie over the lining, and skin of the other lip: used where nothing else is."""
_FOLLOWS: Final = (0.007, 0.018)
"""Metres to the skin between which the lining stops going with it; 0.012 and 0.025 leave as much of it outside."""
_RIM: Final = (1.0, 4.0)
"""Edges from the lips' rim between which it begins: nearer, the lining is the lip itself and goes with its edge. From 0
to 2 leaves six times as much outside."""


def follow_skin(offsets: Float64[np.ndarray, "N V 3"]) -> Float64[np.ndarray, "N V 3"]:
    """Offsets (N, V, 3) with those of the mouth's lining replaced by what the skin over it does."""
    weights, share = _cover()
    moved = share > 0
    out = offsets.copy()
    part = share[moved][:, None]
    for row in range(len(offsets)):
        out[row, moved] = part * (weights @ offsets[row])[moved] + (1 - part) * offsets[row, moved]
    return out


@lru_cache(maxsize=1)
def _cover() -> tuple[sparse.csr_matrix, Float64[np.ndarray, " V"]]:
    """The matrix (V, V) of the skin's weights, rows 0 off the lining, and how far (V,) each vertex goes with them."""
    template = lining.thicken(calibrated_identity().template)
    inside = np.flatnonzero(cavity_mask("mouth"))
    outer = np.flatnonzero(part_mask("skin") & ~lining.inner_skin())
    normals, lip = lining.vertex_normals(template), upper_share(template)
    distance, near = KDTree(template[outer]).query(template[inside], k=_NEAREST)
    near = outer[near]
    arm = template[near] - template[inside][:, None]
    behind = np.clip(-(arm * normals[inside][:, None]).sum(axis=2) / np.maximum(distance, 1e-9), 0, 1)
    facing = np.clip(_TURNED - (normals[near] * normals[inside][:, None]).sum(axis=2), 0, 1)
    own = np.exp(-(((lip[near] - lip[inside][:, None]) / _OWN_LIP) ** 2) / 2)
    width = np.maximum(_WIDTH[0], _WIDTH[1] * distance[:, :1])
    weights = np.exp((distance[:, :1] ** 2 - distance**2) / (2 * width**2))
    weights *= (behind * facing + _LEAST[0]) * (own + _LEAST[1])
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.repeat(inside, _NEAREST)
    matrix = sparse.csr_matrix((weights.ravel(), (rows, near.ravel())), shape=(len(template),) * 2)
    share = np.zeros(len(template))
    share[inside] = 1 - smoothstep((weights * distance).sum(axis=1), *_FOLLOWS)
    share[inside] *= np.clip((mouth_depth()[inside] - _RIM[0]) / (_RIM[1] - _RIM[0]), 0, 1)
    return matrix, share


def upper_share(template: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, " V"]:
    """(V,) 1 at the upper lip's edge, 0 at the lower one's, harmonic over the skin on both sides of them; 0 off it."""
    skin = np.flatnonzero(part_mask("skin"))
    graph = skin_graph()[skin][:, skin]
    laplacian = sparse.csr_matrix(sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph)
    lower, upper = (np.searchsorted(skin, np.sort(edge[1:-1])) for edge in rims.rim_halves(template, "mouth"))
    lower, upper = np.setdiff1d(lower, upper), np.setdiff1d(upper, lower)
    free = np.setdiff1d(np.arange(len(skin)), np.concatenate([lower, upper]))
    right = -np.asarray(laplacian[free][:, upper].sum(axis=1)).ravel()
    found = np.zeros(len(skin))
    found[upper] = 1
    found[free] = solve(laplacian[free][:, free], right)
    share = np.zeros(len(template))
    share[skin] = found
    return share
