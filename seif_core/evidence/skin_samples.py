"""Where on a head model the photo's light and skin colour are measured: skin that hair, lids and lips seldom cover.

The places are laid out on the template in eye distances from the middle between the eyes (`anatomy.from_the_eyes`): the
brows lie about 0.4 above, the nose ends 0.7 below, the mouth 1.1, the chin 1.9.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..shapes import Bool

_CHEEK: Final = ((0.30, 0.80), (-0.95, -0.35))
"""From and to, in eye distances: away from the middle, and up. Drawn by eye on the Open head, as the nose's."""
_NOSE: Final = ((0.0, 0.16), (-0.55, -0.05))
"""The bridge of the nose, likewise."""
FRONT: Final = -0.9
"""Eye distances behind the eyes up to which skin is the face's, not the neck's or the back's."""


class SkinSamples(NamedTuple):
    """Per-vertex masks of a model.

    Attributes:
        reliable: (V,) cheeks and the bridge of the nose: skin in nearly every photo.
        light: (V,) where the light is estimated: the face's outer skin without lids, lips and scalp.
    """

    reliable: Bool[np.ndarray, " V"]
    light: Bool[np.ndarray, " V"]


@once_per_model
def skin_samples(model: HeadModel) -> SkinSamples:
    """Where skin is measured on a model."""
    anatomy, none = anatomy_of(model), np.zeros(len(model.template), bool)
    x, y, z = anatomy.from_the_eyes(model.template).T
    lids, lips, scalp, face = (model.regions.get(name, none) for name in ("lids", "lips", "scalp", "face"))
    front = anatomy.outer_skin & ~lids & ~lips & (z > FRONT)
    reliable = front & (_inside(np.abs(x), y, _CHEEK) | _inside(np.abs(x), y, _NOSE))
    return SkinSamples(reliable, front & ~scalp & face)


def _inside(x: np.ndarray, y: np.ndarray, box: tuple[tuple[float, float], tuple[float, float]]) -> np.ndarray:
    (x0, x1), (y0, y1) = box
    return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
