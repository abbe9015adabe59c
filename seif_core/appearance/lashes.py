"""Lashes: as dark as the hair at the lid, and ever more of the skin behind them towards the tip.

A lash is a tenth of a millimetre wide and tapers; a model's is a strip several times as wide, all of which one colour
paints. Seen from where a face is seen, a lash hides little of what is behind it, and the lower ones less: so much of
the skin's colour is mixed in. Of one black they are spikes, on blond men too.

Convention: colours sRGB 0..1. Worked number: at the tip of an upper lash 60 % of the colour are the skin's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.connectivity import connected_pieces
from ..geometry.edges import polygon_edges
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..headmodel.topology import PART_NAMES
from ..shapes import Float32
from .atlas import Atlas

PART: Final = PART_NAMES.index("lashes")
"""Number of their part."""
_DARK: Final = np.array([0.10, 0.075, 0.065], np.float32)
"""sRGB of a lash where no hair is seen. Chosen by eye, as what follows, on six public-domain portraits."""
_DARKER: Final = 0.35
"""How much of the hair's colour a lash has: lashes are darker than hair on nearly everybody."""
_UPPER: Final = (0.05, 0.6)
"""Share of skin in an upper lash's colour at its root and at its tip."""
_LOWER: Final = (0.35, 0.8)
"""The same for a lower one, which is thinner."""


@once_per_model
def lash_share(model: HeadModel) -> Float32[np.ndarray, " V"]:
    """How much of a lash's colour on each vertex (V,) is the skin's behind it, 0..1; 0 off the lashes."""
    out = np.zeros(len(model.template), np.float32)
    faces = model.faces[model.face_part == PART]
    ids = np.unique(faces[faces >= 0])
    lids = model.regions.get("lids", np.zeros(len(out), bool))
    if not len(ids) or not lids.any():
        return out
    piece = connected_pieces(polygon_edges(model.faces), len(out))[ids]
    away = KDTree(model.template[lids]).query(model.template[ids])[0]
    height = anatomy_of(model).from_the_eyes(model.template)[ids, 1]
    for number in np.unique(piece):
        mine = piece == number
        root, tip = away[mine].argmin(), away[mine].argmax()
        axis = model.template[ids[mine]] - model.template[ids[mine][root]]
        along = np.linalg.norm(axis, axis=1) / max(float(np.linalg.norm(axis, axis=1).max()), 1e-9)
        first, last = _LOWER if height[mine][tip] < height[mine][root] else _UPPER
        out[ids[mine]] = first + (last - first) * along
    return out


def paint_lashes(
    model: HeadModel, atlas: Atlas, hair: Float32[np.ndarray, "3"] | None, colours: Float32[np.ndarray, "N 3"]
) -> None:
    """Paint the lashes, in place.

    Args:
        model: the head model.
        atlas: its texels.
        hair: (3,) sRGB 0..1 of the hair; None where there is none to be seen.
        colours: (N, 3) sRGB 0..1 of the texels, the skin's already what it shall be; those of lashes are written over.
    """
    mine = np.flatnonzero(atlas.part == PART)
    lids = model.regions.get("lids", np.zeros(len(model.template), bool))
    around = atlas.touched(atlas.beside(atlas.beside(lids)) & ~lids)
    around = around[atlas.part[around] == PART_NAMES.index("skin")]
    if not len(mine):
        return
    skin = colours[around].mean(0) if len(around) else _DARK  # without lids no share is skin's
    dark = _DARK if hair is None else np.minimum(hair, skin) * _DARKER
    colours[mine] = dark + atlas.spread(lash_share(model)[:, None], mine) * (skin - dark)
