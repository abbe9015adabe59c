"""The high band of a texture: what the photo shows beyond the smooth low band, on its own side and on the other.

Convention: rows and columns as in `atlas`. Worked number: a texel trusted by half beside texels without trust lends the
other side its own detail, and a trust of up to a half.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.sampling import sample
from ..shapes import Float32, Int
from .atlas import Atlas

_LEAST_TRUST: Final = 1e-3
"""Guard against division by zero: a texel that is trusted less has no colour to take."""


def high_layer(
    atlas: Atlas, high: Float32[np.ndarray, "N 3"], own: Float32[np.ndarray, " N"]
) -> Float32[np.ndarray, "S S 4"]:
    """The high band as a picture, times its trust, and the trust."""
    layer = np.zeros((atlas.size * atlas.size, 4), np.float32)

    def lay(part: slice) -> None:
        rows = part.start + np.flatnonzero(own[part] > 0)
        layer[atlas.texels[rows]] = np.concatenate([high[rows] * own[rows, None], own[rows, None]], axis=1)

    atlas.each_part(lay)
    return layer.reshape(atlas.size, atlas.size, 4)


def mirrored_detail(
    atlas: Atlas, layer: Float32[np.ndarray, "S S 4"], part: slice | Int[np.ndarray, " M"]
) -> tuple[Float32[np.ndarray, "M 3"], Float32[np.ndarray, " M"]]:
    """The high band of the other side at some texels, and how far it can be trusted."""
    place = atlas.mirror(part)
    taken = sample(layer, place.x, place.y)
    return taken[:, :3] / np.maximum(taken[:, 3:], _LEAST_TRUST), taken[:, 3] * place.known
