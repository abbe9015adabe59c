"""The space that hair fills, as values on a grid: negative inside.

Outside it ends at the head's surface where that is hair and goes down under the skin where it is not, so that its edge
meets the skin at the hairline without a step; inside it ends some millimetres under the scalp, so that no gap opens.

Convention: metres, rest pose. Worked number: over a crown that is surely hair, with a surface 20 mm above the skin, the
value is 0 at 20 mm, -10 mm half way, and 0 again 8 mm under the skin.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from ..geometry.normals import unit
from ..geometry.sampling import smoothstep
from ..shapes import Float
from .extension import Extension, outline
from .headwear import Headwear
from .labels import Labels
from .seen import look_at, shares_at
from .space import HairSpace

_SPACING: Final = 0.006
"""Metres between nodes. Chosen, as are the constants below, by eye on the sample portraits."""
_MARGIN: Final = 0.018
_SUNK: Final = 0.004
"""Metres under the skin that the outer side goes down to where there is no hair."""
_BOTTOM: Final = 0.010
"""Metres under the skin that hair ends inside."""
_THINNEST: Final = 0.003
"""Metres of hair over the scalp where it is surely hair."""
_RISES: Final = (0.30, 0.72)
"""Labels from which the outer side comes up from under the skin, and from which it is the head's surface."""
_LEAST_LABEL: Final = 0.2
_SMOOTHED: Final = 0.8
"""Standard deviation of the last smoothing, in nodes."""
_NEAREST: Final = 4
"""Planes that are averaged."""
_ON_SCALP: Final = 0.006
"""Metres over the scalp within which hair may lie outside the head's outline."""
_SLACK: Final = 0.2 * _SPACING
"""Metres added to distances when planes are averaged: the nearest does not count alone. Chosen, not measured."""
_LEAF: Final = 32
"""Points in a leaf of the tree; measured for the 4 nearest of 100,000 nodes: 0.44 s with 32, 0.77 s with 10."""
_GROWN: Final = 0.003
"""Metres that the surface is taken to lie farther out: smoothing takes that away, and the outline cuts it."""
_SURE_SCALP: Final = (-0.1, 0.1)
"""Eye distances over the usual hairline between which the scalp begins."""
_OTHER: Final = (0.35, 0.85)
"""Shares of what is no hair in a pixel from which there is some doubt, and none at all, that no hair lies before it."""
_RIM: Final = 0.25
"""Cosine to the viewer up to which a place lies on the outline, where the photo shows how thick hair is."""
_FEWEST: Final = 30
"""Places on the outline that are hair, fewer of which tell nothing."""
_HIDDEN: Final = (-0.15, 0.25)
"""Minus that cosine from which the photo shows nothing of the surface, not at all and wholly."""
_THICKER: Final = 1.2
"""Times that short hair may be as thick behind the head as the outline shows at the same height."""
_STEP: Final = 0.012
"""Metres of height over which the outline's thickness is taken together."""
_ENOUGH: Final = 5
"""Places on the outline within such a step, fewer of which tell nothing."""
_SHORT: Final = 0.005
"""Metres under the usual nape down to which hair counts as short."""
_COVERED: Final = 0.5
"""Of `Hanging.covers`, from which hair hangs over an ear."""
_BARE: Final = 0.5
"""Label below which the surface is bare."""
WIDER: Final = 0.008
"""Metres that the shell goes on beyond hair: more than a quad of it is wide."""
_FADES: Final = 1.5
"""Times the width by which hair is carried on at which that ends."""
_EDGE: Final = 0.04
"""Metres from bare places within which short hair is at its edge."""
_FREE: Final = 0.004
"""Of these, those over which a cluster's width tells nothing."""
_STEEP: Final = 1.2
"""How fast short hair grows thicker away from its edge: the tangent of its slope."""
_BALL: Final = np.linalg.norm(np.mgrid[-2:3, -2:3, -2:3], axis=0) < 2.3
"""Holes up to four nodes wide are closed."""


