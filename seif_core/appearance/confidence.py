"""How far a head's colours are seen in the photos, mirrored from the other side, or guessed.

Convention: shares per vertex, columns seen, mirrored, guessed, which sum to 1. Worked number: a cheek that the photo
shows to 0.25 and whose other side it shows wholly is 0.25 seen, 0.75 mirrored. What is no outer skin (eyeballs, teeth,
tongue, the mouth's lining) is made after a model of it: guessed.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.sampling import smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Float32
from .atlas import Atlas
from .skin_completion import SkinSettings
from .texture_regions import TextureRegions

_OWN: Final = SkinSettings().own
"""Trust from which a texel's detail is the photo's own, not at all and wholly."""


def vertex_confidence(
    model: HeadModel, atlas: Atlas, regions: TextureRegions, trust: Float32[np.ndarray, " N"]
) -> Float32[np.ndarray, "V 3"]:
    """The shares (V, 3) of a model's vertices.

    Args:
        model: the head model.
        atlas: its texels.
        regions: its regions.
        trust: (N,) how well the photos show each texel (`projection.Projected`).
    """
    some = smoothstep(trust[atlas.samples], *_OWN).astype(np.float32)
    seen = atlas.gather(np.zeros((len(some), 1), np.float32), some)[1] * regions.outer_skin
    seen = np.clip(seen, 0, 1)
    mirrored = (1 - seen) * seen[anatomy_of(model).mirror] * regions.outer_skin
    return np.stack([seen, mirrored, np.clip(1 - seen - mirrored, 0, 1)], axis=1).astype(np.float32)


def nothing_seen(model: HeadModel) -> Float32[np.ndarray, "V 3"]:
    """The shares (V, 3) of a head that no photo shows."""
    shares = np.zeros((len(model.template), 3), np.float32)
    shares[:, 2] = 1
    return shares
