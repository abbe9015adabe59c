"""The lips of the open jaw: the upper one stays where it is, the lower one's edge is a bow.

ICT-FaceKit's open jaw draws the upper lip down to the edges of the teeth behind it, so that from the front the upper
teeth were not seen, and on the few vertices that the lower lip's edge has, it came to a point in the middle.

Convention: metres, the template's frame. Worked number: the middle of the upper lip goes down by 0.2 mm and not by 2.4,
which leaves 2.5 mm of the upper teeth below it; 11 mm beside the middle the lower lip's edge goes 1.4 mm lower.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse

from ...geometry.laplacian import cotangent_laplacian
from ...geometry.sampling import smoothstep
from ...shapes import Float64
from . import rims
from .calibration import fit_template, outer_skin
from .funnel import ellipse_above
from .mouth_contact import mouth_depth
from .mouth_lining import upper_share
from .regions import rings_around
from .rig import part_mask
from .smooth_filling import fill_smoothly

_STAYS: Final = 0.9
"""Share of the upper lip's way down that is taken back in the middle; chosen by eye, as all below."""
_UPPER: Final = (0.5, 0.8)
"""Shares of the upper lip, by `mouth_lining.upper_share`, between which skin becomes wholly its own."""
_MIDDLE: Final = (0.006, 0.019)
"""Metres from the middle plane between which the upper lip begins to go down with the corners of the mouth."""
_ROUND: Final = 0.9
"""Share of the way of the lower lip's edge to an ellipse."""
_REACH: Final = 10
"""Rings of skin over which that fades."""
_DEEP: Final = 6
"""Edges from the lips' rim behind which the mouth's lining stays."""
_TAUT: Final = (4, 7, 13, 18)
"""Rings about the mouth: from the first to the second skin begins to be taut, from the third to the last it ends. The
red of the lip ends at the fifth."""
_HEIGHT: Final = (1, 1, 0)
"""Coordinates in which the lower lip goes with its edge; in depth it leans back to the chin, else it is a pad."""
_WIDE: Final = 0.004
"""Metres along the lip over which its edge's motion is averaged."""
_LOWER: Final = (0.42, 0.56)
"""Shares of the upper lip between which taut skin ends."""
_LEAST: Final = 0.01
"""Weight of the place that taut skin had."""
_TRUST: Final = 10.0
_STIFFNESS: Final = 0.1
"""Weights of the given offsets and of the skin's bending, as for the funnel's opening."""


def opened_lips(template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) that opens the jaw, under which the upper lip stays and the lower one is round.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of the key.
    """
    skin = part_mask("skin")
    above = smoothstep(upper_share(template), *_UPPER)
    beside = 1 - smoothstep(np.abs(template[:, 0]), *_MIDDLE)
    change = np.zeros_like(offset)
    change[:, 1] = np.where(skin, -_STAYS * above * beside * np.minimum(offset[:, 1], 0), 0)
    lower, upper = rims.rim_halves(template, "mouth")
    edge = (template + offset)[lower]
    lowered = _ROUND * np.minimum(-ellipse_above(edge[:, 0], -edge[:, 1]) - edge[:, 1], 0)
    rings = rings_around("mouth", _REACH + 2)
    far = (outer_skin() & ((rings > _REACH) | (rings < 0))) | (mouth_depth() > _DEEP)
    still = np.concatenate([np.flatnonzero(far), upper[1:-1]])
    known = np.concatenate([still, lower])
    values = np.concatenate([np.zeros(len(still)), lowered])[:, None]
    filled = fill_smoothly(fit_template(template).laplacian, known, np.full(len(known), _TRUST), values, _STIFFNESS)
    change[:, 1] += np.where(skin, filled[:, 0], 0)
    return change


def taut_chin(template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) that shuts an open jaw's lips, under which the skin below them is taut.

    The lower lip keeps its height, so that its red is not drawn out over the chin; below it the skin, drawn out to
    almost twice its length, has no fold left and is drawn out everywhere alike.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of the keys together.
    """
    rings = rings_around("mouth", _TAUT[3] + 1)
    rings = np.where(rings < 0, _TAUT[3] + 1.0, rings)
    begun = smoothstep(rings, *_TAUT[:2]) * (1 - smoothstep(rings, *_TAUT[2:]))
    below = 1 - smoothstep(upper_share(template), *_LOWER)
    skin = np.flatnonzero(outer_skin())
    edge = rims.rim_halves(template, "mouth")[0]
    near = np.exp(-((template[skin][:, None, 0] - template[None, edge, 0]) ** 2) / (2 * _WIDE**2))
    with_edge = near @ offset[edge] / near.sum(axis=1, keepdims=True)
    of_lip = (below * (1 - smoothstep(rings, *_TAUT[:2])))[skin, None] * _HEIGHT
    drawn = template[skin] + of_lip * with_edge + (1 - of_lip) * offset[skin]
    trust = _TRUST * (1 - (begun * below)[skin]) + _LEAST
    even = cotangent_laplacian(template, fit_template(template).triangles)
    laplacian = sparse.diags(1 / even.matrix.diagonal().clip(1e-9)) @ even.matrix
    drawn = fill_smoothly(sparse.csr_matrix(laplacian), skin, trust, drawn, 1.0)
    change = np.zeros_like(offset)
    change[skin] = drawn[skin] - (template + offset)[skin]
    return change
