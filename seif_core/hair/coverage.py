"""Which strands shall bear cards, so that all of the hair is covered: a greedy choice.

A ribbon covers a place of the shell's outer side where it crosses the line from there to the skin. Each card is the one
that adds most to what those before it cover; a place that is covered already counts less, so that a second layer comes
after the first. Greedy choice of what has diminishing returns is within 1 - 1/e of the best (Nemhauser, Wolsey and
Fisher, "An analysis of approximations for maximizing submodular set functions", Mathematical Programming 14, 1978).

Convention: metres, rest pose. Worked number: a place that two cards cover counts 0.35 x 0.35 = 0.12 of a bare one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from ..shapes import Bool, Float, Int
from .shell import Shell

_PLACES: Final = 900
"""Places of the shell's outer side that are asked, about."""
_HAIR: Final = 0.5
"""Label from which a place is hair; beyond it the shell is transparent."""
_COUNTED: Final = 0.35
"""What a covered place counts, by each card over it. Chosen by eye, as are the constants below."""
_STEP: Final = 0.005
"""Metres between places along a strand, about."""
_OVER: Final = 0.006
"""Metres over the shell's outer side that a strand may lie."""


def covering(shell: Shell, strands: Float[np.ndarray, "G P 3"], width: float, count: int) -> Int[np.ndarray, " C"]:
    """The strands whose ribbons cover a shell best, first ones first.

    Args:
        shell: of the hair.
        strands: to choose among, root to tip.
        width: of a ribbon, metres.
        count: how many at most.
    """
    outer = np.flatnonzero((shell.skin > 0) & (shell.label > _HAIR))
    places = outer[:: max(1, len(outer) // _PLACES)]
    covers = _covers(shell, places, strands, width / 2).astype(np.float64)
    worth, chosen = np.ones(len(places)), []
    free = np.ones(len(strands), bool)
    for _ in range(min(count, len(strands))):
        gain = np.where(free, covers @ worth, -1.0)
        best = int(gain.argmax())
        chosen.append(best)
        free[best] = False
        worth[covers[best] > 0] *= _COUNTED
    return np.array(chosen)


def _covers(
    shell: Shell, places: Int[np.ndarray, " N"], strands: Float[np.ndarray, "G P 3"], reach: float
) -> Bool[np.ndarray, "G N"]:
    """Which strands cross, within `reach`, the lines from places of the shell to the skin."""
    steps = max(2, int(np.linalg.norm(np.diff(strands, axis=1), axis=2).sum(1).max() / _STEP))
    at = np.linspace(0, strands.shape[1] - 1, steps)
    low = np.minimum(at.astype(int), strands.shape[1] - 2)
    points = strands[:, low] + (at - low)[:, None] * (strands[:, low + 1] - strands[:, low])
    points = points.reshape(-1, 3)
    starts, inward, depth = shell.vertices[places], -shell.normals[places], shell.skin[places]
    near = KDTree(points).query_ball_point(starts + inward * (depth / 2)[:, None], depth / 2 + reach + _OVER)
    owners, rows = [], []
    for k, found in enumerate(near):
        offset = points[found] - starts[k]
        down = offset @ inward[k]
        beside = np.linalg.norm(offset - down[:, None] * inward[k], axis=1)
        inside = (beside < reach) & (down > -_OVER) & (down < depth[k] + _OVER)
        owners.append(np.unique(np.array(found, int)[inside] // steps))
        rows.append(np.full(len(owners[-1]), k))
    flat = (np.ones(sum(map(len, owners)), bool), (np.concatenate(owners), np.concatenate(rows)))
    return sparse.coo_matrix(flat, (len(strands), len(places))).toarray()
