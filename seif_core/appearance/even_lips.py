"""Lips as red on one side as on the other.

A photo's lips are small: a highlight, teeth between them or a detector's pixel too many make one half pale and the
other red, and at rest nothing is left that explains it. Lips and what is painted on them are alike on both sides, so
what is wider than a few millimetres becomes the mean of both; wrinkles and borders stay each side's own.

Convention: colours sRGB 0..1. Worked number: where the left half's red is 0.9 and the right one's 0.7, both become 0.8.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..headmodel.smoother import softened
from ..shapes import Float32
from .atlas import GATHER_STEP, Atlas

_SOFT: Final = 0.1
"""Stiffness of the mesh's edges by which the lips' border is made soft: about one edge of the mesh."""
_STIFFNESS: Final = 0.5
"""Stiffness by which colours are smoothed before the two sides are compared: a few millimetres. Chosen by eye on three
public-domain portraits."""


@once_per_model
def lip_share(model: HeadModel) -> Float32[np.ndarray, " V"]:
    """How far each vertex (V,) is lip, 0..1, soft at the border; 0 on a model without that region."""
    lips = model.regions.get("lips", np.zeros(len(model.template), bool))
    return softened(model, lips + 0.0, stiffness=_SOFT)


def even_lips(model: HeadModel, atlas: Atlas, smoother: ScreenedPoisson, colours: Float32[np.ndarray, "N 3"]) -> None:
    """Give both halves of the lips the mean of their colours, in place.

    Args:
        model: the head model.
        atlas: its texels.
        smoother: of its mesh.
        colours: (N, 3) sRGB 0..1 of the texels; written over.
    """
    share = lip_share(model)
    if not share.any():
        return
    rows = atlas.touched(share > 0)
    some = rows[::GATHER_STEP]
    found, seen = atlas.gather(colours[some], np.ones(len(some), np.float32), some)
    low = smoother.solve(found, seen * share, stiffness=_STIFFNESS)
    apart = (low[anatomy_of(model).mirror] - low) / 2
    colours[rows] += atlas.spread(apart * share[:, None], rows)
