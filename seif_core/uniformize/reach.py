"""How far from the fit the surface may lie and still be a place's own skin.

A fitted face, jaw or neck errs by some millimetres; what lies farther out is a collar, a scarf or hair that hangs in
front of it. Scalp and nape carry hair of any depth, the skin below the hairline the fringe that falls over it, chin and
jaw a beard. What is far is left out with Tukey's biweight (Beaton and Tukey, 1974), and on skin without hair also what
is inclined otherwise than the fit.

Worked number: on a head of 0.22 m, bare skin of the face counts a surface 5 mm off the fit with 0.56, and one 10 mm off
not at all.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.landmark_schemes import IBUG_CHIN, IBUG_NOSE_BASE
from ..shapes import Bool, Float
from .skin import Skin

_FACE: Final = 0.045
"""Head heights, for the face where no hair grows."""
_NECK: Final = 0.06
"""Head heights, for the neck, about which landmarks say little."""
_BEARD: Final = 0.11
"""Head heights, for the lower face, where a beard may grow."""
_HAIR: Final = 0.5
"""Head heights, where hair of any length may grow."""
_FRINGE_FADE: Final = 0.1
"""Head heights below the hairline, down to the ears or over covered ones, over which the reach falls to bare skin's."""
_NECK_FADE: Final = 0.05
"""The same around nape and neck: hair hangs beside the jaw, it does not cover it."""
_BEARD_FADE: Final = 0.1
"""The same around the chin."""
_BEARD_ROUND: Final = 1.0
"""A beard grows nearer to the chin than so many times its distance from the base of the nose."""
_LAXER: Final = 2.0
"""How many times farther the surface may lie in the coarsest level."""
_COSINES: Final = (0.1, 0.6)
"""Cosine to the fit's normal: not the skin's own up to the first, wholly from the second."""


class Reach(NamedTuple):
    """What may be a place's own skin.

    Attributes:
        distance: (S,) metres from the fit beyond which the surface is something else.
        bare: (S,) in 0..1, 1 where no hair of the head grows, which may be inclined in any way.
    """

    distance: Float[np.ndarray, " S"]
    bare: Float[np.ndarray, " S"]


def reach_of(
    model: HeadModel,
    skin: Skin,
    nape: Bool[np.ndarray, " S"],
    height: float,
    *,
    hair: bool,
    covered: Float[np.ndarray, " S"] | None = None,
) -> Reach:
    """The reach of a model's skin.

    Args:
        model: the head model.
        skin: its skin.
        nape: (S,) the back of the neck.
        height: of the head, metres.
        hair: whether scalp and nape follow the hair.
        covered: (S,) in 0..1, how far hair lies over the ear on the same side; there ears follow it too, and what is
            beside nape and ears; nowhere where left out.
    """
    points, none = model.template[skin.ids].astype(np.float64) / height, np.zeros(skin.count, bool)
    region = {name: model.regions.get(name, none)[skin.ids] for name in ("scalp", "neck", "face", "ears")}
    haired = np.zeros(len(points))
    if hair:
        covered = np.zeros(len(points)) if covered is None else covered
        over = [_near(points, region["scalp"] & (points[:, 1] > y), _FRINGE_FADE) for y in _ear_ends(points, region)]
        haired = over[1] + covered * (over[0] - over[1])
        grown = (nape | region["scalp"]) & ~region["face"]
        beside = _near(points, nape | region["scalp"], _NECK_FADE) * ~region["face"]
        haired = np.maximum(haired, np.where(grown, 1.0, np.maximum(beside, region["ears"]) * covered))
    distance = _FACE * (_NECK / _FACE) ** _near(points, region["neck"], _NECK_FADE)
    marks = anatomy_of(model).landmarks
    if marks is not None:
        marks = marks / height
        away = np.linalg.norm(points - marks[IBUG_CHIN], axis=1)
        bearded = region["face"] & (away < _BEARD_ROUND * np.linalg.norm(marks[IBUG_NOSE_BASE] - marks[IBUG_CHIN]))
        distance *= (_BEARD / distance) ** _near(points, bearded, _BEARD_FADE)
    distance *= (_HAIR / distance) ** haired
    return Reach(height * distance, 1 - haired)


def own_share(
    reach: Reach, away: Float[np.ndarray, " N"], cosine: Float[np.ndarray, " N"], fine: float
) -> Float[np.ndarray, " N"]:
    """How far surface points may be the places' own skin, (N,) in 0..1.

    Args:
        reach: of the N places.
        away: metres from the fit.
        cosine: between the surface's normal and the fit's.
        fine: 0 in the coarsest level to 1 in the finest.
    """
    near = np.clip(1 - (away / (reach.distance * _LAXER ** (1 - fine))) ** 2, 0, 1) ** 2
    low, high = _COSINES
    return near * (1 - reach.bare * (1 - np.clip((cosine - low) / (high - low), 0, 1)))


def _ear_ends(points: np.ndarray, region: dict[str, np.ndarray]) -> tuple[float, float]:
    """Heights of the ears' lobes and tops: hair that covers an ear hangs to the one, any other ends at the other."""
    ears = points[region["ears"], 1]
    return (float(ears.min()), float(ears.max())) if len(ears) else (-np.inf, -np.inf)


def _near(points: np.ndarray, places: np.ndarray, fade: float) -> np.ndarray:
    """1 at some places, falling to 0 at the distance `fade` from them."""
    if not places.any():
        return np.zeros(len(points))
    return np.clip(1 - KDTree(points[places]).query(points)[0] / fade, 0, 1)
