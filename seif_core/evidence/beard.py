"""A full beard whose cheeks and jaw the parsing takes for skin or for hair.

A parsing is sure of chin and moustache; beside the jaw a beard is thinner, and goes over into the hair of the temples.
Where a person surely has a beard, its colour is asked: what joins it on the lower face, and is nearer to the beard's
colour than to the face's, is beard as well.

Convention: places in eye distances from the middle between the eyes (`anatomy.from_the_eyes`); colours CIE L*a*b*.
Worked number: skin of L* 70 and a beard of 20: a pixel of 45 is beard by a half, one of 30 wholly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.sampling import smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..portrait.head_parsing import CLASSES, HeadParsing
from ..shapes import Float32, UInt8
from .mesh_view import MeshView
from .shown_classes import into_parsing

_TOP: Final = ((0.0, -0.72), (0.45, -0.75), (0.75, -0.75), (1.05, -0.1), (2.0, -0.1))
"""Distance from the middle, and the height up to which a beard grows there: lip, cheek, sideburn. Drawn by eye on the
Open head, as is what follows."""
_TOP_FADE: Final = 0.12
_BOTTOM: Final = ((-1.2, -1.1), (-0.3, -2.1))
"""Eye distances before the eyes, and the height down to which a beard grows there: jaw and chin."""
_BOTTOM_FADE: Final = 0.3
_BEHIND: Final = (-1.25, -1.0)
"""Eye distances before the eyes between which it ends before the ear."""
_CHIN: Final = ((0.45, 0.7), (-2.0, -1.3))
"""Distances from the middle beyond which, and heights between which, the parsing is sure of beards: the chin."""
_SURE: Final = 0.6
"""Share from which a pixel is beard."""
_BEARDED: Final = 0.35
"""Share of the chin that must be beard. Chosen by eye on the sample portraits, as is what follows."""
_APART: Final = 15.0
"""Difference of colour between beard and skin, of L*, a* and b*, below which colour tells nothing."""
_NEARER: Final = (0.42, 0.62)
"""Of the way from the skin's colour to the beard's, from which a pixel is beard, not at all and wholly."""
_ROUGH: Final = 0.08
"""Eye distances over which colours are evened: a beard shows skin between its hairs."""


def full_beard(
    parsing: HeadParsing, fit: Fit, picture: UInt8[np.ndarray, "h w 3"], *, camera: Camera, view: MeshView
) -> HeadParsing:
    """The parsing with all of a beard as beard; itself where there is none.

    Args:
        parsing: of the photo.
        fit: the fitted head.
        picture: a piece of the photo.
        camera: the piece's camera.
        view: the fitted head in it.
    """
    zone, chin = np.moveaxis(view.paint(fit.model.triangles, beard_places(fit.model)), 2, 0)
    scale = camera.focal / fit.camera.focal
    origin = (fit.camera.cx - camera.cx / scale, fit.camera.cy - camera.cy / scale)
    beard, skin = (
        parsing.in_photo(name, size=(camera.width, camera.height), origin=origin, scale=scale)
        for name in ("beard", "skin")
    )
    if beard[chin > _SURE].size == 0 or beard[chin > _SURE].mean() < _BEARDED:
        return parsing
    distance = float(np.median(view.nearest[view.covered]))
    unit = anatomy_of(fit.model).eye_distance * camera.focal / distance
    colours = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    colours = cv2.GaussianBlur(colours, (0, 0), max(_ROUGH * unit, 0.5))
    sure, bare = (beard > _SURE) & (zone > _SURE), (skin > 1 - 0.2 * _SURE) & view.covered & (zone < 0.1)
    if not sure.any() or not bare.any():
        return parsing
    own, other = np.median(colours[sure], axis=0), np.median(colours[bare], axis=0)
    way = own - other
    length = float(np.linalg.norm(way))
    if length < _APART:
        return parsing
    along = (colours - other) @ (way / length**2)
    like = smoothstep(along, *_NEARER).astype(np.float32) * zone
    grown = _joined(like, sure) * like
    return _moved(parsing, into_parsing(grown.astype(np.float32), parsing, camera, fit.camera))


@once_per_model
def beard_places(model: HeadModel) -> Float32[np.ndarray, "V 2"]:
    """(V, 2) in 0..1: where a beard grows, and the chin."""
    anatomy = anatomy_of(model)
    x, y, z = anatomy.from_the_eyes(model.template).T
    x = np.abs(x)
    top, bottom = np.interp(x, *np.array(_TOP).T), np.interp(z, *np.array(_BOTTOM).T)
    zone = (1 - smoothstep(y - top, -_TOP_FADE, 0.0)) * smoothstep(y - bottom, -_BOTTOM_FADE, 0.0)
    zone = zone * smoothstep(z, *_BEHIND)
    none = np.zeros(len(x), bool)
    for name in ("lips", "ears", "mouth_interior"):
        zone = zone * ~model.regions.get(name, none)
    (inner, outer), (low, high) = _CHIN
    chin = (1 - smoothstep(x, inner, outer)) * ((y > low) & (y < high))
    return np.stack([zone * anatomy.outer_skin, chin * zone], axis=1).astype(np.float32)


def _joined(like: Float32[np.ndarray, "h w"], sure: np.ndarray) -> np.ndarray:
    """Pixels like a beard that hang together with one."""
    _, pieces = cv2.connectedComponents(((like > 0.5) | sure).astype(np.uint8), connectivity=8)
    own = np.unique(pieces[sure])
    return np.asarray(cv2.GaussianBlur(np.isin(pieces, own[own > 0]).astype(np.float32), (0, 0), 1.0))


def _moved(parsing: HeadParsing, grown: Float32[np.ndarray, "S S"]) -> HeadParsing:
    """The parsing in which what is skin or hair and grown is beard."""
    shares = parsing.shares.copy()
    beard = CLASSES.index("beard")
    for name in ("skin", "hair"):
        moved = shares[CLASSES.index(name)] * grown
        shares[CLASSES.index(name)] -= moved
        shares[beard] += moved
    return replace(parsing, shares=shares)
