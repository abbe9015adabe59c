"""The skin that an open eye folds away: closing the lid brings it out, and no photo of an open eye shows it.

What the photo has there are a few rows of pixels: lashes, the crease, the eye itself. Drawn out by a blink they are
black smears and crumpled relief. That skin is what `eyeBlinkLeft` and `eyeBlinkRight` stretch; it takes the colour of
the skin around the lids, and no relief.

Convention: shares in 0..1. Worked number: skin of which 1 mm becomes 2 mm under a blink is folded away wholly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.principal_stretches import principal_stretches
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.once_per_model import once_per_model
from ..headmodel.smoother import softened
from ..shapes import Float32
from .atlas import GATHER_STEP, Atlas
from .texture_regions import TextureRegions

_BLINKS: Final = ("eyeBlinkLeft", "eyeBlinkRight")
_STRETCHED: Final = (0.25, 0.8)
"""Share by which a blink stretches skin from which it is folded away, not at all and wholly; chosen by eye on
public-domain portraits."""
_SMOOTH: Final = 0.5
"""Stiffness of the mesh's edges by which that share is spread around."""
_UNSURE: Final = (0.0, 0.1)
"""Share folded away between which a vertex' own colour comes to tell nothing of the skin around the lids."""
_RINGS: Final = 2
"""Rings of triangles about it whose colours are looked at."""
_STIFFNESS: Final = 0.02
"""Stiffness of the mesh's edges by which the colour around the lids is carried over them: little, for it shall follow
what is near."""


@once_per_model
def folded_lids(model: HeadModel) -> Float32[np.ndarray, " V"]:
    """How far each vertex (V,) is skin that an open eye folds away; 0 on a model without the keys of a blink."""
    none = np.zeros(len(model.template), np.float32)
    if not all(name in model.key_names for name in _BLINKS):
        return none
    blink = sum(model.key_basis[model.key_names.index(name)] for name in _BLINKS)
    stretched = principal_stretches(model.template, model.template + blink, model.triangles).stretched
    return softened(model, smoothstep(stretched, *_STRETCHED), stiffness=_SMOOTH)


def cover_folded_lids(
    atlas: Atlas,
    regions: TextureRegions,
    smoother: ScreenedPoisson,
    folded: Float32[np.ndarray, " V"],
    colours: Float32[np.ndarray, "N 3"],
) -> None:
    """Give skin that an open eye folds away the colour of the skin around the lids, in place.

    Args:
        atlas: the model's texels.
        regions: the model's regions.
        smoother: of its mesh.
        folded: (V,) from `folded_lids`.
        colours: (N, 3) sRGB 0..1 of the texels; written over.
    """
    if not folded.any():
        return
    rows = atlas.touched(folded > 0)
    near = folded > 0
    for _ in range(_RINGS):
        near = atlas.beside(near)
    some = atlas.touched(near)[::GATHER_STEP]
    found, seen = atlas.gather(colours[some], np.ones(len(some), np.float32), some)
    weight = seen * regions.outer_skin * (1 - regions.marked) * (1 - smoothstep(folded, *_UNSURE))
    around = smoother.solve(found, weight, stiffness=_STIFFNESS)
    spread = atlas.spread(np.concatenate([around, folded[:, None]], 1), rows)
    colours[rows] += spread[:, 3:] * (spread[:, :3] - colours[rows])
