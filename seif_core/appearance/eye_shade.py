"""The light that lids and lashes leave to the eyeball: darkest below the upper lid, and the flesh at its inner corner.

Eyes without that shade stare. A render engine could trace it, but a game engine or a viewer of glTF does not, so it is
painted on the head at rest, as artists do; eyes turn by so little that it may go along.

Convention: the head's frame, x to the subject's left, y up, looking along +z; distances in millimetres of a head whose
eyes are 63 mm apart. Worked number: 1 mm below the upper lid's edge, in the middle of the eye, 0.69 of the colour is
left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..geometry.sampling import smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..shapes import Float, Float32

_APART: Final = 63.0
"""Millimetres between the pupils (Dodgson, Variation and extrema of human interpupillary distance, 2004)."""
_FLESH: Final = np.array([0.70, 0.43, 0.40], np.float32)
"""sRGB of the flesh in the inner corner. Chosen by eye."""


@dataclass(frozen=True)
class EyeShadeSettings:
    """How much is left of a colour (sRGB) near the lids; millimetres. Chosen by eye on portraits.

    Attributes:
        upper: share that is lost at the upper lid's edge.
        upper_reach: distance from it over which the loss falls to a third.
        lower: share that is lost at the lower lid's edge.
        lower_reach: likewise.
        corner: share that is lost at either corner.
        corner_reach: likewise.
        flesh: distances from the inner corner between which flesh gives way to the white.
    """

    upper: float = 0.46
    upper_reach: float = 2.6
    lower: float = 0.22
    lower_reach: float = 1.2
    corner: float = 0.30
    corner_reach: float = 3.0
    flesh: tuple[float, float] = (2.0, 5.0)


_S: Final = EyeShadeSettings()


def shade_eye(
    model: HeadModel,
    neutral: Float[np.ndarray, "V 3"],
    place: Float[np.ndarray, "M 3"],
    colour: Float32[np.ndarray, "M 3"],
) -> Float32[np.ndarray, "M 3"]:
    """Colours (M, 3), sRGB 0..1, of one eyeball with the lids' shade; as they are on models whose lids have no points.

    Args:
        model: the head model.
        neutral: (V, 3) the head at rest, metres.
        place: (M, 3) where on that head the colours lie, all on one eyeball.
        colour: (M, 3) without shade.
    """
    embedding = model.embeddings.get(MEDIAPIPE.name)
    if embedding is None or not len(place):
        return colour
    marks = embedding.points(neutral.astype(np.float64))
    lids = min(MEDIAPIPE.lids, key=lambda rows: abs(marks[list(rows), 0].mean() - place[:, 0].mean()))
    if not (embedding.sigma[list(lids)] > 0).all():
        return colour
    unit = anatomy_of(model).eye_distance / _APART
    upper, lower = _edges(marks, lids)
    below, above = _height(upper, place) / unit, -_height(lower, place) / unit
    ends = upper[[0, -1], 0]
    aside = np.abs(place[:, :1] - ends) / unit
    left = 1 - _S.upper * _fading(below, _S.upper_reach)
    left *= 1 - _S.lower * _fading(above, _S.lower_reach)
    left *= 1 - _S.corner * _fading(aside.min(1), _S.corner_reach)
    inner = aside[:, int(np.abs(ends).argmin())]
    flesh = (1 - smoothstep(inner, *_S.flesh))[:, None]
    return ((colour + (_FLESH - colour) * flesh) * left[:, None]).astype(np.float32)


def _edges(marks: np.ndarray, lids: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower edge of an eye's opening, each from corner to corner along growing x.

    Lids are listed in a ring that begins at a corner and has the other in its middle.
    """
    half = len(lids) // 2
    ring = marks[list(lids)]
    sides = [ring[: half + 1], np.concatenate([ring[half:], ring[:1]])]
    sides = [side[np.argsort(side[:, 0])] for side in sides]
    sides.sort(key=lambda side: -side[:, 1].mean())
    return sides[0], sides[1]


def _height(edge: np.ndarray, place: np.ndarray) -> Float[np.ndarray, " M"]:
    """How far places lie below an edge."""
    return np.interp(place[:, 0], edge[:, 0], edge[:, 1]) - place[:, 1]


def _fading(away: np.ndarray, reach: float) -> Float[np.ndarray, " M"]:
    """1 at an edge and beyond it, a third at `reach` within."""
    return np.exp(-np.maximum(away, 0) / reach)
