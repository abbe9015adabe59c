"""Whether hair covers the ears: by the parsing where the fitted ears are, by colours in a photo that was not parsed.

Convention: left and right are the subject's; the model's +X is the left. Worked number: an ear of which 0.575 of the
pixels have the colour of the hair above the forehead, and the others that of the cheeks, is covered by 0.5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Bool, Float32, UInt8
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
    picture: UInt8[np.ndarray, "h w 3"],
    view: MeshView,
    inside: Float32[np.ndarray, "h w"],
    *,
    skin: Float32[np.ndarray, "3"],
    hair: Float32[np.ndarray, "3"] | None,
    settings: EarOcclusionSettings | None = None,
) -> EarOcclusion:
    """Look at the pixels of both ears.

    Args:
        model: the head model.
        picture: (h, w, 3) uint8 sRGB.
        view: the fitted mesh in the picture.
        inside: (h, w) 0..1, 0 at the edge of the person's mask and outside.
        skin: (3,) sRGB.
        hair: (3,) sRGB; None for a bald head, whose ears are bare.
        settings: see `EarOcclusionSettings`.
    """
    s = settings or EarOcclusionSettings()
    if hair is None or "ears" not in model.regions:
        return EarOcclusion()
    covered = _like_hair(picture, hair, skin, s)
    return EarOcclusion() if covered is None else _of_both(model, covered, view, inside, s)


def parsed_ear_occlusion(
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
    return _of_both(model, hair > _LIKELIER, view, inside, settings or EarOcclusionSettings())


def _of_both(
    model: HeadModel,
    covered: Bool[np.ndarray, "h w"],
    view: MeshView,
    inside: Float32[np.ndarray, "h w"],
    s: EarOcclusionSettings,
) -> EarOcclusion:
    ears, left = model.regions["ears"], anatomy_of(model).left
    painted = view.paint(model.triangles, np.stack([ears & left, ears & ~left], axis=1))
    painted *= (inside > s.inside)[..., None]
    shares = [_share(covered, painted[..., side] > 0.5, s) for side in (0, 1)]
    known = [share for share in shares if share is not None]
    other = float(np.mean(known)) if known else 0.0
    return EarOcclusion(*(other if share is None else share for share in shares))


def _like_hair(
    picture: np.ndarray, hair: np.ndarray, skin: np.ndarray, s: EarOcclusionSettings
) -> Bool[np.ndarray, "h w"] | None:
    """Which pixels have the hair's colour rather than the skin's; None where the two cannot be told apart."""
    lab = _lab(picture.astype(np.float32) / 255, s)
    to_hair, to_skin = (_lab(colour[None, None], s)[0, 0] for colour in (hair, skin))
    apart = float(np.linalg.norm(to_hair - to_skin))
    if apart < s.apart:
        return None
    away = [np.linalg.norm(lab - colour, axis=2) for colour in (to_hair, to_skin)]
    return (away[0] < away[1]) & (away[0] < s.reach * apart)


def _share(covered: Bool[np.ndarray, "h w"], ear: Bool[np.ndarray, "h w"], s: EarOcclusionSettings) -> float | None:
    """How far an ear is covered, 0..1; None where too little of it is seen."""
    if ear.sum() <= s.least_pixels:
        return None
    low, high = s.covered
    return float(np.clip((covered[ear].mean() - low) / (high - low), 0, 1))


def _lab(colours: Float32[np.ndarray, "h w 3"], s: EarOcclusionSettings) -> Float32[np.ndarray, "h w 3"]:
    lab = cv2.cvtColor(np.ascontiguousarray(colours, np.float32), cv2.COLOR_RGB2Lab)
    return (lab * np.array([s.lightness, 1, 1], np.float32)).astype(np.float32)
