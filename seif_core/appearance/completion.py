"""Completes what the photo shows of the skin: low band over the mesh, high band from the photo or the mirrored side."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..shapes import Float32
from .atlas import Atlas
from .membrane import MeshMembrane
from .numeric import sample, smoothstep
from .projection import Projected
from .symmetry import mirror_vertices
from .zones import Zones

_GATHER_STEP: Final = 3
_STIFFNESS: Final = 0.05
_MIRROR_TRUST: Final = 0.25
_PRIOR_TRUST: Final = 0.002


def complete(
    model: HeadModel, atlas: Atlas, zones: Zones, membrane: MeshMembrane, texels: Projected
) -> Float32[np.ndarray, "M 3"]:
    """Colours (M, 3), sRGB 0..1, of the skin's texels."""
    low = atlas.spread(_low_band(model, atlas, zones, membrane, texels), texels.chosen)
    high = texels.colour - low
    own = smoothstep(texels.trust, 0.05, 0.60).astype(np.float32)
    out = low + high * own[:, None]
    mirrored, confidence = _mirrored(atlas, texels, high, own)
    share = (1 - own) * confidence
    return out + mirrored * share[:, None]


def _low_band(
    model: HeadModel, atlas: Atlas, zones: Zones, membrane: MeshMembrane, texels: Projected
) -> Float32[np.ndarray, "V 3"]:
    """Smooth colours (V, 3): skin and scalp solved apart, joined by the scalp's soft mask."""
    count = len(model.template)
    some = slice(None, None, _GATHER_STEP)
    colour, seen = atlas.gather(texels.colour[some], texels.trust[some], texels.chosen[some], count)
    mirror = mirror_vertices(model.template)

    def stretched(member: np.ndarray, base: np.ndarray) -> np.ndarray:
        trust = seen * smoothstep(member, 0.3, 0.9)
        other = _MIRROR_TRUST * trust[mirror] * (1 - smoothstep(trust, 0.0, 0.5))
        weight = trust + other + _PRIOR_TRUST
        value = trust[:, None] * colour + other[:, None] * colour[mirror] + _PRIOR_TRUST * base
        return membrane.solve(value / weight[:, None], weight, stiffness=_STIFFNESS)

    skin = stretched(1 - zones.scalp, texels.skin_colour)
    shown = seen * zones.scalp
    if shown.sum() < 3:  # the photo shows nothing of the scalp
        return skin
    hair = stretched(zones.scalp, np.average(colour, axis=0, weights=shown))
    return skin + (hair - skin) * zones.scalp[:, None]


def _mirrored(
    atlas: Atlas, texels: Projected, high: Float32[np.ndarray, "M 3"], own: Float32[np.ndarray, " M"]
) -> tuple[Float32[np.ndarray, "M 3"], Float32[np.ndarray, " M"]]:
    """The high band of the other side at each texel, and how far it can be trusted."""
    layer = np.zeros((atlas.size * atlas.size, 4), np.float32)
    layer[atlas.texels[texels.chosen]] = np.concatenate([high * own[:, None], own[:, None]], axis=1)
    x, y = atlas.mirror_x[texels.chosen], atlas.mirror_y[texels.chosen]
    taken = sample(layer.reshape(atlas.size, atlas.size, 4), x, y)
    confidence = taken[:, 3] * atlas.mirrored[texels.chosen]
    return taken[:, :3] / np.maximum(taken[:, 3:], 1e-3), confidence
