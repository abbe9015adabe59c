"""Lids stay around their eyeballs: all that surrounds an eye goes along as one.

Brow and cheek may be drawn different ways; were each lid to follow its own side, the eye would be opened wide or its
ball would come through the skin. So the lids of one eye are tied to each other, whichever way they go.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Int
from .skin import Skin
from .solver import Ties

_EYES: Final = ("eye_left", "eye_right")
_STRIDES: Final = (1, 7, 29, 61)
"""Each vertex is tied to the ones so many places farther: enough for the whole to hold together."""
_STRENGTH: Final = 3.0


def lids_of(model: HeadModel, skin: Skin, part: str) -> Int[np.ndarray, " L"]:
    """The lids' vertices, in the skin, of the eye that is a part of the model; none for other parts."""
    if part not in _EYES:
        return np.zeros(0, np.int64)
    lids = model.regions.get("lids", np.zeros(skin.count, bool))[skin.ids]
    return np.flatnonzero(lids & (anatomy_of(model).left[skin.ids] == (part == _EYES[0])))


def eye_ties(model: HeadModel, skin: Skin) -> Ties:
    """Ties between the lids' vertices of each eye."""
    pairs = [np.zeros((0, 2), np.int64)]
    for eye in _EYES:
        ids = lids_of(model, skin, eye)
        pairs += [np.stack([ids, np.roll(ids, -stride)], axis=1) for stride in _STRIDES if len(ids) > stride]
    together = np.concatenate(pairs)
    return Ties(together, np.full(len(together), _STRENGTH))
