"""The displacement map of a head as a picture of 16 bits, whose middle is the skin itself.

Convention: a grey of g in 0..1 stands for (g - 0.5) times the range, metres along the mesh's smooth normal, as a
Displacement node with midlevel 0.5 and the range as its scale takes it. Worked number: with a range of 2 mm a grey of
0.75 is half a millimetre above the skin.
"""

from __future__ import annotations

import numpy as np

from ..blueprint import HeightsPlan
from .png import encode_png

_WHITE = 65535
"""Largest value of a 16-bit PNG."""


def plan_heights(heights: np.ndarray | None) -> HeightsPlan | None:
    """The picture of heights (D, D) in metres; None where there are none, or all are 0."""
    metres = 0.0 if heights is None else 2 * float(np.abs(heights).max())
    if heights is None or metres == 0.0:
        return None
    grey = np.rint((heights / metres + 0.5) * _WHITE).astype(np.uint16)
    return HeightsPlan(encode_png(grey[..., None]), metres)
