"""Plausible colours for what a photo does not show: teeth, gums, tongue, the inside of the mouth."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.connectivity import connected_pieces
from ..geometry.edges import polygon_edges
from ..geometry.sampling import smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.topology import PART_NAMES
from ..shapes import Bool, Float, Float32
from .atlas import Atlas

MOUTH: Final = np.array([0.42, 0.17, 0.16], np.float32)
"""sRGB of the mouth's lining."""

_TOOTH: Final = np.array([0.88, 0.84, 0.76], np.float32)
"""sRGB, as are those below: chosen by eye."""
_GUM: Final = np.array([0.70, 0.38, 0.37], np.float32)
_TONGUE: Final = np.array([0.72, 0.40, 0.39], np.float32)
_DEPTH: Final = (0.15, 1.2)
"""Eye distances behind the lips between which the mouth darkens. Chosen by eye, as the next."""
_DARKENED: Final = 0.5
"""Share of the light that is lost at the throat."""


def paint_interior(model: HeadModel, atlas: Atlas, chosen: np.ndarray) -> Float32[np.ndarray, "M 3"]:
    """Colours (M, 3), sRGB 0..1, of the chosen texels, which lie on teeth or tongue."""
    place = atlas.spread(model.template, chosen)
    part = atlas.part[chosen]
    out = np.empty((len(chosen), 3), np.float32)
    gum = atlas.spread(_gums(model)[:, None].astype(np.float32), chosen)[:, 0] > 0.5
    for name, colour in (("teeth_upper", _TOOTH), ("teeth_lower", _TOOTH), ("tongue", _TONGUE)):
        mine = part == PART_NAMES.index(name)
        if mine.any():
            base = np.where(gum[mine, None], _GUM, colour)
            out[mine] = base * depth_shade(model, place[mine])[:, None]
    return out


def _gums(model: HeadModel) -> Bool[np.ndarray, " V"]:
    """Of each row of teeth, the one connected piece that is much wider than a tooth."""
    edges = polygon_edges(model.faces)
    count = len(model.template)
    piece = connected_pieces(edges, count)
    out = np.zeros(count, bool)
    for name in ("teeth_upper", "teeth_lower"):
        faces = model.faces[model.face_part == PART_NAMES.index(name)]
        ids = np.unique(faces[faces >= 0])
        if len(ids) == 0:
            continue
        pieces = np.unique(piece[ids])
        width = np.array([np.ptp(model.template[ids[piece[ids] == p], 0]) for p in pieces])
        if len(pieces) > 1:
            out[ids[piece[ids] == pieces[width.argmax()]]] = True
    return out


def depth_shade(model: HeadModel, place: Float[np.ndarray, "M 3"]) -> Float[np.ndarray, " M"]:
    """How much light reaches a place inside the mouth: 1 at the lips, little at the throat."""
    anatomy = anatomy_of(model)
    eyes, unit = anatomy.eyes, anatomy.eye_distance
    lips = model.template[model.regions["lips"]] if model.regions.get("lips", np.zeros(1, bool)).any() else eyes
    depth = (lips[:, 2].max() - place[:, 2]) / unit
    return 1 - _DARKENED * smoothstep(depth, *_DEPTH)
