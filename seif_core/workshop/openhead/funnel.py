"""A rounder opening of the lips under `mouthFunnel`.

ICT-FaceKit's funnel lifts the upper lip in the middle alone, so that the opening comes to a point there. The upper
lip's edge is drawn part of the way to an ellipse through the corners of the mouth and the height of its middle.

Convention: metres, the template's frame. Worked number: 11 mm beside the middle the edge is raised by about 1.5 mm.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...shapes import Float64
from . import rims
from .calibration import fit_template, outer_skin
from .regions import rings_around
from .rig import part_mask
from .smooth_filling import fill_smoothly

_ROUND: Final = 0.6
"""Share of the way to the ellipse; chosen by eye: all of it is a ring, as no scanned face makes it."""
_REACH: Final = 8
"""Rings of skin over which the change fades."""


def rounder_opening(
    template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]
) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) that opens the lips, under which the upper lip's edge is rounder.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of the key.
    """
    upper = rims.rim_halves(template, "mouth")[1]
    edge = (template + offset)[upper]
    raised = ellipse_above(edge[:, 0], edge[:, 1]) - edge[:, 1]
    rings = rings_around("mouth", _REACH)
    rest = np.flatnonzero(outer_skin() & ~((rings >= 0) & (rings < _REACH)))
    known = np.concatenate([rest, upper])
    values = np.concatenate([np.zeros(len(rest)), _ROUND * np.maximum(raised, 0)])[:, None]
    filled = fill_smoothly(fit_template(template).laplacian, known, np.full(len(known), 10.0), values, 0.1)
    change = np.zeros_like(offset)
    change[:, 1] = np.where(part_mask("skin"), filled[:, 0], 0)
    return change


def ellipse_above(along: Float64[np.ndarray, " N"], height: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    """(N,) heights of the half ellipse over an edge's ends that has its middle's height.

    Args:
        along: (N,) places of the edge, from one end to the other.
        height: (N,) its heights.
    """
    ends = (height[0] + height[-1]) / 2
    centre, half = (along[0] + along[-1]) / 2, (along[-1] - along[0]) / 2
    top = height[int(np.abs(along - centre).argmin())] - ends
    return ends + top * np.sqrt(np.clip(1 - ((along - centre) / half) ** 2, 0, 1))
