"""Skin everywhere: what the photo shows of it, its light taken out, and the skin model where it shows none.

    seen colours -> skin model fitted to them -> what they depart from it by
    smooth departures in lightness are light, and go to the light; the others are the person's own, and are carried on
    to the other side and faded out where nothing is seen

Beard and brows are the person's; hair, hats, glasses, hands and clothes are nowhere (`Projected.trust` leaves them
out). Where hair grows the scalp has stubble of its colour.

Convention: the low band lives on the mesh's vertices, as logarithms of linear colours, `skin_model`; the high band on
the texels in sRGB. Worked number: a cheek that the photo shows a quarter darker than the model says, all over, is
light: the cheek becomes as the model says, and the light there 0.75 of what the harmonics told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from ..geometry.colour import LUMINANCE
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Bool, Float, Float32
from .atlas import Atlas
from .beard import carry_on_beard
from .high_band import high_layer, mirrored_detail
from .pores import Pores, measured_pores, pore_noise
from .projection import Projected
from .scalp import stubble
from .skin_model import skin_model
from .texture_regions import TextureRegions, scalp_share


@dataclass(frozen=True)
class SkinSettings:
    """How skin is completed. Weights are against 1 for a vertex whose texels are all trusted.

    All values were chosen by eye on the sample portraits.

    Attributes:
        stiffness: weight of an edge of the mesh in the departures from the skin model.
        uneven: weight of what is seen off brows, eyes, nose and lips: cheeks are even, and what is not is mostly light.
        mirror: weight of the other side's departure where this side is not seen.
        prior: weight of no departure.
        light_stiffness: weights of an edge in the field of light, of some centimetres' reach, then of one or two.
        light_prior: weight of no light beyond what the harmonics tell.
        light_outlier: departure in natural logarithms from which a vertex tells half as much of the light: brows, lips.
        light_limit: largest natural logarithm of that light.
        light_share: how much of what varies so smoothly is light, for lightness and for hue.
        shadow: departure in natural logarithms from which, off the features, a vertex counts half: shadows, hair.
        rounds: of reweighting.
        shine: sRGB by which a texel must be lighter than its low band in all channels to be a highlight.
        shine_kept: share of a highlight that stays.
        own: trust from which a texel's own detail counts, not at all and wholly.
        plain: trust from which a texel shows skin whose pores are measured.
        pore_stiffness: weight of an edge in the field of how strong pores are from place to place.
        pore_prior: weight of their usual strength in it.
        pore_range: least and largest strength against the usual one.
        middle: sRGB by which the middle band (some millimetres to a centimetre) may depart until half of it is taken
            for light or for what covers the skin.
        edge: the same from which the finest detail, too, counts half: the edge of a hard shadow.
        inward: weight of an edge in the field that tells how far inside the trusted skin a vertex lies.
        inside: that field's values from which the middle band is kept, not at all and wholly.
    """

    stiffness: float = 0.05
    uneven: float = 0.15
    mirror: float = 0.35
    prior: float = 0.003
    light_stiffness: tuple[float, ...] = (6.0, 0.8)
    light_prior: float = 0.02
    light_outlier: float = 0.5
    light_limit: float = 1.6
    light_share: tuple[float, float] = (0.9, 0.5)
    shadow: float = 0.22
    rounds: int = 3
    shine: float = 0.05
    shine_kept: float = 0.25
    own: tuple[float, float] = (0.15, 0.70)
    plain: float = 0.9
    pore_stiffness: float = 2.0
    pore_prior: float = 0.02
    pore_range: tuple[float, float] = (0.4, 1.6)
    middle: float = 0.04
    edge: float = 0.10
    inward: float = 4.0
    inside: tuple[float, float] = (0.55, 0.95)


_S: Final = SkinSettings()
_DARKEST: Final = 0.004
"""Linear colour below which no logarithm is taken."""
_HUE_LIMIT: Final = 0.2
"""Largest logarithm by which light changes a channel against lightness. Chosen by eye on the sample portraits."""
_GAMMA: Final = 2.2
"""Power that makes coded colours linear, near enough to sRGB's curve where only ratios count."""
_MEAN: Final = np.full(3, 1 / 3, np.float32)


class CompletedSkin(NamedTuple):
    """Skin of N texels and V vertices.

    Attributes:
        colour: (N, 3) sRGB 0..1.
        light: (V, 3) factor on linear colours that was taken out beyond the evidence's light.
    """

    colour: Float32[np.ndarray, "N 3"]
    light: Float32[np.ndarray, "V 3"]


class _Detail(NamedTuple):
    """Of N texels: what is beyond the low band, how far it is trusted, and how far it is beard or brows."""

    high: Float32[np.ndarray, "N 3"]
    own: Float32[np.ndarray, " N"]
    growth: Float32[np.ndarray, " N"]


class _LowBand(NamedTuple):
    """Skin on the vertices: logarithms of its linear colour, and of the light that was taken out."""

    skin: Float[np.ndarray, "V 3"]
    light: Float[np.ndarray, "V 3"]


