"""Completes what the photo shows of the skin: low band over the mesh, high band from the photo or the mirrored side."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..shapes import Float32, Int
from .atlas import GATHER_STEP, Atlas
from .colour import LUMINANCE
from .membrane import MeshMembrane
from .numeric import sample, smoothstep
from .projection import Projected
from .strands import strands
from .symmetry import mirror_vertices
from .zones import Zones, scalp_share

_STIFFNESS: Final = 0.05
_MIRROR_TRUST: Final = 0.25
_PRIOR_TRUST: Final = 0.002
_FOREIGN_TRUST: Final = 0.05
_HAIR_PRIOR_TRUST: Final = 0.01
_SHINE: Final = 0.05
_STRANDS: Final = 0.025
_SHINE_KEPT: Final = 0.35
_BALANCE_STIFFNESS: Final = 8.0
_BALANCE_LIMIT: Final = 0.7


def complete(
    model: HeadModel, atlas: Atlas, zones: Zones, membrane: MeshMembrane, texels: Projected
) -> Float32[np.ndarray, "N 3"]:
    """Colours (N, 3), sRGB 0..1, of all texels as if they were skin."""
    mirror = mirror_vertices(model.template)
    texels = _balance(atlas, membrane, mirror, zones, texels)
    bands = _low_bands(atlas, zones, membrane, mirror, texels)
    low, high = np.empty_like(texels.colour), np.empty_like(texels.colour)
    own, covered = np.empty_like(texels.trust), np.empty_like(texels.trust)
    for part in atlas.parts:
        skin, low[part], covered[part] = _low_band(atlas.spread(bands, part), texels.scalp[part])
        own[part] = smoothstep(texels.trust[part], 0.15, 0.70)
        # lighter in all channels: no colour of skin
        shine = np.maximum((texels.colour[part] - skin).min(axis=1) - _SHINE, 0)
        shine *= (1 - _SHINE_KEPT) * (1 - texels.scalp[part])
        high[part] = texels.colour[part] - low[part] - shine[:, None]
    likeness, detail, hair_colour = texels.likeness, texels.detail, texels.hair_colour
    del texels  # its colours are tens of megabytes
    if hair_colour is not None:
        shown = covered * (likeness < 0.3) * own > 0.9
        low += _strands(model, atlas, covered * (1 - own), high[shown])[:, None]
    layer = _layer(atlas, high, own)
    for part in atlas.parts:
        mirrored, confidence = _mirrored(atlas, layer, part)
        share = (1 - own[part]) * confidence * atlas.spread(zones.paired[:, None], part)[:, 0]
        low[part] += (high[part] * own[part, None] + mirrored * share[:, None]) * detail[part, None]
    return low


def _strands(
    model: HeadModel, atlas: Atlas, share: Float32[np.ndarray, " N"], seen: Float32[np.ndarray, "S 3"]
) -> Float32[np.ndarray, " N"]:
    """Lightness of strands where hair is not seen (`share` 0..1), as strong as the seen hair's own structure."""
    out = np.zeros(len(share), np.float32)
    strength = 0.8 * float(np.std(seen.mean(axis=1))) if len(seen) > 200 else _STRANDS
    for part in atlas.parts:
        hidden = part.start + np.flatnonzero(share[part] > 0.01)
        light = strands(model, atlas.spread(model.template, hidden)) * min(strength, 1.5 * _STRANDS)
        out[hidden] = light * share[hidden]
    return out


def _balance(
    atlas: Atlas, membrane: MeshMembrane, mirror: Int[np.ndarray, " V"], zones: Zones, texels: Projected
) -> Projected:
    """Even what light is left between left and right, on a scale of centimetres: skin itself is alike on both sides."""
    some = slice(None, None, GATHER_STEP)
    trust = texels.trust[some] * texels.likeness[some] * texels.detail[some]
    colour, seen = atlas.gather(texels.colour[some], trust)
    lightness = np.log((colour**2.2 @ LUMINANCE).clip(min=1e-3))
    both = np.minimum(seen, seen[mirror]) * (1 - scalp_share(zones.hair))
    half = np.clip(0.5 * (lightness[mirror] - lightness), -_BALANCE_LIMIT, _BALANCE_LIMIT) * (both > 0)
    field = membrane.solve(half[:, None], both + 0.01, stiffness=_BALANCE_STIFFNESS)
    field = (field - field[mirror]) / 2
    colour = np.empty_like(texels.colour)
    for part in atlas.parts:
        colour[part] = np.clip(texels.colour[part] * np.exp(atlas.spread(field, part) / 2.2), 0, 1)
    return replace(texels, colour=colour)


