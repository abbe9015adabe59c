"""UVs of a shell: laid out around the crown, so that strands run outwards and no seam crosses what is seen.

The outer side is one chart, the head as if flattened from above: the distance from the middle is the way from the crown
down, the angle the direction around the head's vertical axis. What another part of the outer side hides from the axis
(the hair under a tail) is a second chart, the inner side a third, both smaller.

Convention: UVs in 0..1, origin bottom left; the face's side points down, the subject's left to the right. Worked
number: flattened, a place at the height of the axis' middle over the left ear lies 0.157 m to the right of the crown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..geometry.rasterizer import rasterize
from ..shapes import Bool, Float, Int
from .shell import Shell, triangles_of
from .space import HairSpace

_RADIUS: Final = 0.1
"""Metres from the axis to an adult's scalp, a round figure: above the axis' middle ways are angles times this."""
_CHARTS: Final = ((0.0, 0.22, 0.78), (0.79, 0.79, 0.21), (0.79, 0.56, 0.21))
"""Left and bottom edge and side of the squares of the outer, the hidden and the inner chart."""
_MARGIN: Final = 0.006
"""Of the texture, around each chart."""
_PIXELS: Final = 256
_HIDDEN: Final = 0.006
"""Metres that a part lies nearer to the axis than another before it counts as hidden."""


class Unwrapped(NamedTuple):
    """UVs of a shell of Q quads.

    Attributes:
        uvs: (U, 2) in 0..1.
        quads: (Q, 4) into `uvs`.
        vertices: (U,) the shell's vertex of each.
        charts: (Q,) 0 for the outer side, 1 for what it hides, 2 for the inner side.
        scales: (3,) of the charts, UV units for a metre.
    """

    uvs: Float[np.ndarray, "U 2"]
    quads: Int[np.ndarray, "Q 4"]
    vertices: Int[np.ndarray, " U"]
    charts: Int[np.ndarray, " Q"]
    scales: Float[np.ndarray, "3"]


def from_above(space: HairSpace, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 2"]:
    """Points (N, 3) of the rest pose flattened from above, metres, the crown at (0, 0) and the face's side down."""
    x, y, z = (points - space.axis).T
    out = np.maximum(np.hypot(x, z), 1e-9)
    way = np.where(y > 0, np.arctan2(out, np.maximum(y, 0)) * _RADIUS, np.pi / 2 * _RADIUS - y)
    return np.stack([way * x / out, -way * z / out], axis=1)


def unwrap(space: HairSpace, shell: Shell) -> Unwrapped:
    """UVs of a shell."""
    flat = from_above(space, shell.vertices)
    charts = _charts(space, shell, flat)
    uvs, owners, scales = [], [], []
    quads, count = np.zeros_like(shell.quads), 0
    for chart, (left, bottom, side) in enumerate(_CHARTS):
        mine = charts == chart
        used, index = np.unique(shell.quads[mine], return_inverse=True)
        place, scale = _fitted(flat[used], left, bottom, side)
        quads[mine] = index.reshape(-1, 4) + count
        uvs.append(place)
        owners.append(used)
        scales.append(scale)
        count += len(used)
    return Unwrapped(np.concatenate(uvs), quads, np.concatenate(owners), charts, np.array(scales))


def _fitted(flat: np.ndarray, left: float, bottom: float, side: float) -> tuple[np.ndarray, float]:
    """Flat points within a square of the texture, and the scale."""
    low, high = (flat.min(0), flat.max(0)) if len(flat) else (np.zeros(2), np.ones(2))
    scale = (side - 2 * _MARGIN) / max(float((high - low).max()), 1e-6)
    return (flat - (low + high) / 2) * scale + np.array([left, bottom]) + side / 2, scale


def _charts(space: HairSpace, shell: Shell, flat: np.ndarray) -> Int[np.ndarray, " Q"]:
    outward = _areas(flat, shell.quads) > 0
    charts = np.where(outward, 0, 2)
    quads = shell.quads[outward]
    hidden = _hidden(space, shell.vertices, flat, quads)
    charts[np.flatnonzero(outward)[hidden]] = 1
    return charts


def _areas(flat: np.ndarray, quads: np.ndarray) -> Float[np.ndarray, " Q"]:
    """Signed areas of quads; positive for those that face away from the axis."""
    a, b, c, d = (flat[quads[:, k]] for k in range(4))
    one, two = c - a, d - b
    return (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2


def _hidden(space: HairSpace, vertices: np.ndarray, flat: np.ndarray, quads: np.ndarray) -> Bool[np.ndarray, " Q"]:
    """Which quads lie nearer to the axis than others that are laid on the same place."""
    triangles = triangles_of(quads)
    offset = vertices - space.axis
    radius = np.where(offset[:, 1] > 0, np.linalg.norm(offset, axis=1), np.hypot(offset[:, 0], offset[:, 2]))
    low = flat.min(0)
    scale = (_PIXELS - 1) / max(float((flat.max(0) - low).max()), 1e-6)
    xy, depth = (flat - low) * scale, 1 + radius.max() - radius
    raster = rasterize(
        torch.from_numpy(xy), torch.from_numpy(depth), torch.from_numpy(triangles).long(), _PIXELS, _PIXELS
    )
    centre = np.clip(xy[quads].mean(1).astype(int), 0, _PIXELS - 1)
    top = raster.depth.numpy()[centre[:, 1], centre[:, 0]]
    return depth[quads].mean(1) > top + _HIDDEN


def flat_directions(
    space: HairSpace, points: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, "N 2"]:
    """Unit directions (N, 2) in the flattened head of directions in space at points."""
    step = 1e-4
    moved = from_above(space, points + step * directions) - from_above(space, points - step * directions)
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
