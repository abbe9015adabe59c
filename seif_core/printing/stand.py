"""What a print stands on: a flat cut, or a turned foot under the shoulders.

Convention: millimetres, Y up. Worked number: a print of 120 mm with a foot stands on a disc of 50 mm and begins 26 mm
above it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from ..geometry.surface_nets import largest_piece
from ..shapes import Bool, Float, Float32
from .voxels import Grid

FOOT_SHARE: Final = 0.22
"""Height of the foot as a share of the whole print's. Chosen by eye."""
_WAIST: Final = 0.115
"""Radius of the foot's narrowest place as a share of the print's height: it carries a head of 0.4 without bending."""
_DISC: Final = 0.21
"""Radius of the disc on which it stands, as a share of the height: the centre of mass lies well within it."""
_WAIST_AT: Final = 0.72
_TOUCHES: Final = 1e-3
"""Millimetres over the ground that still touch it."""
_SAFE: Final = 0.1
"""Share of the standing area's sides that the centre of mass keeps from its edges. Chosen by hand."""
_DISC_AT: Final = 0.88
"""How far down the foot is narrowest, and where the disc begins, 0 at the shoulders, 1 at the ground."""


def cut_flat(values: Float32[np.ndarray, "X Y Z"], grid: Grid, height: float) -> Float32[np.ndarray, "X Y Z"]:
    """The solid without what lies below a height."""
    below = (height - grid.axis(1)).astype(np.float32)
    return np.maximum(values, below[None, :, None])


def with_foot(
    values: Float32[np.ndarray, "X Y Z"], grid: Grid, shoulders: float, ground: float, height: float
) -> Float32[np.ndarray, "X Y Z"]:
    """The solid with a foot from the outline at its shoulders down to the ground.

    Args:
        values: signed distances of the solid.
        grid: its nodes.
        shoulders: where the foot begins.
        ground: where it ends.
        height: of the whole print, from which the foot has its width.
    """
    row = int(np.searchsorted(grid.axis(1), shoulders)) + 1
    inside = values[:, row] < 0
    edge = distances(~inside, 1.0) - distances(inside, 1.0)
    outline = ndimage.gaussian_filter(edge * grid.spacing, 2.0)
    x, z = np.meshgrid(grid.axis(0), grid.axis(2), indexing="ij")
    middle = (x[inside].mean(), z[inside].mean())
    distance = np.hypot(x - middle[0], z - middle[1])
    below = (shoulders - grid.axis(1)) / (shoulders - ground)
    foot = values.copy()
    for j in np.flatnonzero((below >= 0) & (grid.axis(1) > ground - 2 * grid.spacing)):
        share, radius = _profile(float(min(below[j], 1.0)), height)
        level = (1 - share) * outline + share * (distance - radius)
        foot[:, j] = np.minimum(foot[:, j], level)
    return foot


def _profile(depth: float, height: float) -> tuple[float, float]:
    """How round the foot is at a depth of 0 to 1, and its radius there."""
    share = _smooth(depth / _WAIST_AT)
    flare = _smooth((depth - _WAIST_AT) / (_DISC_AT - _WAIST_AT))
    return share, height * (_WAIST + (_DISC - _WAIST) * flare)


def _smooth(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def hollowed(
    values: Float32[np.ndarray, "X Y Z"], grid: Grid, ground: float, wall: float, drain: float
) -> Float32[np.ndarray, "X Y Z"] | None:
    """The solid with one cavity that keeps a wall, and a hole in its floor; None where there is no room for either.

    Args:
        values: signed distances of the solid.
        grid: its nodes.
        ground: height of its flat base.
        wall: thickness that stays everywhere.
        drain: diameter of the hole, 0 for none.
    """
    depth = distances(values < 0, grid.spacing) - np.float32(grid.spacing / 2)
    everywhere = depth > wall
    void, _ = largest_piece(everywhere)
    if not void.any():
        return None
    shell = np.where(everywhere & ~void, values, np.maximum(values, depth - wall))
    if not drain:
        return shell
    floor = int(np.flatnonzero(void.any(axis=(0, 2)))[0]) + 1
    room = distances(void[:, floor], grid.spacing)
    i, k = np.unravel_index(int(room.argmax()), room.shape)
    if room[i, k] < drain / 2 or grid.axis(1)[floor] - ground > 3 * wall + 2 * grid.spacing:
        return None
    x, z = np.meshgrid(grid.axis(0), grid.axis(2), indexing="ij")
    hole = drain / 2 - np.hypot(x - grid.axis(0)[i], z - grid.axis(2)[k])
    rows = grid.axis(1) <= grid.axis(1)[floor]
    shell[:, rows] = np.maximum(shell[:, rows], hole[:, None, :].astype(np.float32))
    return shell


def distances(inside: Bool[np.ndarray, "..."], spacing: float) -> Float32[np.ndarray, "..."]:
    """How far nodes of a set are from the nearest node outside of it; 0 outside."""
    return np.asarray(ndimage.distance_transform_edt(inside, sampling=spacing), np.float32)


def stands(points: Float[np.ndarray, "V 3"], centre: Float[np.ndarray, "3"]) -> bool:
    """Whether a centre of mass lies over what touches the ground, with a tenth of its width to spare.

    Args:
        points: (V, 3) of the print, Z up, on the ground z = 0.
        centre: of its mass.
    """
    touching = points[points[:, 2] < _TOUCHES][:, :2]
    if not len(touching):
        return False
    low, high = touching.min(axis=0), touching.max(axis=0)
    margin = _SAFE * (high - low)
    return bool(((centre[:2] > low + margin) & (centre[:2] < high - margin)).all())
