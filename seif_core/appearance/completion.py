"""Completes what the photo shows of the skin: low band over the mesh, high band from the photo or the mirrored side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..geometry.colour import LUMINANCE
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Float32, Int
from .atlas import Atlas
from .high_band import high_layer, mirrored_detail
from .projection import Projected
from .strands import strands
from .texture_regions import TextureRegions, scalp_share


@dataclass(frozen=True)
class CompletionSettings:
    """How unseen skin and hair are completed. Weights are against 1 for a vertex whose texels are all trusted.

    All values were chosen by eye on the sample portraits.

    Attributes:
        stiffness: weight of an edge of the mesh in the low band.
        mirror: weight of the other side's colour where this side is not seen.
        prior: weight of the skin's own colour everywhere.
        foreign: trust left to a pixel that does not look like skin.
        hair_prior: weight of the hair's own colour on the scalp.
        shine: sRGB by which a texel must be lighter than its low band in all channels to be a highlight.
        shine_kept: share of a highlight that stays.
        balance_stiffness: weight of an edge in the field that evens left and right: some centimetres' reach.
        balance_limit: largest logarithm of lightness that is evened.
        own: trust from which a texel's own detail counts, not at all and wholly.
        strands: standard deviation in sRGB of painted strands where the photo shows no hair to measure it on.
        strands_kept: share of the seen hair's own standard deviation that painted strands have.
        strands_most: largest standard deviation of painted strands, in `strands`.
        hair_like: likeness to skin below which a texel on the scalp shows hair.
        bare: likeness to skin from which the scalp is bare, not at all and wholly.
        crown: eye distances over the hairline between which a bare forehead ends: the crown has hair.
    """

    stiffness: float = 0.05
    mirror: float = 0.25
    prior: float = 0.002
    foreign: float = 0.05
    hair_prior: float = 0.01
    shine: float = 0.05
    shine_kept: float = 0.35
    balance_stiffness: float = 8.0
    balance_limit: float = 0.7
    own: tuple[float, float] = (0.15, 0.70)
    strands: float = 0.025
    strands_kept: float = 0.8
    strands_most: float = 1.5
    hair_like: float = 0.3
    bare: tuple[float, float] = (0.6, 0.95)
    crown: tuple[float, float] = (0.35, 0.70)


_S: Final = CompletionSettings()
_LEAST_HAIR: Final = 200
"""Texels of seen hair from which its structure is measured."""
_MEMBER: Final = (0.3, 0.9)
"""Share of a vertex in skin or scalp between which its colour counts for that of skin or scalp."""
_DARKEST: Final = 1e-3
"""Linear lightness below which logarithms are not taken."""
_SHOWN: Final = 0.9
"""Certainty from which a texel shows hair as it is. Chosen by eye on the sample portraits."""
_LEAST_SHARE: Final = 0.01
"""Share of unseen hair below which a texel gets no strands."""
_BALANCE_PRIOR: Final = 0.01
"""Weight of no difference between the sides, against 1 for what is seen. Chosen by eye on the sample portraits."""
_GAMMA: Final = 2.2
"""Power that makes coded colours linear, near enough to sRGB's curve where only ratios count."""


def complete(
    model: HeadModel, atlas: Atlas, regions: TextureRegions, smoother: ScreenedPoisson, texels: Projected
) -> Float32[np.ndarray, "N 3"]:
    """Colours (N, 3), sRGB 0..1, of all texels as if they were skin."""
    mirror = anatomy_of(model).mirror
    texels = _balance(atlas, smoother, mirror, regions, texels)
    bands = _low_bands(atlas, regions, smoother, mirror, texels)
    low, high = np.empty_like(texels.colour), np.empty_like(texels.colour)
    own, covered = np.empty_like(texels.trust), np.empty_like(texels.trust)
    for part in atlas.parts:
        skin, low[part], covered[part] = _low_band(atlas.spread(bands, part), texels.scalp[part])
        own[part] = smoothstep(texels.trust[part], *_S.own)
        # lighter in all channels: no colour of skin
        shine = np.maximum((texels.colour[part] - skin).min(axis=1) - _S.shine, 0)
        shine *= (1 - _S.shine_kept) * (1 - texels.scalp[part])
        high[part] = texels.colour[part] - low[part] - shine[:, None]
    likeness, detail, hair_colour = texels.likeness, texels.detail, texels.hair_colour
    del texels  # its colours are tens of megabytes
    if hair_colour is not None:
        shown = covered * (likeness < _S.hair_like) * own > _SHOWN
        low += _strands(model, atlas, covered * (1 - own), high[shown])[:, None]
    layer = high_layer(atlas, high, own)
    for part in atlas.parts:
        mirrored, confidence = mirrored_detail(atlas, layer, part)
        share = (1 - own[part]) * confidence * atlas.spread(regions.paired[:, None], part)[:, 0]
        low[part] += (high[part] * own[part, None] + mirrored * share[:, None]) * detail[part, None]
    return low


