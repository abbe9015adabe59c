"""Keeps the lips from passing through each other.

Between the lips' edges lies a sheet, at every place along the mouth halfway between upper and lower edge. Whatever of a
lip stood on its own side of the sheet at rest stays there.

Convention: metres, the template's frame; along the mouth from -1 at the right (-X) corner to 1 at the left one. Worked
number: an upper edge that comes to lie 2 mm below the lower one is raised by 1 mm, the lower one goes down by as much.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ...geometry.self_intersection import crossing_pairs
from ...registration.bending_energy import fill_smoothly
from ...shapes import Float64, Int64
from . import rims
from .calibration import calibrated_identity, fit_template, outer_skin
from .mouth_contact import hold_lips, mouth_depth
from .regions import region_masks, rings_around
from .rig import part_mask

_OUTER: Final = 4
_INNER: Final = 2
"""Rings of lip outside and inside the edge that are held."""
_REACH: Final = 9
"""Rings of vertices over which a change fades."""
_ROUNDS: Final = 3
_OPEN: Final = 0.002
"""Metres between the lips' edges from which on they are open and free."""
_CORNER: Final = 0.9
"""Places along the mouth beyond which its corner lies, where there is no upper and lower lip."""
_SMALL: Final = 2e-5
"""Metres that need no change."""
_STRENGTHS: Final = (0.0, 0.35, 0.7, 1.0)
"""Shares of a push that are tried."""
_STIFF: Final = 0.1
"""Stiffness of the spreading, against a trust of 10 in what is asked for."""


def settle_mouth(
    template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]
) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) that keeps lips and cheeks before the teeth and the lips out of each other.

    Of several strengths of `uncross_lips` that is taken which leaves the fewest crossing triangles of the lips:
    pushes are no help where lips roll in.
    """
    apart = uncross_lips(template, offset)
    strengths = _STRENGTHS if np.abs(apart).max() > _SMALL else (0.0,)
    changes = [share * apart for share in strengths]
    changes = [change + hold_lips(template, offset + change) for change in changes]
    lips = lip_triangles()
    crossed = [len(crossing_pairs(template + offset + change, lips)) for change in changes]
    return changes[int(np.argmin(crossed))]


@lru_cache(maxsize=1)
def lip_triangles() -> Int64[np.ndarray, "T 3"]:
    """Triangles of the lips' skin."""
    triangles = fit_template(_rest()).triangles
    return triangles[region_masks()["lips"][triangles].all(axis=1)]


def uncross_lips(
    template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"]
) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) under which the lips do not pass through each other; it fades around them.

    Args:
        template: (V, 3) the head at rest.
        offset: (V, 3) of a key, or of a sum of keys.
    """
    change = np.zeros_like(offset)
    ids, sign, place = _lip_sides()
    rings = rings_around("mouth", _REACH)
    rest = np.flatnonzero(outer_skin() & ~((rings >= 0) & (rings <= _REACH)))
    room = np.minimum(sign * (template[ids, 1] - _sheet(template, place)[0]), 0)
    for _ in range(_ROUNDS):
        head = template + offset + change
        middle, opened = _sheet(head, place)
        shut = np.clip(1 - opened / _OPEN, 0, 1)
        need = shut * np.maximum(room - sign * (head[ids, 1] - middle), 0)
        if need.max() < _SMALL:
            break
        known = np.concatenate([rest, ids])
        values = np.zeros((len(known), 1))
        values[len(rest) :, 0] = sign * need
        raised = fill_smoothly(fit_template(template).laplacian, known, np.full(len(known), 10.0), values, _STIFF)
        change[:, 1] += np.where(part_mask("skin"), raised[:, 0], 0)
    return change


def _sheet(head: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) heights of the sheet at places along the mouth, and (N,) how far the lips' edges stand apart there."""
    lower, upper = (np.interp(place, along, head[half, 1]) for half, along in _rims())
    return (lower + upper) / 2, upper - lower


@lru_cache(maxsize=1)
def _rest() -> Float64[np.ndarray, "V 3"]:
    return calibrated_identity().template


@lru_cache(maxsize=1)
def _rims() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Vertices of the lower and of the upper lip's edge, and their places along the mouth."""
    halves = rims.rim_halves(_rest(), "mouth")
    return tuple((half, np.maximum.accumulate(_along(_rest()[half, 0], _rest()[half, 0]))) for half in halves)


@lru_cache(maxsize=1)
def _lip_sides() -> tuple[Int64[np.ndarray, " N"], Float64[np.ndarray, " N"], Float64[np.ndarray, " N"]]:
    """Vertices of the lips, +1 for the upper and -1 for the lower one, and their places along the mouth."""
    rest = _rest()
    (lower, _), (upper, _) = _rims()
    rings, depth = rings_around("mouth", _OUTER), mouth_depth()
    ids = np.flatnonzero(((rings >= 0) & (rings <= _OUTER)) | ((depth > 0) & (depth <= _INNER)))
    rim = np.concatenate([lower[1:-1], upper[1:-1]])
    _, near = KDTree(rest[rim]).query(rest[ids])
    side = np.where(near < len(lower) - 2, -1.0, 1.0)
    side = np.where(np.isin(ids, upper[1:-1]), 1.0, np.where(np.isin(ids, lower[1:-1]), -1.0, side))
    inner = ~np.isin(ids, [lower[0], lower[-1]])
    place = _along(rest[ids, 0], rest[lower, 0])
    inner &= np.abs(place) < _CORNER
    return ids[inner], side[inner], place[inner]


def _along(x: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return 2 * (x - ends.min()) / (ends.max() - ends.min()) - 1
