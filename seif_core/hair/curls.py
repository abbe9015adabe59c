"""Strands that wind as curls do: a helix about a strand's smooth way, of one phase for all strands of a lock.

Convention: metres, rest pose, from root to tip. Worked number: a strand of 60 mm of the tightest curls turns two and a
half times, 5 mm about its way.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.normals import unit
from ..geometry.sampling import smoothstep
from ..shapes import Float
from .tracing import ShellField

_TURN: Final = 0.02
"""Metres of a strand to a turn. Chosen by eye in Blender, as are the constants below."""
_MOST: Final = 2.5
"""Turns at most: guides have too few places for more, and long hair falls in waves."""
_RADIUS: Final = 0.005
"""Metres that the tightest curls lie about their way."""
_FLAT: Final = 0.6
"""What of that goes outwards and inwards: hair lies on hair."""
_BEGINS: Final = 0.3
"""Share of a strand over which curls grow to their radius."""
_LOCKS: Final = 60
"""Locks of a head whose strands wind together: alone each would part from what grows beside it."""


def wound(
    field: ShellField, strands: Float[np.ndarray, "G P 3"], curls: Float[np.ndarray, " G"], random: np.random.Generator
) -> Float[np.ndarray, "G P 3"]:
    """Strands wound about their ways; themselves where hair is straight.

    Args:
        field: tells the way outwards.
        strands: smooth.
        curls: how curly each is, 0..1 (`orientation.curliness`).
        random: draws where the turns of each lock begin.
    """
    if not (curls > 0).any():
        return strands
    along = unit(np.gradient(strands, axis=1) + 1e-9)
    side = unit(np.cross(along, field.at(strands.reshape(-1, 3)).normal.reshape(strands.shape)) + 1e-9)
    roots, count = strands[:, 0], min(_LOCKS, len(strands))
    lock = KDTree(roots[random.permutation(len(roots))[:count]]).query(roots)[1]
    share = np.linspace(0, 1, strands.shape[1])
    turns = np.minimum(np.linalg.norm(np.diff(strands, axis=1), axis=2).sum(1) / _TURN, _MOST)
    angle = 2 * np.pi * (random.random(count)[lock][:, None] + turns[:, None] * share)
    radius = _RADIUS * curls[:, None] * smoothstep(share, 0.0, _BEGINS)
    helix = np.cos(angle)[..., None] * side + _FLAT * np.sin(angle)[..., None] * np.cross(side, along)
    return strands + radius[..., None] * helix
