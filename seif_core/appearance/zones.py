"""Where on a head model skin is safe to measure, and where the photo must be kept as it is.

The zones are laid out on the template in units of the distance between the eye joints, which every model with FLAME's
structure has: the brows lie about 0.4 above the eyes, the nose ends 0.7 below, the mouth 1.1, the chin 1.9.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.topology import PART_NAMES
from ..shapes import Bool, Float, Float32
from .numeric import smoothstep

_CHEEK: Final = ((0.30, 0.80), (-0.95, -0.35))  # |x|, y
_EAR_DEPTH: Final = -1.25
_HAIRLINE: Final = (  # degrees around the head from the face (0) over the ear (90) to the nape (180), and height
    *((0, 0.80), (20, 0.83), (30, 0.80), (42, 0.62), (55, 0.28), (68, 0.05)),
    *((76, -0.40), (90, -0.45), (100, -0.85), (115, -1.10), (140, -1.35), (180, -1.45)),
)
_ON_SCALP: Final = 0.3
"""Height above the hairline, in units of the eyes' distance, that counts wholly as scalp."""
_NOSE: Final = ((0.0, 0.16), (-0.55, -0.05))


@dataclass(frozen=True, eq=False)
class Zones:
    """Per-vertex masks of a model.

    Attributes:
        skin: (V,) bool, on the skin's surface and not inside the mouth.
        reliable: (V,) bool, cheeks and the bridge of the nose: skin in nearly every photo.
        features: (V,) float32 in 0..1, brows, eyes, nose, mouth, chin: the photo is kept whatever its colour.
        inner: (V,) float32 in 0..1, the face up to the hair: the photo may be bent here to meet landmarks.
        paired: (V,) float32 in 0..1, the face below the forehead: where one side may lend the other its detail.
        below: (V,) float32 in 0..1, under the chin, on neck and shoulders: the photo tells little, and shows clothes.
        core: (V,) float32 in 0..1, from brows to lips: colours other than the skin's are its own there.
        hair: (V,) float32, height above the hairline in units of the eyes' distance, negative on face, ears and neck.
        mouth: (V,) float32 in 0..1, the inside of the mouth, soft at its edge.
        light: (V,) bool, where the light is estimated: the outer skin without lids, lips and scalp.
    """

    skin: Bool[np.ndarray, " V"]
    reliable: Bool[np.ndarray, " V"]
    features: Float32[np.ndarray, " V"]
    inner: Float32[np.ndarray, " V"]
    paired: Float32[np.ndarray, " V"]
    below: Float32[np.ndarray, " V"]
    core: Float32[np.ndarray, " V"]
    hair: Float32[np.ndarray, " V"]
    mouth: Float32[np.ndarray, " V"]
    light: Bool[np.ndarray, " V"]


@lru_cache(maxsize=2)
def build_zones(model: HeadModel) -> Zones:
    """The zones of a model; cached."""
    eyes = model.joint_regressor[3:5] @ model.template
    unit = float(np.linalg.norm(eyes[0] - eyes[1]))
    x, y, z = ((model.template - eyes.mean(0)) / unit).T
    x = np.abs(x)
    nothing = np.zeros(len(model.template), bool)
    region = {
        name: model.regions.get(name, nothing)
        for name in ("scalp", "ears", "neck", "lids", "lips", "mouth_interior", "face")
    }
    skin = nothing.copy()
    skin[np.unique(model.faces[model.face_part == PART_NAMES.index("skin")].clip(min=0))] = True
    outer = skin & ~region["mouth_interior"]
    front = outer & ~region["lids"] & ~region["lips"] & (z > -0.9)
    reliable = front & (_inside(x, y, _CHEEK) | _inside(x, y, _NOSE))
    at_eyes = smoothstep(y, -0.45, -0.20)  # brows and lids reach farther out than nose, mouth and chin
    across = 1 - smoothstep(x - 0.25 * at_eyes, 0.55, 0.80)
    brow = 0.46 - 0.4 * np.maximum(x - 0.6, 0)  # falls towards the temples
    above = 1 - smoothstep(y - brow, 0.0, 0.12)
    below = smoothstep(y, -2.05, -1.85)
    features = across * above * below * smoothstep(z, -0.9, -0.5) * outer
    core = features * (1 - smoothstep(x - 0.2 * at_eyes, 0.45, 0.65)) * smoothstep(y, -1.65, -1.50)
    inner = (1 - smoothstep(x, 0.85, 1.15)) * below * smoothstep(z, -0.9, -0.5) * outer
    around = np.degrees(np.arctan2(x, z - _EAR_DEPTH))
    height = y - np.interp(around, *np.array(_HAIRLINE).T)
    return Zones(
        skin=outer,
        reliable=reliable,
        features=np.maximum(features, (region["lids"] | region["lips"]) & outer).astype(np.float32),
        inner=inner.astype(np.float32),
        paired=(inner * above).astype(np.float32),
        below=np.maximum(1 - smoothstep(y, -2.10, -1.85), region["neck"]).astype(np.float32),
        core=(np.maximum(core, region["lips"]) * outer).astype(np.float32),
        hair=np.where(skin & ~region["ears"], height, -1.0).astype(np.float32),
        mouth=region["mouth_interior"].astype(np.float32),
        light=front & ~region["scalp"] & region["face"],
    )


def with_hair(zones: Zones, share: Float[np.ndarray, " V"]) -> Zones:
    """The zones of a head on which more than the scalp is hair, each vertex as far as `share` (V,) says, 0..1."""
    raised = np.maximum(zones.hair, _ON_SCALP)
    return replace(zones, hair=(zones.hair + share * (raised - zones.hair)).astype(np.float32))


def _inside(x: np.ndarray, y: np.ndarray, box: tuple[tuple[float, float], tuple[float, float]]) -> np.ndarray:
    (x0, x1), (y0, y1) = box
    return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)


def scalp_share(hair: Float[np.ndarray, " N"]) -> Float32[np.ndarray, " N"]:
    """How far a place with that height above the hairline belongs to the scalp, 0..1."""
    return smoothstep(hair, -0.08, 0.12).astype(np.float32)
