"""Makes a key smooth in space where it would draw the lips through themselves.

Lips that touch move together: a chin that is raised takes the upper lip along, and in the corner of the mouth both lips
are one. A key that moves them apart from each other, as far as edges of the mesh allow, draws them through each other.
Where that happens the offsets of the vertices are replaced by the affine motion that fits best to all that is near *in
space*, on whichever lip, in a neighbourhood that grows until nothing crosses any more: a motion that is affine near a
place draws nothing through itself there.

What crosses is looked for on the mean head and on some drawn identities, so that a key holds on people. Convention:
metres, the template's frame. Worked number: `mouthShrugLower` draws 52 pairs of triangles of the mean head through each
other; softened it draws none, and the upper lip goes up with the lower one.

Source of the affine fit: moving least squares (Schaefer, McPhail and Warren, Image Deformation Using Moving Least
Squares, SIGGRAPH 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from ...geometry.self_intersection import crossing_pairs
from ...shapes import Float64, Int64
from . import calibration, rims
from .mouth_contact import mouth_depth
from .regions import region_masks, rings_around
from .selection import head_selection


@dataclass(frozen=True)
class SofteningSettings:
    """How keys are softened; chosen on the mean head and drawn identities.

    Attributes:
        widths: metres, standard deviations of the neighbourhoods, narrow to wide.
        step: widths by which a place that crosses becomes wider in a round.
        reach: metres around a place that crosses over which its width fades.
        rounds: at most so many.
        patience: rounds without a better result after which no more are made.
        price: pairs of crossing triangles that a millimetre of change, in the mean over the lips, is worth.
        identities: drawn identities, each with its mirror image.
    """

    widths: tuple[float, ...] = (0.0015, 0.0025, 0.004, 0.006, 0.009)
    step: float = 0.75
    reach: float = 0.004
    rounds: int = 14
    patience: int = 4
    price: float = 100.0
    identities: int = 8


_OUTER: Final = 12
"""Rings of outer skin about the mouth that may be softened; the last four fade."""
_FADE: Final = 4.0
_INNER: Final = 5
"""Rings of the mouth's inside that may be softened; the last three fade."""
_INNER_FADE: Final = 3.0
_EVEN: Final = 0.004
"""Metres: the width by which a push is made even."""
_CORNER: Final = 0.007
"""Metres: how far about the mouth's corners skin is made even, as a standard deviation; chosen by eye."""
_CORNER_WIDTH: Final = 0.005
"""Metres: the width by which it is."""
_RIDGE: Final = 0.05
"""Ridge on the linear part of a fit, as a share of the weights' sum, for neighbourhoods that are flat."""
_CUT: Final = 3.0
"""Standard deviations at which a neighbourhood ends."""
_UNSOUND: Final = 1.5
"""An identity whose resting lips cross this much more often than the mean head's is not used: it is no face."""


def soften(offset: Float64[np.ndarray, "V 3"], settings: SofteningSettings | None = None) -> Float64[np.ndarray, "V 3"]:
    """The offset (V, 3) of a key or of a sum of keys, softened where it draws the lips through themselves.

    Args:
        offset: (V, 3) metres.
        settings: see `SofteningSettings`.
    """
    chosen = settings or SofteningSettings()
    ids = softened_skin()
    place = calibration.calibrated_identity().template[ids]
    layers = np.stack([offset[ids], *(fit @ offset[ids] for fit in _fits(chosen.widths))])
    highest = len(layers) - 1.0
    row = np.full(len(offset), -1)
    row[ids] = np.arange(len(ids))
    level = np.zeros(len(ids))
    found, best, lowest, late = offset, offset, np.inf, 0
    for _ in range(chosen.rounds):
        crossing, hit = _crossings(found, chosen.identities)
        paid = _price(offset, found, crossing, chosen)
        late = 0 if paid < lowest else late + 1
        if paid < lowest:
            best, lowest = found, paid
        if not crossing or late > chosen.patience:
            break
        level[row[hit]] = np.minimum(level[row[hit]] + chosen.step, highest)
        found = offset.copy()
        found[ids] = _between(layers, _spread_level(place, level, chosen.reach) * _allowed())
    return best


def cost(
    offset: Float64[np.ndarray, "V 3"],
    changed: Float64[np.ndarray, "V 3"],
    settings: SofteningSettings | None = None,
) -> float:
    """What an offset (V, 3) costs in place of another: pairs that cross on all heads, and the lips' change."""
    chosen = settings or SofteningSettings()
    return _price(offset, changed, _crossings(changed, chosen.identities)[0], chosen)


def _price(offset: np.ndarray, changed: np.ndarray, crossing: int, settings: SofteningSettings) -> float:
    about = np.unique(lip_triangles())
    return crossing + 1000 * settings.price * float(np.linalg.norm((changed - offset)[about], axis=1).mean())