def _low_bands(
    atlas: Atlas, zones: Zones, membrane: MeshMembrane, mirror: Int[np.ndarray, " V"], texels: Projected
) -> Float32[np.ndarray, "V 7"]:
    """Smooth colours of skin, the hair's less those, and the hairiness, solved on the vertices."""
    member = scalp_share(zones.hair)
    some = slice(None, None, GATHER_STEP)
    sampled = texels.colour[some]

    def stretched(trust: np.ndarray, where: np.ndarray, base: np.ndarray, prior: float) -> np.ndarray:
        colour, seen = atlas.gather(sampled, trust)
        seen = seen * smoothstep(where, 0.3, 0.9)
        other = _MIRROR_TRUST * seen[mirror] * (1 - smoothstep(seen, 0.0, 0.5))
        weight = seen + other + prior
        value = seen[:, None] * colour + other[:, None] * colour[mirror] + prior * base
        return membrane.solve(value / weight[:, None], weight, stiffness=_STIFFNESS)

    trust = texels.trust[some]
    bare = trust * (_FOREIGN_TRUST + (1 - _FOREIGN_TRUST) * texels.likeness[some])  # no hair, no cloth in the skin
    skin = stretched(bare, 1 - member, texels.skin_colour, _PRIOR_TRUST)
    if texels.hair_colour is None:  # a bald head: skin all over
        scalp = stretched(trust, member, texels.skin_colour, _PRIOR_TRUST)
    else:
        covered = trust * (1 - texels.likeness[some])
        scalp = stretched(covered, member, texels.hair_colour, _HAIR_PRIOR_TRUST)
    return np.concatenate([skin, scalp - skin, _hairiness(atlas, zones, membrane, mirror, texels)], axis=1)


def _low_band(
    bands: Float32[np.ndarray, "N 7"], scalp: Float32[np.ndarray, " N"]
) -> tuple[Float32[np.ndarray, "N 3"], Float32[np.ndarray, "N 3"], Float32[np.ndarray, " N"]]:
    """Colours (N, 3) of skin alone, and of skin and hair joined along the hairline; the hair's share (N,)."""
    share = scalp * bands[:, 6]
    return bands[:, :3], bands[:, :3] + bands[:, 3:6] * share[:, None], share


def _hairiness(
    atlas: Atlas, zones: Zones, membrane: MeshMembrane, mirror: Int[np.ndarray, " V"], texels: Projected
) -> Float32[np.ndarray, "V 1"]:
    """0..1, less than 1 where the photo shows a higher hairline than usual, on this side or on the other."""
    some = slice(None, None, GATHER_STEP)
    bare = smoothstep(texels.likeness[some], 0.6, 0.95)[:, None]
    share, seen = atlas.gather(bare, texels.trust[some] * texels.scalp[some])
    other = _MIRROR_TRUST * seen[mirror] * (1 - smoothstep(seen, 0.0, 0.5))
    weight = seen + other + _PRIOR_TRUST
    value = seen[:, None] * share + other[:, None] * share[mirror]
    field = membrane.solve(value / weight[:, None], weight, stiffness=_STIFFNESS)
    near = 1 - smoothstep(zones.hair, 0.35, 0.70)  # not on the crown
    return (1 - field * near[:, None]).astype(np.float32)


def _layer(
    atlas: Atlas, high: Float32[np.ndarray, "N 3"], own: Float32[np.ndarray, " N"]
) -> Float32[np.ndarray, "S S 4"]:
    """The high band as a picture, times its trust, and the trust."""
    layer = np.zeros((atlas.size * atlas.size, 4), np.float32)
    for part in atlas.parts:
        layer[atlas.texels[part]] = np.concatenate([high[part] * own[part, None], own[part, None]], axis=1)
    return layer.reshape(atlas.size, atlas.size, 4)


def _mirrored(
    atlas: Atlas, layer: Float32[np.ndarray, "S S 4"], part: slice
) -> tuple[Float32[np.ndarray, "M 3"], Float32[np.ndarray, " M"]]:
    """The high band of the other side at some texels, and how far it can be trusted."""
    taken = sample(layer, atlas.mirror_x[part], atlas.mirror_y[part])
    return taken[:, :3] / np.maximum(taken[:, 3:], 1e-3), taken[:, 3] * atlas.mirrored[part]
