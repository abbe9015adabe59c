"""Lips as red on one side as on the other, and without the photo's gloss.

A photo's lips are small: a highlight, teeth between them or a detector's pixel too many make one half pale and the
other red, and at rest nothing is left that explains it. Lips and what is painted on them are alike on both sides, so
what is wider than a few millimetres becomes the mean of both; wrinkles and borders stay each side's own.

Gloss is the light's, not the lips': lighter and less red than the lips around it, as are teeth that a border one pixel
off paints on them. On a head at rest, in other light, it would stand there as white spots.

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
from ..shapes import Float32, Int
from .atlas import GATHER_STEP, Atlas

_SOFT: Final = 0.1
"""Stiffness of the mesh's edges by which the lips' border is made soft: about one edge of the mesh."""
_STIFFNESS: Final = 0.5
"""Stiffness by which colours are smoothed before the two sides are compared: a few millimetres. Chosen by eye on three
public-domain portraits."""
_GLOSS: Final = 0.04
"""sRGB by which green and blue, which alone tell on red, are lighter than the lips' around them where gloss begins.
Chosen by eye on twelve public-domain portraits, as the next three."""
_KEPT: Final = 0.02
"""Most of it that stays, sRGB."""
_AROUND: Final = 2.0
"""Stiffness of the field of the lips' own colour."""
_ROUNDS: Final = 3
"""Of reweighting, in which gloss counts ever less in that field."""


@once_per_model
def lip_share(model: HeadModel) -> Float32[np.ndarray, " V"]:
    """How far each vertex (V,) is lip, 0..1, soft at the border; 0 on a model without that region."""
    lips = model.regions.get("lips", np.zeros(len(model.template), bool))
    return softened(model, lips + 0.0, stiffness=_SOFT)


def even_lips(model: HeadModel, atlas: Atlas, smoother: ScreenedPoisson, colours: Float32[np.ndarray, "N 3"]) -> None:
    """Take the gloss off the lips and give both halves the mean of their colours, in place.

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
    _take_off_gloss(atlas, smoother, colours, share, rows)
    found, seen = atlas.gather(colours[some], np.ones(len(some), np.float32), some)
    low = smoother.solve(found, seen * share, stiffness=_STIFFNESS)
    apart = (low[anatomy_of(model).mirror] - low) / 2
    colours[rows] += atlas.spread(apart * share[:, None], rows)


def _take_off_gloss(
    atlas: Atlas,
    smoother: ScreenedPoisson,
    colours: Float32[np.ndarray, "N 3"],
    share: Float32[np.ndarray, " V"],
    rows: Int[np.ndarray, " M"],
) -> None:
    """Darken what is lighter than the lips around it, at these texels, in place."""
    some = rows[::GATHER_STEP]
    found, seen = atlas.gather(colours[some], np.ones(len(some), np.float32), some)
    weight = seen * share
    lips = found
    for _ in range(_ROUNDS):
        lips = smoother.solve(found, weight, stiffness=_AROUND)
        weight = seen * share / (1 + (_gloss(found, lips) / _GLOSS) ** 2)
    spread = atlas.spread(np.concatenate([lips, share[:, None]], axis=1), rows)
    own, around = colours[rows], spread[:, :3]
    gloss = _gloss(own, around)
    taken = (gloss - _KEPT * np.tanh(gloss / _KEPT)) / (gloss + _GLOSS)
    colours[rows] -= (own - around) * (taken * spread[:, 3])[:, None]


def _gloss(colours: Float32[np.ndarray, "M 3"], lips: Float32[np.ndarray, "M 3"]) -> Float32[np.ndarray, " M"]:
    """By how much more than lips vary green and blue are both lighter than the lips'."""
    return np.maximum((colours - lips)[:, 1:].min(axis=1) - _GLOSS, 0)