def evenly(change: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """A change (V, 3), metres, made as even in space about the mouth as `_EVEN` says."""
    ids, share = softened_skin(), _allowed()[:, None]
    even = change.copy()
    even[ids] = share * (_fits((_EVEN,))[0] @ change[ids]) + (1 - share) * change[ids]
    return even


def even_corners(offset: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3), metres, of an offset (V, 3) under which the skin about the mouth's corners moves as one piece.

    In the corner both lips are one: where a sum of keys opens them to the very end and draws the end away, it folds.
    """
    ids, place = softened_skin(), calibration.calibrated_identity().template
    ends = place[rims.rim_halves(place, "mouth")[0][[0, -1]]]
    near = np.linalg.norm(place[ids][:, None] - ends[None], axis=2).min(axis=1)
    share = (np.exp(-((near / _CORNER) ** 2) / 2) * _allowed())[:, None]
    change = np.zeros_like(offset)
    change[ids] = share * (_fits((_CORNER_WIDTH,))[0] @ offset[ids] - offset[ids])
    return change


def _between(layers: np.ndarray, level: np.ndarray) -> np.ndarray:
    low = np.clip(level.astype(int), 0, len(layers) - 2)
    share, rows = (level - low)[:, None], np.arange(len(level))
    return (1 - share) * layers[low, rows] + share * layers[low + 1, rows]


def _spread_level(place: np.ndarray, level: np.ndarray, reach: float) -> np.ndarray:
    """(N,) levels that stand full to half the reach around each vertex, and fade to one and a half times."""
    raised = np.flatnonzero(level > 0)
    distance = np.linalg.norm(place[:, None] - place[None, raised], axis=2)
    share = np.clip(1.5 - distance / reach, 0, 1)
    return (level[raised] * share**2 * (3 - 2 * share)).max(axis=1, initial=0.0)


def _crossings(offset: np.ndarray, identities: int) -> tuple[int, np.ndarray]:
    """How many pairs cross that do not at rest, over all heads, and the vertices that take part."""
    lips, count, hit = lip_triangles(), 0, []
    for head, rest in sound_heads(identities):
        new = [pair for pair in map(tuple, crossing_pairs(head + offset, lips)) if pair not in rest]
        count += len(new)
        hit += [lips[list(pair)].ravel() for pair in new]
    return count, np.unique(np.concatenate(hit)) if hit else np.zeros(0, int)


@lru_cache(maxsize=1)
def lip_triangles() -> Int64[np.ndarray, "T 3"]:
    """Triangles of the lips' skin."""
    triangles = calibration.fit_template(calibration.calibrated_identity().template).triangles
    return triangles[region_masks()["lips"][triangles].all(axis=1)]


@lru_cache(maxsize=2)
def sound_heads(identities: int) -> tuple[tuple[Float64[np.ndarray, "V 3"], frozenset[tuple[int, int]]], ...]:
    """The mean head, drawn identities and their mirror images, with the pairs of triangles that cross at rest."""
    space, mirror, lips = calibration.calibrated_identity(), head_selection().mirror, lip_triangles()
    most = _UNSOUND * max(len(crossing_pairs(space.template, lips)), 1)
    heads, seed = [space.template], 0
    while len(heads) < 1 + 2 * identities:
        draw = np.random.default_rng(seed).normal(size=len(space.basis))
        head = space.template + np.tensordot(draw, space.basis, 1)
        seed += 1
        if len(crossing_pairs(head, lips)) <= most:
            heads += [head, head[mirror] * [-1, 1, 1]]
    return tuple((head, frozenset(map(tuple, crossing_pairs(head, lips).tolist()))) for head in heads)


@lru_cache(maxsize=1)
def softened_skin() -> Int64[np.ndarray, " N"]:
    """Vertices of lips, of the skin around them and of the mouth's first rings that may be softened."""
    ring, depth = rings_around("mouth", _OUTER), mouth_depth()
    return np.flatnonzero((ring >= 0) | ((depth > 0) & (depth <= _INNER)))


@lru_cache(maxsize=1)
def _allowed() -> Float64[np.ndarray, " N"]:
    """(N,) 1 on and about the lips, 0 where softening has to have ended."""
    ids = softened_skin()
    ring, depth = rings_around("mouth", _OUTER)[ids], mouth_depth()[ids]
    outside = np.clip((_OUTER - ring) / _FADE, 0, 1)
    return np.where(depth > 0, np.clip((_INNER - depth) / _INNER_FADE, 0, 1), outside)


@lru_cache(maxsize=3)
def _fits(widths: tuple[float, ...]) -> tuple[sparse.csr_matrix, ...]:
    """For each width the matrix (N, N) that takes values at vertices to those of affine fits around them."""
    return tuple(affine_fits(calibration.calibrated_identity().template[softened_skin()], width) for width in widths)


def affine_fits(points: Float64[np.ndarray, "N 3"], width: float) -> sparse.csr_matrix:
    """Matrix (N, N) that takes values at points to the values of moving least squares' affine fits there.

    Args:
        points: (N, 3) metres.
        width: metres, the standard deviation of a neighbour's weight.
    """
    rows, columns, values = [], [], []
    for index, near in enumerate(KDTree(points).query_ball_point(points, _CUT * width)):
        arm = (points[near] - points[index]) / width
        weight = np.exp(-(arm**2).sum(axis=1) / 2)
        design = np.column_stack([np.ones(len(near)), arm])
        system = design.T @ (weight[:, None] * design) + _RIDGE * weight.sum() * np.diag([0.0, 1, 1, 1])
        values.append(np.linalg.solve(system, (weight[:, None] * design).T)[0])
        rows.append(np.full(len(near), index))
        columns.append(near)
    flat = [np.concatenate(part) for part in (values, rows, columns)]
    return sparse.csr_matrix((flat[0], (flat[1], flat[2])), shape=(len(points), len(points)))