def complete_skin(
    model: HeadModel, atlas: Atlas, regions: TextureRegions, smoother: ScreenedPoisson, texels: Projected
) -> CompletedSkin:
    """Colours of all texels as bare skin, with stubble where hair grows.

    Args:
        model: the head model.
        atlas: its texels.
        regions: its regions.
        smoother: of its mesh.
        texels: what the photo says; its `trust` leaves out what is no skin. Its `colour` and `detail` are written over:
            with tens of megabytes each, none of these arrays is had twice.
    """
    low = _low_band(model, atlas, regions, smoother, texels)
    skin = np.exp(low.skin / _GAMMA).astype(np.float32)
    darker = np.exp(-low.light / _GAMMA).astype(np.float32)
    both = np.concatenate([skin, darker], axis=1)
    high, own = texels.colour, texels.detail

    def beyond_low_band(part: slice) -> None:
        own[part] *= smoothstep(texels.trust[part], *_S.own)
        rows = part.start + np.flatnonzero(own[part] > 0)
        spread = atlas.spread(both, rows)
        departure = np.clip(texels.colour[rows] * spread[:, 3:], 0, 1) - spread[:, :3]
        least = np.minimum(np.minimum(departure[:, 0], departure[:, 1]), departure[:, 2])
        high[part] = 0
        high[rows] = departure - (np.maximum(least - _S.shine, 0) * (1 - _S.shine_kept))[:, None]

    atlas.each_part(beyond_low_band)
    _without_patches(atlas, regions, smoother, _Detail(high, own, texels.growth))
    layer = high_layer(atlas, high, own)
    plain = (texels.trust > _S.plain) & (texels.growth < 1 - _S.plain)
    pores = pore_noise(atlas.size, _pores(atlas, high, plain)).reshape(-1)
    colour = high  # each texel's high band makes room for its colour
    local = _local_strength(atlas, smoother, high, own * plain)
    painted = np.concatenate([skin, regions.paired[:, None], local[:, None]], axis=1).astype(np.float32)

    def joined(part: slice) -> None:
        told = own[part]
        colour[part] *= told[:, None]
        left = 1 - told**2
        spread = atlas.spread(painted, part)
        lent = part.start + np.flatnonzero((spread[:, 3] > 0) & (told < 1))
        mirrored, confidence = mirrored_detail(atlas, layer, lent)
        seen = np.flatnonzero(confidence)
        lent = lent[seen]
        share = (1 - own[lent]) * confidence[seen] * spread[lent - part.start, 3]
        colour[lent] += mirrored[seen] * share[:, None]
        left[lent - part.start] -= share**2
        left = np.sqrt(np.clip(left, 0, 1)) * pores[atlas.texels[part]] * spread[:, 4]
        colour[part] += spread[:, :3] + left[:, None]

    atlas.each_part(joined)
    del layer, pores
    stubble(model, atlas, smoother, texels, colour)
    carry_on_beard(model, atlas, smoother, texels, own=own, colour=colour)
    np.clip(colour, 0, 1, out=colour)
    return CompletedSkin(colour, np.exp(low.light).astype(np.float32))


def _low_band(
    model: HeadModel, atlas: Atlas, regions: TextureRegions, smoother: ScreenedPoisson, texels: Projected
) -> _LowBand:
    mirror, some = anatomy_of(model).mirror, atlas.samples
    gathered, seen = atlas.gather(_beside(texels.colour[some], texels.growth[some]), texels.trust[some])
    colour, growth = gathered[:, :3], gathered[:, 3]
    logs = np.log(np.maximum(colour.astype(np.float64) ** _GAMMA, _DARKEST))
    plain = seen * (1 - np.clip(1.5 * growth, 0, 1)) * (1 - scalp_share(regions.over_hairline))
    if plain.sum() <= 0:  # nothing is seen: the face's colour alone
        logs[:], plain = np.log(np.maximum(texels.skin_colour.astype(np.float64) ** _GAMMA, _DARKEST)), plain + 1
    fitted = skin_model(model).fitted(logs, plain * regions.outer_skin)
    departure = logs - fitted
    light = _light(smoother, departure, plain)
    rest = departure - light
    rest -= _median(rest, plain)
    return _LowBand(fitted + _carried_on(smoother, mirror, rest, seen, regions=regions, growth=growth), light)


def _light(
    smoother: ScreenedPoisson, departure: Float[np.ndarray, "V 3"], weights: Float[np.ndarray, " V"]
) -> Float[np.ndarray, "V 3"]:
    """What varies so smoothly that it is light: logarithms (V, 3)."""
    field = np.zeros_like(departure)
    for stiffness in _S.light_stiffness:
        for _ in range(_S.rounds):
            used = weights / (1 + (np.abs(departure - field).max(axis=1) / _S.light_outlier) ** 2)
            value = used[:, None] * departure / (used + _S.light_prior)[:, None]
            field = smoother.solve(value, used + _S.light_prior, stiffness=stiffness).astype(np.float64)
    bright = field @ LUMINANCE
    hue = field - bright[:, None]
    limited = np.clip(bright, -_S.light_limit, _S.light_limit)
    return _S.light_share[0] * limited[:, None] + _S.light_share[1] * np.clip(hue, -_HUE_LIMIT, _HUE_LIMIT)


