"""How far each place of the skin follows the surface, and how stiff it is.

What the surface shows badly (lids, lips, ears) or not at all (hollows: mouth, sockets, nostrils) is stiff: it keeps the
shape of the fit and goes along with what surrounds it. Hollows are found by looking at the template from all sides.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from ..geometry.visibility import sphere
from ..headmodel import HeadModel
from ..shapes import Float
from .ears import Ears
from .growth import hairy_places
from .reach import Reach, reach_of
from .settings import UniformizeSettings
from .skin import Skin

_DIRECTIONS: Final = 48
_PIXELS: Final = 192
_HIDDEN: Final = (0.06, 0.22)
"""Fraction of its own half space from which a place is seen: hidden up to the first, open from the second."""
_TRUST: Final = {"lids": 0.03, "lips": 0.15, "ears": 0.2, "mouth_interior": 0.0}
"""Weight of the surface there, against 1 elsewhere."""
_EAR_HOLD: Final = 0.02
"""Ears that the surface shows go there as a whole."""
_UNSEEN_HOLD: Final = 0.05
"""Ears that it shows badly, and that no hair covers, keep the fit's shape and go along with what is around them."""
_BLEND_RINGS: Final = 4
_SHAVEN: Final = 0.002
"""Metres that the bald head's skin may rise above the fit where hair may grow: the rest is beard, brow or fringe."""
_SLOPE: Final = 0.015
"""Metres that it may rise more where the hair's zone fades out."""
_FREE: Final = 1.0


class Zones(NamedTuple):
    """Weights of the skin's vertices.

    Attributes:
        data: (S,) 0..1, how much a vertex follows the surface.
        stiffness: (S,) 1 and more, how stiff it is.
        hold: (S,) how much it is held at the fit.
        ceiling: (S,) metres, how far it may rise above the fit.
        reach: how far from the fit the surface may be its own skin.
    """

    data: Float[np.ndarray, " S"]
    stiffness: Float[np.ndarray, " S"]
    hold: Float[np.ndarray, " S"]
    ceiling: Float[np.ndarray, " S"]
    reach: Reach


def head_height(model: HeadModel) -> float:
    """Chin to crown of the template, metres."""
    y = model.template[:, 1]
    face = model.regions.get("face", np.zeros(len(y), bool))
    return float(y.max() - y[face].min()) if face.any() else 0.7 * float(np.ptp(y))


def zones_of(
    model: HeadModel,
    skin: Skin,
    settings: UniformizeSettings,
    exposed: Float[np.ndarray, " S"] | None = None,
    ears: Ears | None = None,
) -> Zones:
    """The weights of a model's skin.

    Args:
        model: the head model.
        skin: its skin.
        settings: what was chosen.
        exposed: (S,) its `exposure` where that is known already.
        ears: whether they are seen; wholly where left out.
    """
    none = np.zeros(skin.count, bool)
    region = {name: model.regions.get(name, none)[skin.ids] for name in ("face", "scalp", "neck", *_TRUST)}
    exposed = exposure(model, skin) if exposed is None else exposed
    open_ = np.clip((exposed - _HIDDEN[0]) / (_HIDDEN[1] - _HIDDEN[0]), 0, 1)
    data = open_ * (1 - _rim(skin))
    whole = np.ones(len(skin.ids))
    ears = Ears(whole, 0 * whole) if ears is None else ears
    flat = region["ears"] * ears.covered
    for name, trust in _TRUST.items():
        data = np.where(region[name], np.minimum(data, np.maximum(trust, flat)), data)
    data = data * (1 - region["ears"] * (1 - np.maximum(ears.shown, ears.covered)))
    own = np.any([region[name] for name in _TRUST], axis=0) * (1 - flat)
    stiff = _smooth(skin, np.maximum(1 - open_, own), 2)
    near = _smooth(skin, region["ears"].astype(float), 2) * (1 - ears.covered)
    hold = near * _EAR_HOLD * (_UNSEEN_HOLD / _EAR_HOLD) ** (1 - ears.shown) if settings.hair and settings.ear_hold else 0 * near
    if not settings.hair:
        kept = _smooth(skin, (region["scalp"] | (region["neck"] & _behind(model, skin))).astype(float), _BLEND_RINGS)
        hold, data = np.maximum(hold, kept), data * (1 - kept) ** 2
    hairy = np.zeros(len(skin.ids)) if settings.hair else hairy_places(model, skin)
    ceiling = np.where(hairy > 0, _SHAVEN + _SLOPE * (1 - hairy) ** 2, _FREE)
    nape = region["neck"] & _behind(model, skin)
    reach = reach_of(model, skin, nape, head_height(model), hair=settings.hair, covered=ears.covered)
    hold = hold + settings.prior * data * reach.bare  # hair far from the fit counts too little to be held against
    return Zones(data, np.exp(np.log(settings.stiffness) * stiff), hold, ceiling, reach)


def exposure(model: HeadModel, skin: Skin) -> Float[np.ndarray, " S"]:
    """From how much of its own half space each skin vertex of the template is seen, (S,) in 0..1."""
    return _exposure(model)[skin.ids]


@lru_cache(maxsize=4)
def _exposure(model: HeadModel) -> Float[np.ndarray, " V"]:
    import torch

    from ..geometry.rasterizer import rasterize

    skin = Skin.of(model)
    points = model.template.astype(np.float64)[skin.ids]
    normals = skin.normals(points)
    points = points - points.mean(axis=0)
    scale = 2.2 * np.linalg.norm(points, axis=1).max() / _PIXELS
    triangles = torch.from_numpy(skin.triangles)
    seen, facing = np.zeros(len(points)), np.zeros(len(points))
    for forward in sphere(_DIRECTIONS):
        right = np.cross(forward, [0.3, 1.0, 0.2])
        right /= np.linalg.norm(right)
        up = np.cross(forward, right)
        xy = np.stack([points @ right, points @ up], axis=1) / scale + _PIXELS / 2
        depth = 1.0 - points @ forward
        image = rasterize(torch.from_numpy(xy), torch.from_numpy(depth), triangles, _PIXELS, _PIXELS).depth.numpy()
        column, row = np.clip(xy.astype(int), 0, _PIXELS - 1).T
        cosine = np.clip(normals @ forward, 0, None)
        visible = depth <= image[row, column] + 3 * scale
        seen += visible * cosine
        facing += cosine
    result = np.zeros(skin.count)
    result[skin.ids] = seen / np.maximum(facing, 1e-9)
    return result


def _rim(skin: Skin) -> np.ndarray:
    """1 on the skin's open border, fading over some rings: the surface is capped there."""
    t = skin.triangles
    edges, count = np.unique(
        np.sort(np.concatenate([t[:, :2], t[:, 1:], t[:, [2, 0]]]), axis=1), axis=0, return_counts=True
    )
    border = np.zeros(len(skin.ids), bool)
    border[edges[count == 1]] = True
    return np.mean([skin.spread(border, r) for r in range(4)], axis=0)


def _behind(model: HeadModel, skin: Skin) -> np.ndarray:
    neck = model.regions.get("neck", np.zeros(skin.count, bool))
    middle = np.median(model.template[neck, 2]) if neck.any() else 0.0
    return model.template[skin.ids, 2] < middle


def _smooth(skin: Skin, values: np.ndarray, rounds: int) -> np.ndarray:
    """Values that fade over some rings outside and stay full inside."""
    result = values.astype(np.float64)
    for _ in range(rounds):
        result = np.maximum(result, skin.smoothing @ result)
    return result
