"""UVs of a shell: laid out around the crown, so that strands run outwards and no seam crosses what is seen.

The outer side is one chart, the head as if flattened from above: the distance from the middle is the way from the crown
down, the angle the direction around the head's vertical axis. What another part of the outer side hides from the axis
(the hair under a tail) is a second chart, the inner side a third, both smaller. What the photo shows, but lies edge-on
to that flattening, as hair beside a face does, is laid out as the photo shows it, a chart for each side.

Convention: UVs in 0..1, origin bottom left; the face's side points down, the subject's left to the right. Worked
number: flattened, a place at the height of the axis' middle over the left ear lies 0.157 m to the right of the crown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch

from ..geometry.normals import unit
from ..geometry.rasterizer import rasterize
from ..shapes import Bool, Float, Int
from .shell import Shell, triangles_of
from .space import HairSpace

_RADIUS: Final = 0.1
"""Metres from the axis to an adult's scalp, a round figure: above the axis' middle ways are angles times this."""
_CHARTS: Final = ((0.0, 0.22, 0.78, 0.78), (0.79, 0.79, 0.21, 0.21), (0.79, 0.56, 0.21, 0.21))
"""Left and bottom edge, width and height of the outer, the hidden and the inner chart."""
_SIDES: Final = ((0.79, 0.0, 0.105, 0.55), (0.895, 0.0, 0.105, 0.55))
"""The same of the charts as seen, on the subject's right and left."""
_AS_SEEN: Final = len(_CHARTS)
_EVENED: Final = 4
"""Rounds in which quads follow their neighbours where they are laid out, lest charts are scattered. Chosen by eye."""
_MARGIN: Final = 0.006
"""Of the texture, around each chart."""
_PIXELS: Final = 256
_DIFFERENCE: Final = 1e-4
"""Metres to each side over which a direction is differentiated."""
_HIDDEN: Final = 0.006
"""Metres that a part lies nearer to the axis than another before it counts as hidden."""


class Unwrapped(NamedTuple):
    """UVs of a shell of Q quads.

    Attributes:
        uvs: (U, 2) in 0..1.
        quads: (Q, 4) into `uvs`.
        vertices: (U,) the shell's vertex of each.
        as_seen: (U,) bool, whether it is laid out as the photo shows it, and not as flattened from above.
    """

    uvs: Float[np.ndarray, "U 2"]
    quads: Int[np.ndarray, "Q 4"]
    vertices: Int[np.ndarray, " U"]
    as_seen: Bool[np.ndarray, " U"]


def from_above(space: HairSpace, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 2"]:
    """Points (N, 3) of the rest pose flattened from above, metres, the crown at (0, 0) and the face's side down."""
    x, y, z = (points - space.axis).T
    out = np.maximum(np.hypot(x, z), 1e-9)
    way = np.where(y > 0, np.arctan2(out, np.maximum(y, 0)) * _RADIUS, np.pi / 2 * _RADIUS - y)
    return np.stack([way * x / out, -way * z / out], axis=1)


def as_seen(space: HairSpace, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 2"]:
    """Points (N, 3) of the rest pose in the photo, pixels, y upward."""
    return space.project(points) * [1, -1]


def unwrap(space: HairSpace, shell: Shell) -> Unwrapped:
    """UVs of a shell."""
    flat, front = from_above(space, shell.vertices), as_seen(space, shell.vertices)
    charts = _charts(space, shell, flat)
    uvs, owners, seen = [], [], []
    quads, count = np.zeros_like(shell.quads), 0
    for chart, room in enumerate((*_CHARTS, *_SIDES)):
        mine = charts == chart
        used, index = np.unique(shell.quads[mine], return_inverse=True)
        quads[mine] = index.reshape(-1, 4) + count
        uvs.append(_fitted((front if chart >= _AS_SEEN else flat)[used], np.array(room)))
        owners.append(used)
        seen.append(np.full(len(used), chart >= _AS_SEEN))
        count += len(used)
    return Unwrapped(np.concatenate(uvs), quads, np.concatenate(owners), np.concatenate(seen))


def _fitted(flat: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Flat points within a rectangle of the texture: left, bottom, width, height."""
    low, high = (flat.min(0), flat.max(0)) if len(flat) else (np.zeros(2), np.ones(2))
    scale = float(((room[2:] - 2 * _MARGIN) / np.maximum(high - low, 1e-6)).min())
    return (flat - (low + high) / 2) * scale + room[:2] + room[2:] / 2


def _charts(space: HairSpace, shell: Shell, flat: np.ndarray) -> Int[np.ndarray, " Q"]:
    outward = _areas(flat, shell.quads) > 0
    charts = np.where(outward, 0, 2)
    quads = shell.quads[outward]
    hidden = _hidden(space, shell.vertices, flat, quads)
    charts[np.flatnonzero(outward)[hidden]] = 1
    seen = _better_seen(space, shell, np.where(charts > 0, 0.0, _areas(flat, shell.quads)))
    charts[seen] = _AS_SEEN + (shell.vertices[shell.quads[seen], 0].mean(1) > space.axis[0])
    return charts


def _better_seen(space: HairSpace, shell: Shell, left: Float[np.ndarray, " Q"]) -> Bool[np.ndarray, " Q"]:
    """Which quads have more of their area left in the photo than in the flattened head.

    Args:
        space: the bald head's.
        shell: of the hair.
        left: (Q,) area of each quad in the flattened head; 0 where it is hidden.
    """
    quads = shell.quads
    a, b, c, d = (shell.vertices[quads[:, k]] for k in range(4))
    area = np.maximum(np.linalg.norm(np.cross(c - a, d - b), axis=1) / 2, 1e-12)
    facing = ((shell.normals * unit(space.viewer - shell.vertices)).sum(1) * shell.visible)[quads].min(1)
    gain = facing - np.clip(left / area, 0, 1)
    for _ in range(_EVENED):
        of = np.bincount(quads.ravel(), np.repeat(gain, 4)) / np.maximum(np.bincount(quads.ravel()), 1)
        gain = of[quads].mean(1)
    upright = _areas(as_seen(space, shell.vertices), quads) > 0
    return ((gain > 0) | (left <= 0)) & (facing > 0) & upright


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
    space: HairSpace, unwrapped: Unwrapped, points: Float[np.ndarray, "V 3"], directions: Float[np.ndarray, "V 3"]
) -> Float[np.ndarray, "U 2"]:
    """Unit directions (U, 2) in the texture, y upward, of directions in space at a shell's vertices.

    Args:
        space: the bald head's.
        unwrapped: the shell's UVs.
        points: (V, 3) its vertices.
        directions: (V, 3) unit.
    """
    owner, step = unwrapped.vertices, _DIFFERENCE
    start, end = points[owner] - step * directions[owner], points[owner] + step * directions[owner]
    above, seen = (lay(space, end) - lay(space, start) for lay in (from_above, as_seen))
    moved = np.where(unwrapped.as_seen[:, None], seen, above)
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