def _median(values: Float[np.ndarray, "V 3"], weights: Float[np.ndarray, " V"]) -> Float[np.ndarray, "3"]:
    """The middle of what is seen, channel by channel."""
    return np.median(values[weights > np.max(weights) / 2], axis=0)


def _carried_on(
    smoother: ScreenedPoisson,
    mirror: np.ndarray,
    rest: Float[np.ndarray, "V 3"],
    seen: Float[np.ndarray, " V"],
    *,
    regions: TextureRegions,
    growth: Float[np.ndarray, " V"],
) -> Float[np.ndarray, "V 3"]:
    """Departures from the skin model that are the person's own, on this side, on the other, and faded beyond."""
    strange = (np.abs(rest).max(axis=1) / _S.shadow) ** 2 * (1 - np.maximum(regions.features, growth))
    seen = seen * (_S.uneven + (1 - _S.uneven) * np.maximum(regions.core, growth)) / (1 + strange)
    other = _S.mirror * seen[mirror] * (1 - smoothstep(seen, 0.0, 0.5))
    weight = seen + other + _S.prior
    value = seen[:, None] * rest + other[:, None] * rest[mirror]
    return smoother.solve(value / weight[:, None], weight, stiffness=_S.stiffness).astype(np.float64)


def _without_patches(atlas: Atlas, regions: TextureRegions, smoother: ScreenedPoisson, detail: _Detail) -> None:
    """Take the middle band out of `high`, in place, where it is strong or ends at the trusted skin's edge.

    A shadow's edge, hair's shine and what bounces off clothes would stand there as patches; brows, beard, lids and lips
    are the person's. What is finer than the mesh, wrinkles and pores, stays, and loses trust (`own`, in place) where
    the middle band is strongest.
    """
    (high, own, growth), some = detail, atlas.samples
    gathered, seen = atlas.gather(_beside(high[some], growth[some]), own[some])
    middle, grown = gathered[:, :3], gathered[:, 3]
    strong = (np.abs(middle).max(axis=1) / _S.middle) ** 2
    field = smoother.solve(seen[:, None], np.ones(len(seen)), stiffness=_S.inward)[:, 0]
    kept = smoothstep(field, *_S.inside) / (1 + strong)
    kept = np.maximum(kept, np.clip(np.maximum(1.5 * grown, regions.marked), 0, 1))
    edges = np.maximum(1 / (1 + strong * (_S.middle / _S.edge) ** 2), kept)
    taken = np.concatenate([middle * (1 - kept)[:, None], edges[:, None]], axis=1).astype(np.float32)

    def take_out(part: slice) -> None:
        rows = part.start + np.flatnonzero(own[part] > 0)
        spread = atlas.spread(taken, rows)
        high[rows] -= spread[:, :3]
        own[rows] *= spread[:, 3]

    atlas.each_part(take_out)


def _beside(colours: Float32[np.ndarray, "N 3"], more: Float32[np.ndarray, " N"]) -> Float32[np.ndarray, "N 4"]:
    """Three columns and a fourth: what is gathered together costs hardly more than one of them."""
    return np.concatenate([colours, more[:, None]], axis=1)


def _local_strength(
    atlas: Atlas, smoother: ScreenedPoisson, high: Float32[np.ndarray, "N 3"], plain: Float32[np.ndarray, " N"]
) -> Float32[np.ndarray, " V"]:
    """Pores around each vertex against those of all plain skin: a forehead is smoother than cheeks, within limits."""
    some = atlas.samples
    strength, seen = atlas.gather(np.abs(high[some] @ _MEAN)[:, None], plain[some])
    if seen.sum() <= 0:
        return np.ones(len(seen), np.float32)
    usual = float(np.median(strength[seen > np.max(seen) / 2]))
    value, weight = seen[:, None] * strength + _S.pore_prior * usual, seen + _S.pore_prior
    field = smoother.solve(value / weight[:, None], weight, stiffness=_S.pore_stiffness)[:, 0]
    return np.clip(field / max(usual, 1e-6), *_S.pore_range).astype(np.float32)


def _pores(atlas: Atlas, high: Float32[np.ndarray, "N 3"], plain: Bool[np.ndarray, " N"]) -> Pores:
    picture = np.zeros(atlas.size * atlas.size, np.float32)
    shown = np.zeros(atlas.size * atlas.size, bool)
    picture[atlas.texels], shown[atlas.texels] = high @ _MEAN, plain
    shape = (atlas.size, atlas.size)
    return measured_pores(picture.reshape(shape), shown.reshape(shape))
