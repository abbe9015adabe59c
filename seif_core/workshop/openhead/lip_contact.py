"""Keeps the mouth whole under a key or a sum of keys: lips and cheeks before the teeth, lips out of each other.

Convention: metres, the template's frame. Worked number: see `lip_softening` and `mouth_contact`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...shapes import Float64
from .lip_softening import cost, evenly, lip_triangles, soften
from .mouth_contact import hold_lips

_STILL: Final = 1e-4
"""Metres: an offset that moves no vertex of the lips farther needs no softening."""
_EVEN_PUSHES: Final = 4
"""Pushes off the teeth that are made even in space and so draw no lip through itself, before a last plain one."""

_TURNS: Final = 2
"""A push off the teeth can draw lips through themselves again: softened and pushed so many times, and what costs
least is taken."""


def settle_mouth(
    template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]
) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) that keeps lips and cheeks before the teeth and the lips out of each other.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of a key, or of a sum of keys, lower teeth included.
    """
    if np.abs(offset[np.unique(lip_triangles())]).max() < _STILL:
        return np.zeros_like(offset)
    best, lowest, start = offset, np.inf, offset
    for _ in range(_TURNS):
        held = soften(start)
        for _ in range(_EVEN_PUSHES):
            held = held + evenly(hold_lips(template, held))
        start = held + hold_lips(template, held)
        paid = cost(offset, start)
        if paid < lowest:
            best, lowest = start, paid
    return best - offset
