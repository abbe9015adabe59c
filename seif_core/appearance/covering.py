"""Whether hair covers the ears, by the colours that the photo has where the fitted ears are.

Convention: left and right are the subject's; the model's +X is the left. Worked number: an ear of which 0.575 of the
pixels have the colour of the hair above the forehead, and the others that of the cheeks, is covered by 0.5.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..fitting import Fit
from ..portrait import Portrait
from ..shapes import Float32
from .photo_colours import photo_colours
from .photograph import take_photograph
from .zones import build_zones

_SIDE: Final = 512
"""Pixels of the longest side of the picture that is looked at."""
_LEAST: Final = 30
"""Pixels of an ear from which its colours tell anything."""
_INSIDE: Final = 0.3
"""Nearer to the mask's edge than this share of the way a pixel may show the background."""
_LIGHTNESS: Final = 0.5
"""Weight of lightness against hue: shadows lie about ears."""
_APART: Final = 8.0
"""Difference of hair and skin, in Lab, from which they can be told apart."""
_REACH: Final = 1.2
"""A pixel that is farther from the hair's colour than this many times hair and skin are apart is neither."""
_COVERED: Final = (0.45, 0.7)
"""Share of an ear's pixels that show hair: bare up to the first, covered from the second."""


class EarCover(NamedTuple):
    """How far hair covers each ear, 0..1; an ear that the photo does not show is taken to be like the other one."""

    left: float
    right: float


def ear_cover(portrait: Portrait, fit: Fit, device: str = "cpu") -> EarCover:
    """Look at the pixels of both ears.

    Args:
        portrait: the photo.
        fit: the fitted head.
        device: torch device of the rasterizer.
    """
    model, zones = fit.model, build_zones(fit.model)
    photo = take_photograph(portrait, fit, _SIDE, device)
    if photo is None or "ears" not in model.regions:
        return EarCover(0.0, 0.0)
    seen = photo_colours(photo, fit, zones, 0.0)
    if seen.hair is None:
        return EarCover(0.0, 0.0)
    picture = _lab(photo.small.astype(np.float32) / 255)
    hair, skin = (_lab(colour[None, None])[0, 0] for colour in (seen.hair, seen.skin))
    apart = float(np.linalg.norm(hair - skin))
    if apart < _APART:
        return EarCover(0.0, 0.0)
    away = [np.linalg.norm(picture - colour, axis=2) for colour in (hair, skin)]
    covered = (away[0] < away[1]) & (away[0] < _REACH * apart)
    left = model.template[:, 0] > 0
    sides = np.stack([model.regions["ears"] & left, model.regions["ears"] & ~left], axis=1)
    painted = photo.paint(model.triangles, sides) * (photo.inside > _INSIDE)[..., None]
    shares = [float(covered[ear].mean()) if (ear := painted[..., k] > 0.5).sum() > _LEAST else np.nan for k in (0, 1)]
    low, high = _COVERED
    shares = [float(np.clip((share - low) / (high - low), 0, 1)) for share in shares]
    known = [share for share in shares if not np.isnan(share)]
    other = float(np.mean(known)) if known else 0.0
    return EarCover(*(other if np.isnan(share) else share for share in shares))


def _lab(colours: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 3"]:
    lab = cv2.cvtColor(np.ascontiguousarray(colours, np.float32), cv2.COLOR_RGB2Lab)
    return (lab * np.array([_LIGHTNESS, 1, 1], np.float32)).astype(np.float32)
