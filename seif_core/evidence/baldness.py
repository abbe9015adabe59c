"""A bald crown: told by the scalp's outline in the photo, and what is bare by it, also where nobody sees it.

A parsing learns that heads are rimmed with hair, and calls the rim of a bald crown so too. Here its colour is asked: a
crown whose outline looks like the skin of the face is bare. How far down it is bare is read along the outline, where
hair at the sides begins; behind, the same height holds all round, as hair that is left forms a horseshoe (Norwood, Male
pattern baldness: classification and incidence, Southern Medical Journal 1975, types VI and VII).

Convention: elevations in degrees over the level of the ears, seen from the middle between them. Worked number: where
hair reaches up to 45 degrees at both sides, the crown is bare above 45 degrees, the back of the head as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.sampling import sample, smoothstep
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..portrait.head_parsing import CLASSES, HeadParsing
from ..shapes import Float, Float32
from .mesh_view import MeshView
from .shown_classes import into_parsing
from .skin_colour_model import disc

_FACING: Final = (0.02, 0.2)
"""Cosine to the camera from which a place of the scalp is seen, not at all and wholly. Chosen by eye, as are the
constants below unless they say otherwise."""
_INSIDE: Final = 0.05
"""How far the photo must be believed: the outermost pixels are half background."""
_SCALP: Final = 0.1
"""Eye distances over the usual hairline from which the scalp is asked."""
_MIDDLE: Final = 0.65
"""Eye distances from the middle within which the outline is the crown's."""
_RIM: Final = 0.35
"""Share of the crown's seen places, those that face the camera least, that are its outline."""
_BARE: Final = (0.46, 0.56)
"""Bareness of the crown's outline from which it is bald, not at all and wholly. Of 151 portraits 19 lie above 0.58, all
of men with a bald crown; the highest of the others 0.39, thin and white."""
_WIDE: Final = 0.42
"""Eye distances that a band of hair is wide which is no mistake at the outline of a bald crown."""
_SIDE: Final = 0.5
"""Cosine to the camera up to which a place lies near the outline, where it is read how far down the crown is bare."""
_LOWEST: Final = 15.0
"""Degrees over the ears below which nothing is read: there is the temple's skin."""
_HORSESHOE: Final = 40.0
"""Degrees over the ears up to which hair is left where the outline does not tell: it stands off at the sides."""
_HAIRY: Final = 0.5
"""Share of the sides that has hair beside it, from which there is such a horseshoe."""
_STEPS: Final = np.arange(_LOWEST, 81.0, 5.0)
_SOFT: Final = 8.0
"""Degrees over which hair at the sides thins out upwards."""
_FEWEST: Final = 12
"""Seen places of the outline, fewer of which tell nothing."""
_BEYOND: Final = 0.25
"""Eye distances beyond the fitted head's outline up to which the photo still shows that scalp."""


class ShownScalp(NamedTuple):
    """What the photo shows, maps of h by w pixels.

    Attributes:
        camera: of the maps.
        view: the fitted head in them.
        hair: (h, w) in 0..1, hair and headwear by the parsing.
        likeness: (h, w) in 0..1, how much a pixel looks like this person's skin; None where colour tells nothing.
        inside: (h, w) in 0..1, how far the photo is believed.
    """

    camera: Camera
    view: MeshView
    hair: Float32[np.ndarray, "h w"]
    likeness: Float32[np.ndarray, "h w"] | None
    inside: Float32[np.ndarray, "h w"]


@dataclass(frozen=True, eq=False)
class BaldCrown:
    """A bald crown on a head model.

    Attributes:
        shares: (V,) float32 in 0..1, how far each vertex of the fitted model lies on it.
        template: (V, 3) float32 metres, that model's template.
    """

    shares: Float32[np.ndarray, " V"]
    template: Float32[np.ndarray, "V 3"]

    def on(self, model: HeadModel) -> Float32[np.ndarray, " W"]:
        """The shares of the W vertices of a model with the same template, subdivided or not."""
        if len(model.template) == len(self.shares):
            return self.shares
        return self.shares[np.asarray(KDTree(self.template).query(model.template)[1])]


