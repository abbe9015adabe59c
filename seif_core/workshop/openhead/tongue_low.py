"""The tongue lies low behind the lower teeth when the jaw opens.

Turned with the jaw as it lies in the closed mouth, where it fills the room under the palate, the tongue stands above
the lower teeth and fills half of the open mouth. In a mouth that opens it sinks and flattens, narrow enough to lie
inside the arch, and its root, which the jaw's turn would lift before the throat, goes down with the mouth's floor. Made
by hand: no scan shows a tongue.

Convention: metres, the template's frame, before the jaw's motion. Worked number: the tongue's back comes to lie 7 mm
below the biting edges of the lower teeth instead of 3 mm above them; its root sinks by 20 mm, so that from the front
the upper half of the open mouth is dark.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...geometry.alignment import align_points
from ...shapes import Float64
from .rig import part_mask

_BEGUN: Final = (-0.03, 0.008)
"""Heights z between which sinking begins: behind is the root."""
_SINK: Final = 0.0065
"""Metres by which the tongue sinks; chosen by eye, as all below."""
_FLATTER: Final = 0.75
_NARROWER: Final = 0.88
"""Factors of height above its underside, and of width."""
_ROOT: Final = (0.025, 0.020, 1.3)
"""Height z in metres behind which the root sinks more, by how many metres at its end, and the power of the way there:
as much as the turn of the jaw lifts it, less what keeps it above the floor of the mouth."""
_TIP: Final = (0.018, 0.92)
"""Height z in metres before which the tongue is drawn back, and the factor."""


def lie_low(template: Float64[np.ndarray, "V 3"], key: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """The key `jawOpen` (V, 3) with a tongue that sinks before it turns with the lower teeth.

    Args:
        template: (V, 3) the mean head.
        key: (V, 3) of `jawOpen`.
    """
    tongue, teeth = part_mask("tongue"), part_mask("teeth_lower")
    jaw = align_points(template[teeth], (template + key)[teeth], with_scale=False)
    out = key.copy()
    out[tongue] = jaw.apply(sunk(template[tongue])) - template[tongue]
    return out


def sunk(points: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, "N 3"]:
    """A tongue's points (N, 3), lengthwise along z, lower, flatter and narrower before its root."""
    x, y, z = points.T
    begun = np.clip((z - _BEGUN[0]) / (_BEGUN[1] - _BEGUN[0]), 0, 1)
    begun = begun**2 * (3 - 2 * begun)
    under = y[z > _BEGUN[1]].min()
    height = np.maximum(y - under, 0)
    back = np.maximum(z - _TIP[0], 0)
    rear = np.clip((_ROOT[0] - z) / (_ROOT[0] - z.min()), 0, 1)
    lowered = y - begun * (_SINK + (1 - _FLATTER) * height) - _ROOT[1] * rear ** _ROOT[2]
    return np.column_stack([x * (1 - begun * (1 - _NARROWER)), lowered, z - (1 - _TIP[1]) * back])
