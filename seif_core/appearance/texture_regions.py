"""Where on a head model the texture takes the photo as it is, mends it, or does without.

The regions are laid out on the template in eye distances from the middle between the eyes (`anatomy.from_the_eyes`),
which every model with FLAME's structure has: the brows lie about 0.4 above the eyes, the nose ends 0.7 below, the mouth
1.1, the chin 1.9. Their borders were drawn by eye on the Open head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..evidence.skin_samples import FRONT
from ..geometry.sampling import smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..shapes import Bool, Float, Float32

_ON_SCALP: Final = 0.3
"""Eye distances above the hairline that count wholly as scalp."""
_HAIRLINE_WIDTH: Final = (-0.08, 0.12)
"""Eye distances over the hairline between which skin goes over into scalp."""
_FRONT_FADE: Final = (FRONT, -0.5)
"""Eye distances behind the eyes between which the face goes over into the sides of the head."""
_EYE_LEVEL: Final = (-0.45, -0.20)
"""Height at which the face widens: brows and lids reach farther out than nose, mouth and chin."""
_BROW: Final = 0.46
"""Height of the brows' upper edge."""
_BROW_FALL: Final = (0.6, 0.4)
"""Distance from the middle from which that edge falls towards the temples, and how steeply."""
_BROW_FADE: Final = 0.12
_CHIN_FADE: Final = (-2.05, -1.85)
"""Heights between which the chin goes over into the neck."""
_NECK_FADE: Final = (-2.10, -1.85)
_LIP_FADE: Final = (-1.65, -1.50)
"""Heights between which the lips go over into the chin."""
_FEATURES: Final = (0.25, 0.55, 0.80)
"""How much wider the features are at the eyes, and the distances from the middle between which they fade."""
_CORE: Final = (0.2, 0.45, 0.65)
"""The same of the core."""
_INNER: Final = (0.85, 1.15)
"""Distances from the middle between which the face that may be bent fades."""


@dataclass(frozen=True, eq=False)
class TextureRegions:
    """Per-vertex masks of a model.

    Attributes:
        outer_skin: (V,) bool, on the skin's surface and not inside the mouth.
        features: (V,) float32 in 0..1, brows, eyes, nose, mouth, chin: the photo is kept whatever its colour.
        inner: (V,) float32 in 0..1, the face up to the hair: the photo may be bent here to meet landmarks.
        paired: (V,) float32 in 0..1, the face below the forehead: where one side may lend the other its detail.
        below: (V,) float32 in 0..1, under the chin, on neck and shoulders: the photo tells little, and shows clothes.
        core: (V,) float32 in 0..1, from brows to lips: colours other than the skin's are its own there.
        marked: (V,) float32 in 0..1, lids and lips: darker or redder than skin on every face.
        over_hairline: (V,) float32, height above the hairline in eye distances, negative on face, ears and neck.
        mouth: (V,) float32 in 0..1, the inside of the mouth, soft at its edge.
    """

    outer_skin: Bool[np.ndarray, " V"]
    features: Float32[np.ndarray, " V"]
    inner: Float32[np.ndarray, " V"]
    paired: Float32[np.ndarray, " V"]
    below: Float32[np.ndarray, " V"]
    core: Float32[np.ndarray, " V"]
    marked: Float32[np.ndarray, " V"]
    over_hairline: Float32[np.ndarray, " V"]
    mouth: Float32[np.ndarray, " V"]


@once_per_model
def texture_regions(model: HeadModel) -> TextureRegions:
    """The regions of a model."""
    anatomy, none = anatomy_of(model), np.zeros(len(model.template), bool)
    x, y, z = anatomy.from_the_eyes(model.template).T
    x, outer = np.abs(x), anatomy.outer_skin
    lids, lips, neck, mouth = (model.regions.get(name, none) for name in ("lids", "lips", "neck", "mouth_interior"))
    at_eyes = smoothstep(y, *_EYE_LEVEL)
    across = 1 - smoothstep(x - _FEATURES[0] * at_eyes, *_FEATURES[1:])
    brow = _BROW - _BROW_FALL[1] * np.maximum(x - _BROW_FALL[0], 0)
    above = 1 - smoothstep(y - brow, 0.0, _BROW_FADE)
    below, front = smoothstep(y, *_CHIN_FADE), smoothstep(z, *_FRONT_FADE)
    features = across * above * below * front * outer
    core = features * (1 - smoothstep(x - _CORE[0] * at_eyes, *_CORE[1:])) * smoothstep(y, *_LIP_FADE)
    inner = (1 - smoothstep(x, *_INNER)) * below * front * outer
    return TextureRegions(
        outer_skin=outer,
        features=np.maximum(features, (lids | lips) & outer).astype(np.float32),
        inner=inner.astype(np.float32),
        paired=(inner * above).astype(np.float32),
        below=np.maximum(1 - smoothstep(y, *_NECK_FADE), neck).astype(np.float32),
        core=(np.maximum(core, lips) * outer).astype(np.float32),
        marked=((lids | lips) & outer).astype(np.float32),
        over_hairline=anatomy.over_hairline,
        mouth=mouth.astype(np.float32),
    )


def with_hair(regions: TextureRegions, share: Float[np.ndarray, " V"]) -> TextureRegions:
    """The regions of a head on which more than the scalp is hair, each vertex as far as `share` (V,) says, 0..1."""
    height = regions.over_hairline
    raised = np.maximum(height, _ON_SCALP)
    return replace(regions, over_hairline=(height + share * (raised - height)).astype(np.float32))


def scalp_share(over_hairline: Float[np.ndarray, " N"]) -> Float32[np.ndarray, " N"]:
    """How far a place with that height above the hairline, in eye distances, belongs to the scalp, 0..1."""
    return smoothstep(over_hairline, *_HAIRLINE_WIDTH).astype(np.float32)
