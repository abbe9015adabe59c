"""The lower and upper halves of the rims of eyes and mouth, and how far apart they stand.

Convention: metres, the model's frame. Worked number: on the mean head the lids' edges stand 9.6 mm apart at most, the
lips' edges less than 0.5 mm.
"""

from __future__ import annotations

import numpy as np

from ...shapes import Float64
from .selection import CAVITY_STARTS, edge_loop, head_selection


def rim_halves(head: Float64[np.ndarray, "V 3"], cavity: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the lower and upper half of a cavity's rim, from the right (-X) to the left corner, both included."""
    selection = head_selection()
    skin = selection.faces[selection.face_part == 0]
    loop = edge_loop(skin, *(selection.index_of(v) for v in CAVITY_STARTS[cavity]))
    start, end = int(head[loop, 0].argmin()), int(head[loop, 0].argmax())
    ordered = np.roll(loop, -start)
    turn = (end - start) % len(loop)
    halves = [ordered[: turn + 1], np.concatenate([ordered[turn:], ordered[:1]])[::-1]]
    halves.sort(key=lambda half: float(head[half, 1].mean()))
    return halves[0], halves[1]


def opposite(
    head: Float64[np.ndarray, "V 3"], half: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places on the `other` half of a rim that are as far along between the corners as the vertices of `half`.

    Returns:
        for each vertex of `half` the two vertices of `other` around its place, and the share of the second.
    """
    along = _along(head, half, half)
    across = np.maximum.accumulate(_along(head, other, half))
    after = np.clip(np.searchsorted(across, along), 1, len(other) - 1)
    step = np.maximum(across[after] - across[after - 1], 1e-9)
    return other[after - 1], other[after], np.clip((along - across[after - 1]) / step, 0, 1)


def gap(head: Float64[np.ndarray, "V 3"], lower: np.ndarray, upper: np.ndarray) -> Float64[np.ndarray, "U 3"]:
    """Offsets (U, 3) of the upper half's vertices from the lower half's edge, as far along between the corners."""
    first, second, share = opposite(head, upper, lower)
    return head[upper] - (head[first] + share[:, None] * (head[second] - head[first]))


def _along(head: np.ndarray, half: np.ndarray, ends: np.ndarray) -> np.ndarray:
    low, high = head[ends[0], 0], head[ends[-1], 0]
    return (head[half, 0] - low) / (high - low)
