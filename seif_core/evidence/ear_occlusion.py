"""Whether hair covers the ears: what the parsing sees where the fitted ears are.

Convention: left and right are the subject's; the model's +X is the left. Worked number: an ear of which 0.575 of the
pixels are hair is covered by 0.5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Bool, Float32
from .mesh_view import MeshView
from .settings import EarOcclusionSettings

_LIKELIER: Final = 0.5
"""Share of hair from which a pixel is hair rather than not."""


class EarOcclusion(NamedTuple):
    """How far hair covers each ear, 0..1; an ear that the photo does not show is taken to be like the other one."""

    left: float = 0.0
    right: float = 0.0


def ear_occlusion(
    model: HeadModel,
    hair: Float32[np.ndarray, "h w"],
    view: MeshView,
    inside: Float32[np.ndarray, "h w"],
    settings: EarOcclusionSettings | None = None,
) -> EarOcclusion:
    """Look at what the parsing sees where both ears are.

    Args:
        model: the head model.
        hair: (h, w) share of hair and headwear.
        view: the fitted mesh in the picture.
        inside: (h, w) 0..1, 0 at the edge of the person's mask and outside.
        settings: see `EarOcclusionSettings`.
    """
    if "ears" not in model.regions:
        return EarOcclusion()
    s, covered = settings or EarOcclusionSettings(), hair > _LIKELIER
    ears, left = model.regions["ears"], anatomy_of(model).left
    painted = view.paint(model.triangles, np.stack([ears & left, ears & ~left], axis=1))
    painted *= (inside > s.inside)[..., None]
    shares = [_share(covered, painted[..., side] > 0.5, s) for side in (0, 1)]
    known = [share for share in shares if share is not None]
    other = float(np.mean(known)) if known else 0.0
    return EarOcclusion(*(other if share is None else share for share in shares))


def _share(covered: Bool[np.ndarray, "h w"], ear: Bool[np.ndarray, "h w"], s: EarOcclusionSettings) -> float | None:
    """How far an ear is covered, 0..1; None where too little of it is seen."""
    if ear.sum() <= s.least_pixels:
        return None
    low, high = s.covered
    return float(np.clip((covered[ear].mean() - low) / (high - low), 0, 1))
