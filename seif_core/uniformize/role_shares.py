"""Where on a skin each role of `roles.ROLES` is played, and by what share.

Regions and iBUG-68 landmarks (https://ibug.doc.ic.ac.uk/resources/300-W) of the template tell; shares fade with the
distance, so that skin that follows the surface goes over smoothly into skin that must not. Lengths are in head heights,
chin to crown, and were chosen by eye on the sample portraits.

Worked number: on a head of 0.224 m, skin 11 mm below the hairline plays the role of hair by a half.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..headmodel.anatomy import anatomy_of
from ..headmodel.landmark_schemes import IBUG_BROWS, IBUG_CHIN, IBUG_NOSE_BASE
from ..shapes import Bool, Float
from .ears import Ears
from .settings import UniformizeSettings
from .skin_mesh import SkinMesh

_HIDDEN: Final = (0.06, 0.22)
"""Share of its own half space from which a place is seen: a hollow up to the first, open from the second."""
_RIM_RINGS: Final = 4
"""Rings from the open border over which the rim fades, itself included."""
_SKULL_RINGS: Final = 4
"""Rings around scalp and nape over which a bald head's skull fades."""
_FRINGE_FADE: Final = 0.1
"""Below the hairline, down to the ears or over covered ones, over which hair fades."""
_NECK_FADE: Final = 0.05
"""Around nape and neck: hair hangs beside the jaw, it does not cover it."""
_BEARD_FADE: Final = 0.1
"""Around the chin."""
_BEARD_ROUND: Final = 1.0
"""A beard grows nearer to the chin than so many times its distance from the base of the nose."""
_BROW_REACH: Final = 0.04
"""Around the brows' landmarks, within which brows grow."""
_SIDEBURNS: Final = 0.1
"""Below the hairline and in front of the ears, within which fringes, temples and sideburns grow."""
_HAIRY_FADE: Final = 0.12
"""Over which the places where hair may grow on a face fade."""


def role_shares(
    skin: SkinMesh, settings: UniformizeSettings, exposed: Float[np.ndarray, " S"], ears: Ears
) -> dict[str, Float[np.ndarray, " S"]]:
    """(S,) in 0..1 for each role of `roles.ROLES`.

    Args:
        skin: the skin.
        settings: whether scalp and nape follow the hair.
        exposed: (S,) of `exposure`.
        ears: how they are seen.
    """
    low, high = _HIDDEN
    ear = skin.region("ears").astype(np.float64)
    return {
        "bare": np.ones(len(skin.ids)),
        "neck": _near(_in_heights(skin), skin.region("neck"), _NECK_FADE),
        "beard": _bearded(skin),
        "hair": haired(skin, ears.covered) if settings.hair else np.zeros(len(skin.ids)),
        "hollow": 1 - np.clip((exposed - low) / (high - low), 0, 1),
        "rim": np.mean([skin.grown(skin.border, rings) for rings in range(_RIM_RINGS)], axis=0),
        **{name: skin.region(name).astype(np.float64) for name in ("lids", "lips", "mouth_interior")},
        "ear_shown": ear * ears.shown,
        "ear_unseen": ear * (1 - ears.shown - ears.covered),
        "ear_under_hair": ear * ears.covered,
        "skull": np.zeros(len(skin.ids)) if settings.hair else _skull(skin),
    }


def nape(skin: SkinMesh) -> Bool[np.ndarray, " S"]:
    """(S,) the back of the neck."""
    neck, depth = skin.region("neck"), skin.template[:, 2]
    return neck & (depth < (np.median(depth[neck]) if neck.any() else 0.0))


def haired(skin: SkinMesh, covered: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    """(S,) in 0..1 where hair of the head may lie: scalp, nape, the skin below the hairline, and over covered ears.

    Args:
        skin: the skin.
        covered: (S,) in 0..1, how far hair lies over the ear on the same side; there ears follow it too, and what is
            beside nape and ears.
    """
    points, back = _in_heights(skin), nape(skin)
    scalp, face, ears = (skin.region(name) for name in ("scalp", "face", "ears"))
    over = [_near(points, scalp & (points[:, 1] > y), _FRINGE_FADE) for y in _ear_ends(points, ears)]
    fringe = over[1] + covered * (over[0] - over[1])
    beside = _near(points, back | scalp, _NECK_FADE) * ~face
    grown = (back | scalp) & ~face
    return np.maximum(fringe, np.where(grown, 1.0, np.maximum(beside, ears) * covered))


def hairy_places(skin: SkinMesh) -> Float[np.ndarray, " S"]:
    """(S,) 1 where beard, brows, fringe or sideburns may grow on face and neck, fading to 0."""
    points, marks = _in_heights(skin), _landmarks(skin)
    hairy = skin.region("neck")
    for name in ("scalp", "ears"):
        if skin.region(name).any():
            hairy = hairy | (KDTree(points[skin.region(name)]).query(points)[0] < _SIDEBURNS)
    if marks is not None:
        hairy = hairy | (KDTree(marks[IBUG_BROWS]).query(points)[0] < _BROW_REACH)
        hairy |= skin.region("face") & (points[:, 1] < marks[IBUG_NOSE_BASE, 1])
    return _near(points, hairy & ~skin.region("lips") & ~skin.region("lids"), _HAIRY_FADE)


def _bearded(skin: SkinMesh) -> Float[np.ndarray, " S"]:
    points, marks = _in_heights(skin), _landmarks(skin)
    if marks is None:
        return np.zeros(len(points))
    round_chin = np.linalg.norm(points - marks[IBUG_CHIN], axis=1)
    size = _BEARD_ROUND * np.linalg.norm(marks[IBUG_NOSE_BASE] - marks[IBUG_CHIN])
    return _near(points, skin.region("face") & (round_chin < size), _BEARD_FADE)


def _skull(skin: SkinMesh) -> Float[np.ndarray, " S"]:
    return skin.faded(skin.region("scalp") | nape(skin), _SKULL_RINGS)


def _in_heights(skin: SkinMesh) -> Float[np.ndarray, "S 3"]:
    """The template's skin in head heights."""
    return skin.template / anatomy_of(skin.model).head_height


def _landmarks(skin: SkinMesh) -> Float[np.ndarray, "68 3"] | None:
    """The template's iBUG-68 landmarks in head heights; None for a model without them."""
    anatomy = anatomy_of(skin.model)
    return None if anatomy.landmarks is None else anatomy.landmarks / anatomy.head_height


def _ear_ends(points: np.ndarray, ears: np.ndarray) -> tuple[float, float]:
    """Heights of the ears' lobes and tops: hair that covers an ear hangs to the one, any other ends at the other."""
    heights = points[ears, 1]
    return (float(heights.min()), float(heights.max())) if len(heights) else (-np.inf, -np.inf)


def _near(points: np.ndarray, places: np.ndarray, fade: float) -> Float[np.ndarray, " S"]:
    """1 at some places, falling to 0 at the distance `fade` from them."""
    if not places.any():
        return np.zeros(len(points))
    return np.clip(1 - KDTree(points[places]).query(points)[0] / fade, 0, 1)