def bald_crown(fit: Fit, shown: ShownScalp) -> BaldCrown | None:
    """The bald crown that the photo shows; None for a head with hair on top, and where nothing tells.

    Args:
        fit: the fitted head.
        shown: what the photo shows of it.
    """
    model = fit.model
    offset, scalp = _from_the_ears(fit), anatomy_of(model).over_hairline > _SCALP
    if offset is None:
        return None
    pixels = shown.camera.project(fit.posed.astype(np.float64)).astype(np.float32) - 0.5
    x, y = np.ascontiguousarray(pixels.T)
    likeness = np.zeros_like(shown.hair) if shown.likeness is None else shown.likeness * (1 - _full_hair(fit, shown))
    hair, alike, inside = sample(np.dstack([shown.hair, likeness, shown.inside]).astype(np.float32), x, y).T
    facing = shown.view.facing
    weight = smoothstep(facing, *_FACING) * scalp * (inside > _INSIDE)
    bare = 1 - hair * (1 - alike)
    top = (weight > 0) & (np.abs(offset[:, 0]) < _MIDDLE * anatomy_of(model).eye_distance)
    if top.sum() < _FEWEST:
        return None
    rim = top & (facing <= np.quantile(facing[top], _RIM))
    bald = smoothstep(np.array([bare[rim].mean()]), *_BARE)[0]
    if bald <= 0:
        return None
    upward = 90 - np.degrees(np.arctan2(np.abs(offset[:, 0]), offset[:, 1]))
    side = (weight > 0) & (facing < _SIDE) & (upward > _LOWEST)
    level = _step(upward[side], bare[side], weight[side])
    if level is None:
        low = side & (upward < _HORSESHOE)
        beside = sample(_hair_beside(fit, shown, likeness)[..., None], x[low], y[low])
        level = _HORSESHOE if low.any() and np.average(beside[:, 0], weights=weight[low]) > _HAIRY else _LOWEST
    elevation = np.degrees(np.arcsin(offset[:, 1] / np.maximum(np.linalg.norm(offset, axis=1), 1e-9)))
    on_top = smoothstep(elevation, level - _SOFT, level + _SOFT) * anatomy_of(model).outer_skin
    return BaldCrown((bald * on_top).astype(np.float32), model.template)


def _full_hair(fit: Fit, shown: ShownScalp) -> Float32[np.ndarray, "h w"]:
    """Hair (h, w) in bands too wide for a mistaken outline; blond, it may have the colour of skin."""
    distance = float(np.median(shown.view.nearest[shown.view.covered]))
    pixels = _WIDE * anatomy_of(fit.model).eye_distance * shown.camera.focal / distance
    return np.asarray(cv2.morphologyEx(shown.hair, cv2.MORPH_OPEN, disc(pixels / 2)), np.float32)


def _hair_beside(fit: Fit, shown: ShownScalp, likeness: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """Hair (h, w), and as far around it as hair may stand off the fitted head: at the sides it does."""
    distance = float(np.median(shown.view.nearest[shown.view.covered]))
    pixels = _BEYOND * anatomy_of(fit.model).eye_distance * shown.camera.focal / distance
    return np.asarray(cv2.dilate((shown.hair * (1 - likeness)).astype(np.float32), disc(pixels)), np.float32)


def _step(upward: np.ndarray, bare: np.ndarray, weight: np.ndarray) -> float | None:
    """The degrees at which a step from less bare to more explains the values best; None where none is bare above."""
    gains = []
    for step in _STEPS:
        above = upward > step
        shares = [float(weight[part].sum()) for part in (above, ~above)]
        if min(shares) <= 0:
            gains.append(0.0)
            continue
        high, low = (np.average(bare[part], weights=weight[part]) for part in (above, ~above))
        gains.append(shares[0] * shares[1] * max(float(high - low), 0) ** 2)  # between-class variance, Otsu 1979
    return float(_STEPS[int(np.argmax(gains))]) if max(gains) > 0 else None


def _from_the_ears(fit: Fit) -> Float[np.ndarray, "V 3"] | None:
    """Places of the neutral head from the middle between its ears; None for a model that does not name them."""
    ears = fit.model.regions.get("ears")
    if ears is None or not ears.any():
        return None
    neutral = fit.neutral.astype(np.float64)
    middle = neutral[ears].mean(0)
    return neutral - [0, *middle[1:]]


def bared(parsing: HeadParsing, crown: BaldCrown, fit: Fit, shown: ShownScalp) -> HeadParsing:
    """A parsing in which a bald crown is skin.

    Args:
        parsing: of the photo.
        crown: of the fitted head.
        fit: the fitted head.
        shown: gives the head in its picture.
    """
    view, camera, photo, model = shown.view, shown.camera, fit.camera, fit.model
    painted = view.paint(model.triangles, crown.shares[:, None])[..., 0]
    index = np.asarray(ndimage.distance_transform_edt(~view.covered, return_distances=False, return_indices=True))
    away = np.linalg.norm(index - np.indices(view.covered.shape), axis=0)
    reach = _BEYOND * anatomy_of(model).eye_distance * camera.focal / float(np.median(view.nearest[view.covered]))
    painted = np.where(away < reach, painted[tuple(index)], 0).astype(np.float32)
    bare = into_parsing(painted, parsing, camera, photo)
    shares = parsing.shares.copy()
    skin, hair = CLASSES.index("skin"), CLASSES.index("hair")
    moved = shares[hair] * bare
    shares[hair] -= moved
    shares[skin] += moved
    return replace(parsing, shares=shares)