class HairVolume(NamedTuple):
    """Values on a grid.

    Attributes:
        values: (X, Y, Z) metres, about the signed distance, negative inside.
        origin: (3,) of node (0, 0, 0), rest pose.
        spacing: metres between nodes.
    """

    values: Float[np.ndarray, "X Y Z"]
    origin: Float[np.ndarray, "3"]
    spacing: float

    def at(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """Values between the nodes."""
        return ndimage.map_coordinates(self.values, ((points - self.origin) / self.spacing).T, order=1, mode="nearest")


def hair_volume(
    space: HairSpace,
    labels: Labels,
    extension: Extension | None = None,
    hat: Headwear | None = None,
    *,
    wider: Labels | None = None,
) -> HairVolume:
    """The space that the labelled surface's hair fills.

    Args:
        space: the bald head's; what the photo shows there that is no hair has none before it.
        labels: of the head's surface.
        extension: what the photo shows of hair beyond that.
        hat: what is worn over it, whose unseen half is a solid of revolution.
        wider: of the same surface, with more of it seen as hair: so far and, unseen, `WIDER` beyond its own hair the
            volume goes on, so that the texture's alpha and not the mesh ends it. None for a volume that ends with it.
    """
    beyond = [part.points for part in (extension,) if part is not None]
    origin, shape, nodes = _nodes(labels, beyond if hat is None else [*beyond, hat.points()])
    skin, scalp = _skin(space, nodes)
    outer, label = _surface(labels if wider is None else wider, nodes)
    scalp = smoothstep(scalp, *_SURE_SCALP)
    if not _hangs(labels):
        outer = _thinned(space, labels, nodes, outer=outer, skin=skin)
        outer = np.maximum(outer, skin - _most_at_edge(labels, nodes))
    if hat is not None:
        outer = outer + _behind(space, labels, nodes) * hat.worn(nodes) * (hat.distances(nodes) - outer)
    if wider is not None:
        label = np.maximum(label, _beyond(labels, nodes))
    label = np.minimum(label, _most(space, nodes, skin))
    hair = smoothstep(label, *_RISES)
    outer = np.where(scalp * hair > 0, np.minimum(outer, skin - _THINNEST * scalp), outer)
    blended = hair * outer + (1 - hair) * (skin + _SUNK)
    values = np.maximum(blended, (_LEAST_LABEL - label) * _MARGIN)
    if extension is not None:
        values = np.minimum(values, extension.distances(space, nodes))
    values = np.maximum(values, -(skin + _BOTTOM))
    loose = np.where(skin < _ON_SCALP, scalp, 0) > 0
    values = np.where(loose, values, np.maximum(values, outline(space, nodes)))
    # beyond the grid there is no hair: mirrored, a thin layer before its border would count as a hole
    closed = ndimage.grey_opening(values.reshape(shape), footprint=_BALL, mode="constant", cval=_MARGIN)
    free = label.reshape(shape) > _LEAST_LABEL
    values = np.where(free, np.minimum(closed, values.reshape(shape)), values.reshape(shape))
    return HairVolume(ndimage.gaussian_filter(values, _SMOOTHED), origin, _SPACING)


def _nodes(labels: Labels, beyond: list[np.ndarray]) -> tuple[np.ndarray, tuple[int, ...], np.ndarray]:
    """Origin, shape and places of the grid's nodes, about the labelled surface's hair and points beyond it."""
    hair = np.concatenate([labels.points[labels.label > _LEAST_LABEL], *beyond])
    origin, high = hair.min(0) - _MARGIN, hair.max(0) + _MARGIN
    shape = tuple(int(n) for n in np.ceil((high - origin) / _SPACING) + 1)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1).reshape(-1, 3)
    return origin, shape, grid * _SPACING + origin


