"""What a printer cannot make: slits that are too narrow, walls that are too thin, cavities and crumbs."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from ..geometry.surface_nets import largest_piece, well_composed
from ..shapes import Bool, Float32

_STAR: Final = ndimage.generate_binary_structure(3, 1)
_BALL: Final = ndimage.generate_binary_structure(3, 2)
_SOFTNESS: Final = 1.5
"""Radius of a Gaussian about thin nodes, in radii of the opening."""
_SHEET: Final = 0.2
"""Share of thin nodes in that Gaussian about a sheet of one node, 0.26 at 1.5 nodes: there it grows whole."""


def printable(
    values: Float32[np.ndarray, "X Y Z"], spacing: float, feature: float
) -> tuple[Float32[np.ndarray, "X Y Z"], int]:
    """Values of a solid without slits and walls under a size, cavities and loose crumbs.

    Args:
        values: signed distances, negative inside.
        spacing: between nodes.
        feature: the size, in the unit of the spacing; 0 leaves slits and walls.

    Returns:
        The values, and how many loose pieces were left out.
    """
    inside = values < 0
    steps = round(feature / spacing / 2)
    filled = _eroded(_dilated(inside, steps), steps) if steps else inside
    values = _changed(values, inside, without_cavities(inside | filled), spacing)
    if steps:
        values = thickened(values, steps, feature / 2)
    inside = values < 0
    wanted, crumbs = largest_piece(without_cavities(inside))
    return _changed(values, inside, wanted, spacing), crumbs


def thickened(values: Float32[np.ndarray, "X Y Z"], steps: int, growth: float) -> Float32[np.ndarray, "X Y Z"]:
    """Values of a solid whose thin places have grown on both sides.

    What an opening takes away is thin; around it the surface moves outwards, softly, so that no beads appear.

    Args:
        values: signed distances, negative inside.
        steps: the opening's radius in nodes: what it takes away has fewer than twice as many.
        growth: how far a thin place's surface moves, in the unit of the values.
    """
    inside = values < 0
    thin = inside & ~_dilated(_dilated(_eroded(inside, steps), steps), 1)
    share = ndimage.gaussian_filter(thin.astype(np.float32), _SOFTNESS * steps, truncate=3.0)
    return values - np.float32(growth) * np.clip(share / _SHEET, 0, 1)


def _changed(
    values: Float32[np.ndarray, "X Y Z"],
    inside: Bool[np.ndarray, "X Y Z"],
    wanted: Bool[np.ndarray, "X Y Z"],
    spacing: float,
) -> Float32[np.ndarray, "X Y Z"]:
    """Values whose inside is what is wanted; the surface passes half a cell from nodes that changed sides."""
    half = np.float32(spacing / 2)
    return np.where(wanted & ~inside, -half, np.where(inside & ~wanted, half, values)).astype(np.float32)


def without_cavities(inside: Bool[np.ndarray, "X Y Z"]) -> Bool[np.ndarray, "X Y Z"]:
    """The set with all that the grid's border does not reach through the outside."""
    padded = np.pad(~inside, 1, constant_values=True)
    pieces = np.zeros(padded.shape, np.int32)
    ndimage.label(padded, output=pieces)
    return (pieces != pieces[0, 0, 0])[1:-1, 1:-1, 1:-1]


def sealed(values: Float32[np.ndarray, "X Y Z"], spacing: float, *, cavity: bool) -> Float32[np.ndarray, "X Y Z"]:
    """Values whose surface is one manifold: no bubbles, which the making of a manifold would leave in narrow corners.

    Args:
        values: signed distances, negative inside.
        spacing: between nodes.
        cavity: whether the largest hole inside is wanted and stays.
    """
    inside = values < 0
    composed = well_composed(inside, values)
    full = without_cavities(composed)
    kept = largest_piece(full & ~composed)[0] if cavity else np.zeros_like(full)
    return _changed(values, inside, full & ~kept, spacing)


def _dilated(inside: Bool[np.ndarray, "X Y Z"], steps: int) -> Bool[np.ndarray, "X Y Z"]:
    for step in range(steps):
        inside = ndimage.binary_dilation(inside, _BALL if step % 2 == 0 else _STAR)
    return inside


def _eroded(inside: Bool[np.ndarray, "X Y Z"], steps: int) -> Bool[np.ndarray, "X Y Z"]:
    for step in range(steps):
        inside = ndimage.binary_erosion(inside, _BALL if step % 2 == 0 else _STAR, border_value=1)
    return inside
