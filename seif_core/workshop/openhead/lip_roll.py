"""The lower lip that is rolled in goes no farther than the teeth let it.

ICT-FaceKit's `mouthRollLower` draws the lower lip's edge 12 mm back, to where the Open head's teeth stand. Pushed out
of them and out of the upper lip place by place it stayed rolled in the middle alone, and the line of the mouth was a
wave. The edge is therefore drawn a part of the way, and hardly upwards, before anything is pushed.

Convention: metres, the template's frame. Worked number: the middle of the lower lip's edge goes 9.3 mm back, not 12.4,
and 11 mm beside it 4.7, where it was 2.4.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...shapes import Float64
from . import rims
from .calibration import fit_template, outer_skin
from .mouth_contact import mouth_depth
from .regions import rings_around
from .rig import part_mask
from .smooth_filling import fill_smoothly

_LESS: Final = (1.0, 0.3, 0.75)
"""Shares of the edge's motion along x, y and z that are kept; of eight mixtures that were drawn the one nearest to the
scan once settled (distance 0.32; 0.37 without), with a straight mouth and half as many triangles that cross (56; 122).
"""
_REACH: Final = 6
"""Rings of skin over which the change fades."""
_DEEP: Final = 6
"""Edges from the lips' rim behind which the mouth's lining stays; without an end it came out of the skin, on four
portraits 6 to 22 triangles of it, now none or two."""
_TRUST: Final = 10.0
_STIFFNESS: Final = 0.1
"""Weights of the given offsets and of the skin's bending, as for the funnel's opening."""


def rolled_less(template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) that rolls the lower lip in, under which its edge goes less far.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of the key.
    """
    lower, upper = rims.rim_halves(template, "mouth")
    rings = rings_around("mouth", _REACH + 2)
    far = (outer_skin() & ((rings > _REACH) | (rings < 0))) | (mouth_depth() > _DEEP)
    still = np.concatenate([np.flatnonzero(far), upper[1:-1]])
    known = np.concatenate([still, lower])
    values = np.concatenate([np.zeros((len(still), 3)), (np.array(_LESS) - 1) * offset[lower]])
    change = fill_smoothly(fit_template(template).laplacian, known, np.full(len(known), _TRUST), values, _STIFFNESS)
    change[~part_mask("skin")] = 0
    return change