def _surface(labels: Labels, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance to the head's surface by its clusters' planes, and the label of the surface nearby."""
    planes, label = plane_distances(nodes, labels.points, labels.normals, labels.label, _SLACK)
    return planes - _GROWN, label


def _thinned(space: HairSpace, labels: Labels, nodes: np.ndarray, *, outer: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """The distances `outer` (N,) to the surface, which behind short hair is no thicker than the outline shows.

    The networks make a head of hair of what they do not see. Cut short it is as long behind as beside the head at the
    same height, and runs out at the nape.
    """
    facing = (labels.normals * unit(space.viewer - labels.points)).sum(1)
    rim = labels.points[(np.abs(facing) < _RIM) & (labels.label > _RISES[1])]
    if len(rim) < _FEWEST:
        return outer
    thickness = _THICKER * _at_height(rim[:, 1], space.skin_distances(rim).signed, labels.hanging.usual, nodes[:, 1])
    return outer + _behind(space, labels, nodes) * (np.maximum(outer, skin - thickness) - outer)


def _beyond(labels: Labels, nodes: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
    """1 within `WIDER` metres of what is hair, 0 from half as far again."""
    hair = labels.points[labels.label > _BARE]
    if not len(hair):
        return np.zeros(len(nodes))
    farthest = _FADES * WIDER
    away, _ = KDTree(hair).query(nodes, distance_upper_bound=farthest)
    return np.where(np.isfinite(away), 1 - smoothstep(np.minimum(away, farthest), WIDER, farthest), 0.0)


def _hangs(labels: Labels) -> bool:
    """Whether hair hangs below the usual nape, or over both ears, and so is not short."""
    hanging = labels.hanging
    return min(hanging.left, hanging.right) < hanging.usual - _SHORT or min(hanging.covers) > _COVERED


def _most_at_edge(labels: Labels, nodes: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
    """How thick short hair is at most near its edges, metres: it begins thin there, and has no hem."""
    bare = labels.points[labels.label < _BARE]
    if not len(bare):
        return np.full(len(nodes), np.inf)
    away, _ = KDTree(bare).query(nodes, distance_upper_bound=_EDGE)
    return np.where(np.isfinite(away), _THINNEST + _STEEP * np.maximum(away - _FREE, 0), np.inf)


def _at_height(
    seen: Float[np.ndarray, " M"], thickness: Float[np.ndarray, " M"], nape: float, heights: Float[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    """How thick short hair is at some heights: the median of what is seen there, and little at the nape.

    Args:
        seen: (M,) heights where hair is seen on the outline.
        thickness: (M,) how thick it is there.
        nape: the height where short hair ends.
        heights: (N,) where it is asked for.
    """
    step = np.round(seen / _STEP).astype(int)
    known = [s for s in np.unique(step) if (step == s).sum() >= _ENOUGH]
    if not known:
        return np.full(len(heights), max(float(np.median(thickness)), _THINNEST))
    told = [max(float(np.median(thickness[step == s])), _THINNEST) for s in known]
    at = np.array(known) * _STEP
    below = [] if at[0] <= nape else [nape]
    return np.interp(heights, [*below, *at], [*(_THINNEST for _ in below), *told])


def _behind(space: HairSpace, labels: Labels, nodes: np.ndarray) -> Float[np.ndarray, " N"]:
    """How far the photo shows nothing of the surface near the nodes, 0..1."""
    facing = (labels.normals * unit(space.viewer - labels.points)).sum(1)
    hidden = smoothstep(-facing, *_HIDDEN)
    return plane_distances(nodes, labels.points, labels.normals, hidden, _SLACK)[1]


def _skin(space: HairSpace, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance to the skin by its vertices' planes, and the height over the hairline of the skin nearby."""
    used = np.unique(space.triangles)
    return plane_distances(nodes, space.skin[used], space.normals[used], space.over_hairline[used], _SLACK)


def plane_distances(
    points: Float[np.ndarray, "N 3"],
    vertices: Float[np.ndarray, "V 3"],
    normals: Float[np.ndarray, "V 3"],
    values: Float[np.ndarray, " V"],
    blur: float,
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Signed distances of points to a dense cloud with normals, and the cloud's values there, both smooth.

    Args:
        points: (N, 3).
        vertices: (V, 3) a cloud that is dense against its curvature.
        normals: (V, 3) unit, outward.
        values: (V,) to be read off.
        blur: distance below which the nearest are blended.
    """
    away, near = KDTree(vertices, leafsize=_LEAF, balanced_tree=False).query(points, k=_NEAREST)
    weight = 1 / (away + blur) ** 2
    weight /= weight.sum(1, keepdims=True)
    offset = points[:, None] - vertices[near]
    planes = np.einsum("nkc,nkc->nk", offset, normals[near])
    return (weight * planes).sum(1), (weight * values[near]).sum(1)


def _most(space: HairSpace, nodes: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """The most that a node's label may be: where the photo shows something else, no hair lies before that."""
    placed = space.to_camera(nodes)
    pixels = space.camera.project(placed)
    view = look_at(space, space.skin, space.triangles)
    before = view.before(pixels, -placed[:, 2]) & (skin > 0)
    shares = shares_at(space, pixels)
    return np.where(before, 1 - smoothstep(shares.known * (1 - shares.wanted), *_OTHER), 1.0)