def _strands(
    model: HeadModel, atlas: Atlas, share: Float32[np.ndarray, " N"], seen: Float32[np.ndarray, "S 3"]
) -> Float32[np.ndarray, " N"]:
    """Lightness of strands where hair is not seen (`share` 0..1), as strong as the seen hair's own structure."""
    out = np.zeros(len(share), np.float32)
    strength = _S.strands_kept * float(np.std(seen.mean(axis=1))) if len(seen) > _LEAST_HAIR else _S.strands
    for part in atlas.parts:
        hidden = part.start + np.flatnonzero(share[part] > _LEAST_SHARE)
        light = strands(model, atlas.spread(model.template, hidden)) * min(strength, _S.strands_most * _S.strands)
        out[hidden] = light * share[hidden]
    return out


def _balance(
    atlas: Atlas, smoother: ScreenedPoisson, mirror: Int[np.ndarray, " V"], regions: TextureRegions, texels: Projected
) -> Projected:
    """Even what light is left between left and right, on a scale of centimetres: skin itself is alike on both sides."""
    some = atlas.samples
    trust = texels.trust[some] * texels.likeness[some] * texels.detail[some]
    colour, seen = atlas.gather(texels.colour[some], trust)
    lightness = np.log((colour**_GAMMA @ LUMINANCE).clip(min=_DARKEST))
    both = np.minimum(seen, seen[mirror]) * (1 - scalp_share(regions.over_hairline))
    half = np.clip(0.5 * (lightness[mirror] - lightness), -_S.balance_limit, _S.balance_limit) * (both > 0)
    field = smoother.solve(half[:, None], both + _BALANCE_PRIOR, stiffness=_S.balance_stiffness)
    field = (field - field[mirror]) / 2
    colour = np.empty_like(texels.colour)
    for part in atlas.parts:
        colour[part] = np.clip(texels.colour[part] * np.exp(atlas.spread(field, part) / _GAMMA), 0, 1)
    return replace(texels, colour=colour)


def _low_bands(
    atlas: Atlas, regions: TextureRegions, smoother: ScreenedPoisson, mirror: Int[np.ndarray, " V"], texels: Projected
) -> Float32[np.ndarray, "V 7"]:
    """Smooth colours of skin, the hair's less those, and the hairiness, solved on the vertices."""
    member = scalp_share(regions.over_hairline)
    some = atlas.samples
    sampled = texels.colour[some]

    def stretched(trust: np.ndarray, where: np.ndarray, base: np.ndarray, prior: float) -> np.ndarray:
        colour, seen = atlas.gather(sampled, trust)
        seen = seen * smoothstep(where, *_MEMBER)
        other = _S.mirror * seen[mirror] * (1 - smoothstep(seen, 0.0, 0.5))
        weight = seen + other + prior
        value = seen[:, None] * colour + other[:, None] * colour[mirror] + prior * base
        return smoother.solve(value / weight[:, None], weight, stiffness=_S.stiffness)

    trust = texels.trust[some]
    bare = trust * (_S.foreign + (1 - _S.foreign) * texels.likeness[some])  # no hair, no cloth in the skin
    skin = stretched(bare, 1 - member, texels.skin_colour, _S.prior)
    if texels.hair_colour is None:  # a bald head: skin all over
        scalp = stretched(trust, member, texels.skin_colour, _S.prior)
    else:
        covered = trust * (1 - texels.likeness[some])
        scalp = stretched(covered, member, texels.hair_colour, _S.hair_prior)
    return np.concatenate([skin, scalp - skin, _hairiness(atlas, regions, smoother, mirror, texels)], axis=1)


def _low_band(
    bands: Float32[np.ndarray, "N 7"], scalp: Float32[np.ndarray, " N"]
) -> tuple[Float32[np.ndarray, "N 3"], Float32[np.ndarray, "N 3"], Float32[np.ndarray, " N"]]:
    """Colours (N, 3) of skin alone, and of skin and hair joined along the hairline; the hair's share (N,)."""
    share = scalp * bands[:, 6]
    return bands[:, :3], bands[:, :3] + bands[:, 3:6] * share[:, None], share


def _hairiness(
    atlas: Atlas, regions: TextureRegions, smoother: ScreenedPoisson, mirror: Int[np.ndarray, " V"], texels: Projected
) -> Float32[np.ndarray, "V 1"]:
    """0..1, less than 1 where the photo shows a higher hairline than usual, on this side or on the other."""
    some = atlas.samples
    bare = smoothstep(texels.likeness[some], *_S.bare)[:, None]
    share, seen = atlas.gather(bare, texels.trust[some] * texels.scalp[some])
    other = _S.mirror * seen[mirror] * (1 - smoothstep(seen, 0.0, 0.5))
    weight = seen + other + _S.prior
    value = seen[:, None] * share + other[:, None] * share[mirror]
    field = smoother.solve(value / weight[:, None], weight, stiffness=_S.stiffness)
    near = 1 - smoothstep(regions.over_hairline, *_S.crown)  # not on the crown
    return (1 - field * near[:, None]).astype(np.float32)
