"""A full beard whose cheeks and jaw the parsing takes for skin or for hair, and a moustache that it half sees.

A parsing is sure of chin and moustache, and not even of those where a beard is grey; beside the jaw a beard is thinner,
and goes over into the hair of the temples. Where a person has a beard, its hue and its roughness are asked: what joins
it on the lower face, and is nearer to the beard than to the face in both, is beard as well. Lightness tells little, for
a cheek in shade is dark too, but as red as the rest of the face, and smooth. Where
the chin is bare the upper lip is asked alike.

Convention: places in eye distances from the middle between the eyes (`anatomy.from_the_eyes`); colours CIE L*a*b*, of
which L* counts by `_LIGHTNESS`. Worked number: skin of (70, 20, 20) and a beard of (70, 5, 10): a pixel of
(70, 12, 15) is beard by a half; so is one of (50, 12, 15), about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.sampling import smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..portrait.head_parsing import CLASSES, HeadParsing
from ..shapes import Bool, Float32, UInt8
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
_OTHER: Final = 0.2
_OUTSIDE: Final = 0.1
"""Share of what is not skin, of `_SURE`, and of the zone, below which a pixel is bare skin. Chosen by eye on the sample
portraits."""
_MOUSTACHE: Final = ((0.45, 0.7), (-0.15, 0.0))
"""Distances from the middle between which a moustache ends, and heights over the middle of the mouth."""


class _Signs(NamedTuple):
    """When a place is taken for beard.

    Attributes:
        sure: share of beard there from which it is.
        maybe: share from which it is where the place is rougher and a little less red than the face.
        trace: share below which it is not, whatever it looks like.
        rougher: times as rough as the face.
        less_red: of a*, with the share `maybe` and without.
    """

    sure: float
    maybe: float
    trace: float
    rougher: float
    less_red: tuple[float, float]


_CHIN_IS: Final = _Signs(0.35, 0.1, 0.015, 1.35, (3.5, 5.5))
"""`sure` by eye on the sample portraits. Of 31 public-domain portraits eleven with a beard have shares of 0.1 to 0.89
and three 0.02 to 0.05; those without 0.03 at most. Those fourteen are 1.25 to 2.9 times as rough, all but one 1.38 or
more; the others 1.3 at most. They are less red by 3.8 to 18, but for a grey photo; of the others one by 7 (and is
smooth), the rest by 5 at most."""
_LIP_IS: Final = _Signs(0.25, 0.02, 0.02, 2.0, (3.0, 3.0))
"""Of 89 public-domain portraits four with a moustache alone have shares of 0.35 to 0.74, one 0.04 (three times as rough
and less red by 4.1) and one 0.03 that nothing tells; women and shaven men have 0.12 at most, and are less red by 2.0 at
most where they are twice as rough."""
_SUREST: Final = 0.7
"""Of the parsing's greatest share of beard on the chin or lip, from which a pixel there is beard where it is sure of
none. Chosen by eye on the sample portraits, as is what follows."""
_MOST: Final = 0.95
"""Quantile that counts as the greatest."""
_LIGHTNESS: Final = 0.35
"""What a difference of L* counts against one of a* or b*."""
_APART: Final = 6.0
"""Difference of colour between beard and skin below which colour tells nothing."""
_NEARER: Final = (0.42, 0.62)
"""Of the way from the skin's colour to the beard's, from which a pixel is beard, not at all and wholly."""
_ROUGH_TOO: Final = (0.05, 0.35)
"""The same of the way from the skin's roughness to the beard's."""
_LEAST: Final = 0.01
"""Weight below which nothing of the head is near."""
_SMOOTHEST: Final = 0.2
"""Of L*: no photo is smoother."""
_EVENED: Final = 0.08
"""Eye distances over which colours and roughness are evened: a beard shows skin between its hairs."""
_HAIRS: Final = 0.02
"""Eye distances up to which what is light and dark side by side is roughness."""


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
    zone, chin, lip = np.moveaxis(view.paint(fit.model.triangles, beard_places(fit.model)), 2, 0)
    scale = camera.focal / fit.camera.focal
    origin = (fit.camera.cx - camera.cx / scale, fit.camera.cy - camera.cy / scale)
    beard, skin, beside = (
        parsing.in_photo(*names, size=(camera.width, camera.height), origin=origin, scale=scale)
        for names in (("beard",), ("skin",), ("background", "clothes", "front"))
    )
    looks = _looks(picture, 1 - beside, _unit(fit, camera, view))
    bare = (skin > 1 - _OTHER * _SURE) & view.covered & (zone < _OUTSIDE)
    grown = _grown(looks, beard, bare, zone=zone, asked=chin > _SURE, signs=_CHIN_IS)
    if grown is None:
        grown = _grown(looks, beard, bare, zone=lip, asked=lip > _SURE, signs=_LIP_IS)
    if grown is None:
        return parsing
    return _moved(parsing, into_parsing(grown, parsing, camera, fit.camera))


def _grown(
    looks: tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]],
    beard: Float32[np.ndarray, "h w"],
    bare: Bool[np.ndarray, "h w"],
    *,
    zone: Float32[np.ndarray, "h w"],
    asked: Bool[np.ndarray, "h w"],
    signs: _Signs,
) -> Float32[np.ndarray, "h w"] | None:
    """How far each pixel is beard that the parsing may have missed; None where there is none.

    Args:
        looks: of `_looks`.
        beard: the parsing's share.
        bare: pixels that are surely bare skin.
        zone: how far a beard may grow there, 0..1.
        asked: pixels of which the parsing is surest, where there is a beard.
        signs: tell whether there is one.
    """
    if not asked.any() or not bare.any():
        return None
    colours, roughness = looks
    share = float(beard[asked].mean())
    rougher = float(np.median(roughness[asked]) / max(np.median(roughness[bare]), _SMOOTHEST))
    less_red = float(np.median(colours[bare][:, 1]) - np.median(colours[asked][:, 1]))
    looks_so = rougher >= signs.rougher and less_red >= signs.less_red[int(share < signs.maybe)]
    if share < signs.trace or (share < signs.sure and not looks_so):
        return None
    known = (beard > min(_SURE, _SUREST * float(np.quantile(beard[asked], _MOST)))) & asked
    like = _along(colours, known, bare)
    if like is None:
        return None
    like = smoothstep(like, *_NEARER) * zone
    rough = _along(roughness[..., None], known, bare)
    if rough is not None and rougher > _CHIN_IS.rougher:
        like = like * smoothstep(rough, *_ROUGH_TOO)
    like = like.astype(np.float32)
    sure = known | (beard > _SURE) & (zone > _SURE)
    return (_joined(like, sure) * like).astype(np.float32)


def _unit(fit: Fit, camera: Camera, view: MeshView) -> float:
    """Pixels of an eye distance."""
    distance = float(np.median(view.nearest[view.covered]))
    return anatomy_of(fit.model).eye_distance * camera.focal / distance


def _looks(
    picture: UInt8[np.ndarray, "h w 3"], head: Float32[np.ndarray, "h w"], unit: float
) -> tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """Colours as they are compared, and how rough a picture is, both evened over single hairs.

    Args:
        picture: a piece of the photo.
        head: how far each pixel shows the head; a backdrop at the jaw is neither red nor smooth.
        unit: pixels of an eye distance.
    """
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)

    def evened(values: np.ndarray, sigma: float) -> np.ndarray:
        weight = cv2.GaussianBlur(head, (0, 0), sigma).clip(_LEAST)
        total = cv2.GaussianBlur((values.T * head.T).T, (0, 0), sigma)
        return (total.T / weight.T).T

    fine = lab[..., 0] - evened(lab[..., 0], max(_HAIRS * unit, 0.5))
    roughness = np.sqrt(evened(fine**2, max(_EVENED * unit, 0.5)))
    colours = evened(lab * np.array([_LIGHTNESS, 1, 1], np.float32), max(_EVENED * unit, 0.5))
    return np.asarray(colours, np.float32), np.asarray(roughness, np.float32)


def _along(
    looks: Float32[np.ndarray, "h w C"], sure: Bool[np.ndarray, "h w"], bare: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"] | None:
    """How far each pixel looks like beard, 0 as skin does and 1 as beard does; None where the two look alike."""
    other = np.median(looks[bare], axis=0)
    way = np.median(looks[sure], axis=0) - other
    length = float(np.linalg.norm(way))
    if length < (_APART if looks.shape[2] > 1 else _SMOOTHEST):
        return None
    return np.asarray((looks - other) @ (way / length**2), np.float32)


@once_per_model
def beard_places(model: HeadModel) -> Float32[np.ndarray, "V 3"]:
    """(V, 3) in 0..1: where a beard grows, the chin, and where a moustache grows."""
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
    over = y - y[model.regions["lips"]].mean() if model.regions.get("lips", none).any() else y
    lip = (1 - smoothstep(x, *_MOUSTACHE[0])) * smoothstep(over, *_MOUSTACHE[1])
    return np.stack([zone * anatomy.outer_skin, chin * zone, lip * zone], axis=1).astype(np.float32)


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
