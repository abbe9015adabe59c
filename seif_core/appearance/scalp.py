"""The scalp of a bald skin head: stubble of the hair's colour where hair grows, so that gaps in hair show no bald skin.

Where hair grows is told by the usual hairline, and by the photo where it shows a bare scalp: a high forehead, a bald
crown. Its edge is soft and not straight. Where skin is seen beside hair no stubble lies between them.

Convention: heights over the hairline in eye distances, as in `anatomy.over_hairline`; colours sRGB. Worked number: skin
of 0.7 under hair of 0.1, where stubble covers by 0.6, has 0.34 in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Float, Float32, UInt8
from .atlas import Atlas
from .mirrored_field import mirrored_field
from .noise import kept_noise
from .projection import Projected
from .texture_regions import scalp_share


@dataclass(frozen=True)
class StubbleSettings:
    """How stubble looks. All values were chosen by eye on the sample portraits.

    Attributes:
        edge: heights over the hairline between which stubble begins, none and wholly.
        uneven: standard deviation of that height from place to place, in patches and in single hairs.
        cover: share of the skin that stubble covers.
        grain: by how much the share varies from hair to hair, standard deviation.
        width: Gaussian of a hair's cut end in texels of a texture of 2048.
        mirror: weight of the other side where this side is not seen.
        prior: weight of the usual hairline.
        stiffness: weight of an edge of the mesh.
        darkest: sRGB that no stubble is darker than: cut ends stand in lit skin.
    """

    edge: tuple[float, float] = (-0.15, 0.45)
    uneven: tuple[float, float] = (0.03, 0.06)
    cover: float = 0.72
    grain: float = 0.14
    width: float = 0.8
    mirror: float = 0.3
    prior: float = 0.05
    stiffness: float = 0.2
    darkest: float = 0.07


_S: Final = StubbleSettings()
_REFERENCE: Final = 2048
"""Side of the texture that widths are told for."""
_PATCH: Final = 12.0
"""Gaussian of the patches in which the hairline is uneven, texels of a texture of 2048: 4 mm."""
_BESIDE: Final = 20.0
"""Texels of a texture of 2048 from skin that the photo shows, 7 mm, within which it tells where hair ends."""
_HAIR: Final = (0.3, 0.7)
"""Share of hair in the photo between which that is. Chosen by eye, as is what lies above."""
_SEED: Final = 5
"""Which noise; any number would do."""


def stubble(
    model: HeadModel,
    atlas: Atlas,
    smoother: ScreenedPoisson,
    texels: Projected,
    colour: Float32[np.ndarray, "N 3"],
) -> None:
    """Lay stubble over the scalp in `colour` (N, 3), sRGB; none on a head without hair.

    Args:
        model: the head model.
        atlas: its texels.
        smoother: of its mesh.
        texels: what the photo says.
        colour: the skin, changed in place.
    """
    if texels.hair_colour is None:
        return
    hair = np.maximum(texels.hair_colour, _S.darkest)
    over = anatomy_of(model).over_hairline
    values = np.stack([over, growth(model, atlas, smoother, texels)], axis=1)
    near_skin = _near_skin(atlas, texels.trust)
    grain, patches = _noise(atlas, _S.width), _noise(atlas, _PATCH)

    def grow(part: slice) -> None:
        near = atlas.touched(over > _S.edge[0] - 0.5, part)
        height, grown = atlas.spread(values, near).T
        kept = (height > _S.edge[0] - 0.5) & (grown > 0)
        where, height, grown = near[kept], height[kept], grown[kept]
        at = atlas.texels[where]
        single = grain[at].astype(np.float32)
        uneven = _S.uneven[0] * patches[at].astype(np.float32) + _S.uneven[1] * single
        grown = grown * (1 - near_skin[at] / np.float32(255) * (1 - smoothstep(texels.covered[where], *_HAIR)))
        share = smoothstep(height + uneven, *_S.edge) * grown * (_S.cover + _S.grain * single)
        colour[where] += (hair - colour[where]) * np.clip(share, 0, 1)[:, None]

    atlas.each_part(grow)


def growth(model: HeadModel, atlas: Atlas, smoother: ScreenedPoisson, texels: Projected) -> Float[np.ndarray, " V"]:
    """How far hair grows on each vertex (V,), 0..1: 1 but for what is bare above the hairline, seen or told."""
    some, mirror = atlas.samples, anatomy_of(model).mirror
    bare = texels.trust[some, None] * (1 - texels.covered[some, None])
    seen_texels = np.maximum(texels.trust[some], texels.covered[some])
    shown, seen = atlas.gather(bare, seen_texels)
    if texels.bare is not None:  # a highlight has no colour to be trusted, but no hair either
        shown, seen = np.maximum(shown, texels.bare[:, None]), np.maximum(seen, texels.bare)
    seen = seen * scalp_share(anatomy_of(model).over_hairline)
    field = mirrored_field(smoother, shown, seen, mirror, mirrored=_S.mirror, prior=_S.prior, stiffness=_S.stiffness)
    grown = 1 - smoothstep(field, 0.25, 0.75)
    return grown if texels.bald is None else grown * (1 - texels.bald)


def _near_skin(atlas: Atlas, trust: Float32[np.ndarray, " N"]) -> UInt8[np.ndarray, " P"]:
    """How far skin is seen at each texel or a little beside it, 0..255: none is trusted right at hair."""
    seen = np.zeros(atlas.size**2, np.uint8)
    seen[atlas.texels] = np.rint(255 * trust)
    across = 2 * round(_BESIDE * atlas.size / _REFERENCE) + 1
    grown = cv2.dilate(seen.reshape(atlas.size, -1), np.ones((across, across), np.uint8))
    return np.asarray(cv2.blur(grown, (across, across)), np.uint8).reshape(-1)


def _noise(atlas: Atlas, width: float) -> Float[np.ndarray, " P"]:
    """Noise on all pixels of the texture, the same on every head: a Gaussian of that many texels at 2048."""
    return kept_noise(_SEED, atlas.size, width * atlas.size / _REFERENCE).reshape(-1)
