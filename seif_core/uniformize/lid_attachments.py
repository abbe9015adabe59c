"""Lids stay around their eyeballs: all that surrounds an eye goes along as one.

Brow and cheek may be drawn different ways; were each lid to follow its own side, the eye would be opened wide or its
ball would come through the skin. So the lids of one eye are attached to each other, whichever way they go.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..registration.attachments import Attachments
from ..shapes import Int
from .skin_mesh import SkinMesh

_EYES: Final = ("eye_left", "eye_right")
_STRIDES: Final = (1, 7, 29, 61)
"""Each vertex is attached to the ones so many places farther: enough for the whole to hold together."""
_STRENGTH: Final = 3.0
"""Against the other terms at a vertex (`Attachments.strength`): lids move as one within some hundredths of a mm."""


def lids_of(skin: SkinMesh, part: str) -> Int[np.ndarray, " L"]:
    """The lids' vertices, in the skin, of the eye that is a part of the model; none for other parts."""
    if part not in _EYES:
        return np.zeros(0, np.int64)
    return np.flatnonzero(skin.region("lids") & (skin.left == (part == _EYES[0])))


def lid_attachments(skin: SkinMesh) -> Attachments:
    """Attachments between the lids' vertices of each eye."""
    pairs = [np.zeros((0, 2), np.int64)]
    for eye in _EYES:
        ids = lids_of(skin, eye)
        pairs += [np.stack([ids, np.roll(ids, -stride)], axis=1) for stride in _STRIDES if len(ids) > stride]
    return Attachments.none().joined(np.concatenate(pairs), _STRENGTH)
