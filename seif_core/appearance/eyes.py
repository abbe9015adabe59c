"""Eyeballs: the photo's iris colour, painted on the model's own eyeballs so that they look ahead at rest.

An adult's visible iris is 11.8 mm wide with little spread (Caroline and Andre, The effect of corneal diameter on soft
lens fitting, 2002) and the pupils stand 63 mm apart (Dodgson, Variation and extrema of human interpupillary distance,
2004); the iris is laid out in that proportion to the distance between the model's eyes, whatever its eyeballs' size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ..geometry.sampling import sample, smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..headmodel.topology import PART_NAMES
from ..portrait import Portrait
from ..shapes import Float, Float32
from .atlas import Atlas
from .eye_shade import shade_eye

_IRIS_RADIUS: Final = 11.8 / 2 / 63
"""Radius of the iris in eye distances; see above."""
_PUPIL: Final = 0.33
"""Radius of the pupil in radii of the iris: one of about 4 mm, as in a lit room. Chosen by eye."""
_DEFAULT_IRIS: Final = np.array([0.36, 0.25, 0.17], np.float32)
"""sRGB of an iris that cannot be seen: a plain brown. The colours below are chosen by eye too."""
_SCLERA: Final = np.array([0.74, 0.715, 0.70], np.float32)
_VEIN: Final = np.array([0.67, 0.51, 0.48], np.float32)
_IRISES: Final = (slice(473, 478), slice(468, 473))
"""Left and right in `landmark_schemes.MEDIAPIPE`: centre and four points of the rim."""


@dataclass(frozen=True)
class IrisSettings:
    """Where the iris' colour is measured. Chosen by eye on the sample portraits.

    Attributes:
        least_radius: pixels; a smaller iris shows no colour.
        ring: radii of the iris between which it is looked at: outside the pupil, inside the dark rim.
        below: radii below the centre from which it is looked at; negative is above. Higher lies the lid's shadow.
        from_lids: radii from the lids' edges.
        least: samples; fewer tell nothing.
        lightness: quantiles between which samples are kept: no lashes, no highlight.
        range: sRGB; irises are neither black nor white.
    """

    least_radius: float = 2.5
    ring: tuple[float, float] = (0.5, 0.88)
    below: float = -0.35
    from_lids: float = 0.12
    least: int = 12
    lightness: tuple[float, float] = (0.25, 0.85)
    range: tuple[float, float] = (0.06, 0.75)


_S: Final = IrisSettings()
_BEHIND: Final = 9.0
"""Radii of the iris: far outside it, for the back of the eyeball."""


@dataclass(frozen=True)
class EyeLook:
    """How iris and sclera are painted; lengths in radii of the iris, the rest in shares of the colour. Chosen by eye.

    Attributes:
        veins: where the sclera begins to redden, and where it has reddened.
        red: mean of the reddening.
        red_comes_and_goes: how far it changes around the eye.
        phase: radians of that change.
        fibres: how many, phase in radians, and strength of each layer of the iris' fibres.
        wander: radians that fibres stray.
        fibres_from: where fibres have their whole contrast; at the pupil they have none.
        contrast: of the fibres.
        bright: lightness against the measured colour, which the rim darkens.
        inner: how much lighter the iris is at the pupil.
        inner_to: where that ends.
        rim: how much the limbal ring darkens.
        rim_from: where it begins.
        soft: half the width of the pupil's edge.
        black: of the iris' colour that is left in the pupil.
        above_black: the rest of it.
        edge: where the iris begins to pass into the sclera, and where it ends.
    """

    veins: tuple[float, float] = (1.3, 2.1)
    red: float = 0.55
    red_comes_and_goes: float = 0.45
    phase: float = 0.7
    fibres: tuple[tuple[int, float, float], ...] = ((23, 0.4, 0.35), (41, 1.9, 0.35), (67, 4.1, 0.3))
    wander: float = 2.5
    fibres_from: float = 0.6
    contrast: float = 0.14
    bright: float = 1.08
    inner: float = 0.18
    inner_to: float = 0.75
    rim: float = 0.55
    rim_from: float = 0.80
    soft: float = 0.05
    black: float = 0.03
    above_black: float = 0.97
    edge: tuple[float, float] = (0.95, 1.08)


_E: Final = EyeLook()


def iris_colour(portrait: Portrait) -> Float32[np.ndarray, "3"]:
    """Colour of the irises in the photo, sRGB 0..1; a plain brown where they cannot be seen.

    Taken between pupil and rim, below the upper lid's shadow, without highlights; the median of what is left.
    """
    if portrait.landmark_scheme != MEDIAPIPE.name:
        return _DEFAULT_IRIS
    found = [_iris_samples(portrait, iris, lids) for iris, lids in zip(_IRISES, MEDIAPIPE.lids[::-1], strict=True)]
    samples = np.concatenate(found)
    if len(samples) < _S.least:
        return _DEFAULT_IRIS
    light = samples.mean(1)
    low, high = np.quantile(light, _S.lightness)
    kept = samples[(light >= low) & (light <= high)]
    return np.clip(_without_violet(np.median(kept, axis=0)), *_S.range).astype(np.float32)


def _without_violet(colour: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """The colour with no less green than both others: an iris has brown pigment and scatters blue, nothing is violet.

    What seems so is a grey or blue iris of few pixels in reddish light, or with the lids' red in it.
    """
    excess = max(0.0, float(min(colour[0], colour[2]) - colour[1]))
    return colour - np.array([excess, 0.0, excess])


def paint_eyes(
    model: HeadModel,
    neutral: Float[np.ndarray, "V 3"],
    atlas: Atlas,
    iris: Float32[np.ndarray, "3"],
    chosen: np.ndarray,
) -> Float32[np.ndarray, "M 3"]:
    """Colours (M, 3), sRGB 0..1, of the chosen texels, all of which lie on eyeballs, in the shade of the lids.

    Args:
        model: the head model.
        neutral: (V, 3) the head at rest, metres: its lids throw the shade.
        atlas: the texture's layout.
        iris: (3,) its colour, sRGB 0..1.
        chosen: (M,) texels.
    """
    out = np.zeros((len(chosen), 3), np.float32)
    apart = anatomy_of(model).eye_distance
    for part in ("eye_left", "eye_right"):
        index = PART_NAMES.index(part)
        mine = atlas.part[chosen] == index
        ids = np.unique(model.faces[model.face_part == index].clip(min=0)) if mine.any() else np.zeros(0, int)
        ids = ids[np.isin(ids, model.faces[model.face_part == index])]
        if not len(ids):
            continue
        ball = model.template[ids]
        centre = (ball.min(0) + ball.max(0)) / 2
        place = (atlas.spread(model.template, chosen[mine]) - centre) / (_IRIS_RADIUS * apart)
        colour, ahead = _eye_colour(place, iris), place[:, 2] > 0
        colour[ahead] = shade_eye(model, neutral, atlas.spread(neutral, chosen[mine][ahead]), colour[ahead])
        out[mine] = colour
    return out


def _iris_samples(portrait: Portrait, iris: slice, lids: tuple[int, ...]) -> Float[np.ndarray, "M 3"]:
    centre, *rim = portrait.landmarks[iris, :2].astype(np.float64)
    radius = float(np.mean([np.linalg.norm(p - centre) for p in rim]))
    if radius < _S.least_radius:
        return np.zeros((0, 3))
    grid = np.linspace(-1, 1, 41)
    x, y = (axis.ravel() for axis in np.meshgrid(grid, grid))
    away = np.hypot(x, y)
    ring = (away > _S.ring[0]) & (away < _S.ring[1]) & (y > _S.below)
    points = np.stack([x, y], 1)[ring] * radius + centre
    opening = portrait.landmarks[list(lids), :2].astype(np.float32)
    clear = [
        cv2.pointPolygonTest(opening, (float(p[0]), float(p[1])), measureDist=True) > _S.from_lids * radius
        for p in points
    ]
    points = (points[np.array(clear, bool)] - 0.5).astype(np.float32)
    if not len(points):
        return np.zeros((0, 3))
    return sample(portrait.pixels, points[:, 0], points[:, 1]).astype(np.float64) / 255


def _eye_colour(place: np.ndarray, iris: np.ndarray) -> Float32[np.ndarray, "M 3"]:
    """Sclera, iris with fibres and a dark rim, pupil; `place` in radii of the iris, looking along +Z."""
    away = np.hypot(place[:, 0], place[:, 1])
    away = np.where(place[:, 2] > 0, away, _BEHIND)
    angle = np.arctan2(place[:, 1], place[:, 0])
    around = np.sin(3 * angle + _E.phase) * np.sin(7 * angle + 2.0)
    red = smoothstep(away, *_E.veins) * (_E.red + _E.red_comes_and_goes * around)
    sclera = _SCLERA + (_VEIN - _SCLERA) * (0.5 * red)[:, None]
    fibres = np.zeros_like(angle)
    for count, phase, strength in _E.fibres:
        fibres += strength * np.sin(count * angle + phase + _E.wander * np.sin(5 * angle + phase))
    inner = 1 - smoothstep(away, _PUPIL, _E.inner_to)
    bright = _E.bright + _E.contrast * fibres * smoothstep(away, _PUPIL, _E.fibres_from) + _E.inner * inner
    bright *= 1 - _E.rim * smoothstep(away, _E.rim_from, 1.0)
    colour = np.clip(iris[None] * bright[:, None], 0, 1)
    colour *= smoothstep(away, _PUPIL - _E.soft, _PUPIL + _E.soft)[:, None] * _E.above_black + _E.black
    edge = smoothstep(away, *_E.edge)[:, None]
    return (colour + (sclera - colour) * edge).astype(np.float32)
