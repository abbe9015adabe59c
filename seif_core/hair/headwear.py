"""A hat or scarf: where it ends, and its unseen half.

A hat is told from the hair under it by a plane through its rim, which the seen part of it is fitted to. Behind the head
it is a solid of revolution: the photo's outline tells how far it stands off the head at each height.

Convention: metres, rest pose. Radii are in units of the head's ellipse at the rim: 1 on the skin. Worked number: a cap
whose outline stands 15 mm off a head of 75 mm half width has the radius 1.2, and 20 mm off a half depth of 100 mm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..geometry.normals import unit
from ..geometry.sampling import smoothstep
from ..shapes import Float
from .labels import Labels
from .seen import at_pixels
from .space import HairSpace

_PITCH: Final = np.arange(-10.0, 41.0, 5.0)
"""Degrees by which a rim may lie lower behind than in front. Chosen by eye, as are the constants below."""
_ROLL: Final = np.arange(-20.0, 21.0, 5.0)
"""Degrees by which it may lie lower on one side."""
_USUAL_PITCH: Final = 15.0
_UNUSUAL: Final = 0.0006
"""Cost of a degree off the usual, as a share of the seen places that lie on the wrong side of the rim."""
_SEEN: Final = 0.3
_RING_STEP: Final = 15.0
"""Degrees between the points of a ring on the solid."""
_LEAST_HEIGHT: Final = 1e-3
"""Metres that the top lies over the last ring: rings rise."""
_EDGE: Final = 0.004
"""Metres on both sides of the rim over which hat goes over into hair."""
_RIM: Final = 0.5
"""Cosine to the viewer up to which a place lies near the outline."""
_BIN: Final = 0.012
"""Metres of height that one radius is taken over."""
_OUTER: Final = 70.0
"""Percentile of the radii at the outline that is the hat's there."""
_ENOUGH: Final = 3
"""Places of a height that tell a radius."""
_FEWEST: Final = 40
"""Places of a hat, fewer of which tell nothing."""


@dataclass(frozen=True, eq=False)
class Headwear:
    """A hat's rim and its form of revolution.

    Attributes:
        normal: (3,) unit, of the plane through the rim, upward.
        rim: metres along it.
        centre: (2,) x and z of the axis.
        half: (2,) metres, half width and half depth of the head at the rim.
        heights: (N,) metres over the rim, ascending.
        radii: (N,) of the hat at those heights.
    """

    normal: Float[np.ndarray, "3"]
    rim: float
    centre: Float[np.ndarray, "2"]
    half: Float[np.ndarray, "2"]
    heights: Float[np.ndarray, " N"]
    radii: Float[np.ndarray, " N"]

    def worn(self, points: Float[np.ndarray, "P 3"]) -> Float[np.ndarray, " P"]:
        """How far points lie over the rim, 0..1."""
        return smoothstep(points @ self.normal - self.rim, -_EDGE, _EDGE)

    def distances(self, points: Float[np.ndarray, "P 3"]) -> Float[np.ndarray, " P"]:
        """About the signed distance of points to the solid of revolution, metres, negative inside."""
        height = points @ self.normal - self.rim
        beside = (self.radius(points) - np.interp(height, self.heights, self.radii)) * float(self.half.mean())
        return np.maximum(beside, height - self.heights[-1])

    def radius(self, points: Float[np.ndarray, "P 3"]) -> Float[np.ndarray, " P"]:
        """Radii of points about the axis."""
        return np.linalg.norm((points[:, [0, 2]] - self.centre) / self.half, axis=1)

    def points(self) -> Float[np.ndarray, "P 3"]:
        """Points on the solid, for the bounds of a grid."""
        around = np.radians(np.arange(0.0, 360.0, _RING_STEP))
        ring = np.stack([np.cos(around), np.sin(around)], axis=1) * self.half
        flat = (self.radii[:, None, None] * ring + self.centre).reshape(-1, 2)
        height = np.repeat(self.heights, len(ring)) + self.rim
        y = (height - flat @ self.normal[[0, 2]]) / self.normal[1]
        return np.stack([flat[:, 0], y, flat[:, 1]], axis=1)


def find_headwear(space: HairSpace, labels: Labels) -> Headwear | None:
    """The hat that the photo shows; None where too little of it is seen.

    Args:
        space: the bald head's.
        labels: of the head's surface.
    """
    share = at_pixels(space, space.parsing.share("headwear"), space.project(labels.points))
    seen = labels.seen > _SEEN
    hat = seen & (share > 0.5)
    if hat.sum() < _FEWEST:
        return None
    normal, rim = _plane(labels.points[seen], share[seen], labels.seen[seen])
    used = np.unique(space.triangles)
    near = space.skin[used][np.abs(space.skin[used] @ normal - rim) < _BIN]
    if len(near) < _ENOUGH:
        return None
    low, high = near[:, [0, 2]].min(0), near[:, [0, 2]].max(0)
    shape = Headwear(normal, rim, (low + high) / 2, (high - low) / 2, np.zeros(1), np.ones(1))
    facing = np.abs((labels.normals * unit(space.viewer - labels.points)).sum(1))
    at_rim = hat & (facing < _RIM) & (shape.worn(labels.points) > 0.5)
    if at_rim.sum() < _FEWEST:
        at_rim = hat & (shape.worn(labels.points) > 0.5)
    return _revolved(shape, labels.points[at_rim], labels.points[hat])


def _plane(points: np.ndarray, share: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """The plane that has most of the hat above it and most of what is none below."""
    best = (np.inf, np.array([0.0, 1.0, 0.0]), 0.0)
    total = weight.sum()
    for pitch in _PITCH:
        for roll in _ROLL:
            p, r = np.radians([pitch, roll])
            normal = np.array([np.sin(r), np.cos(r) * np.cos(p), -np.cos(r) * np.sin(p)])
            height = points @ normal
            order = np.argsort(height)
            hat, other = (weight * share)[order], (weight * (1 - share))[order]
            wrong = np.cumsum(hat) + other.sum() - np.cumsum(other)
            k = int(np.argmin(wrong))
            cost = wrong[k] / total + _UNUSUAL * (abs(pitch - _USUAL_PITCH) + abs(roll))
            if cost < best[0]:
                best = (cost, normal, float(height[order[k]]))
    return best[1], best[2]


def _revolved(shape: Headwear, outline: np.ndarray, hat: np.ndarray) -> Headwear | None:
    """The hat with its radii, from places (N, 3) at its outline and all places of it that are seen."""
    height = outline @ shape.normal - shape.rim
    top = float((hat @ shape.normal - shape.rim).max())
    if top < _BIN or len(outline) < _FEWEST:
        return None
    radius = shape.radius(outline)
    heights, radii = [], []
    for low in np.arange(0.0, top, _BIN):
        inside = (height >= low) & (height < low + _BIN)
        if inside.sum() >= _ENOUGH:
            heights.append(low + _BIN / 2)
            radii.append(float(np.percentile(radius[inside], _OUTER)))
    if not heights:
        return None
    heights.append(max(top, heights[-1] + _LEAST_HEIGHT))
    radii.append(0.5 * radii[-1])
    return replace(shape, heights=np.array(heights), radii=np.array(radii))


def with_headwear(labels: Labels, hat: Headwear, *, hair: bool) -> Labels:
    """Labels under a hat: unseen places over its rim are the hat; below it there is hair if some is seen.

    Args:
        labels: of the head's surface.
        hat: what it wears.
        hair: whether hair is seen below it.
    """
    worn, unseen = hat.worn(labels.points), 1 - labels.seen
    guessed = worn + (1 - worn) * labels.label * hair
    return replace(labels, label=labels.label + unseen * (guessed - labels.label))
