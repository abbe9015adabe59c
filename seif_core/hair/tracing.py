"""Strands traced through the space that hair fills, along the directions of its shell.

All strands are traced at once, a step at a time. A strand leaves its root along the skin's normal, rises to its own
depth under the shell's outer side, keeps it, and ends where the space does or where it is as long as it may be.

Convention: metres, rest pose, from root to tip. Worked number: with steps of 4 mm a strand of 12 cm has 31 places.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..geometry.normals import unit
from ..shapes import Bool, Float
from .shell import Shell
from .space import HairSpace
from .volume import HairVolume

_STEP: Final = 0.004
"""Chosen, as are the constants below, by eye on the sample portraits."""
_LONGEST: Final = 0.45
"""Metres that a strand has at most."""
_INERTIA: Final = 0.35
"""Share of a step's direction that the step before has."""
_LIFT: Final = 0.6
"""Sine of the angle at most by which a strand rises or sinks to its own depth."""
_RISING: Final = 3
"""Steps over which a strand leaves the skin."""
_SETTLED: Final = 6
"""Steps over which a strand that would leave thin hair is held under its outer side."""
_UNDER: Final = 0.5
"""Of its own depth, how deep it is held there."""
_CUT: Final = 0.6
"""Cosine between a strand and the shell's normal from which it runs out of it."""
_RIM: Final = 0.008
"""Metres under the outer side within which that ends it."""
_NEAREST: Final = 4
_AT_ONE: Final = 1e-3
"""Metres added to distances: a point on a vertex takes no more than four times the weight of one a millimetre off."""
_OUTER: Final = 0.0005
"""Metres over the skin from which the shell's vertices tell a direction: those under it are its inner side."""
_FLOOR: Final = 0.0015
"""Metres over the skin that strands keep."""
_PUSHES: Final = 2
"""Times that a strand is pushed out of the skin: the first may push it into another fold. Chosen by eye."""


class Field(NamedTuple):
    """What the shell says at some points.

    Attributes:
        direction: (N, 3) unit, of the hair.
        normal: (N, 3) unit, outward.
        nearest: (N,) the shell's vertex that is nearest.
    """

    direction: Float[np.ndarray, "N 3"]
    normal: Float[np.ndarray, "N 3"]
    nearest: np.ndarray


class ShellField:
    """Directions and normals of a shell's outer side, read off nearby.

    Args:
        shell: of the hair.
        directions: (V, 3) unit, at its vertices.
    """

    def __init__(self, shell: Shell, directions: Float[np.ndarray, "V 3"]) -> None:
        self._outer = np.flatnonzero(shell.skin > _OUTER)
        self._directions, self._normals = directions, shell.normals
        self._tree = KDTree(shell.vertices[self._outer])

    def at(self, points: Float[np.ndarray, "N 3"]) -> Field:
        """The field at points (N, 3)."""
        away, near = (np.asarray(found) for found in self._tree.query(points, k=_NEAREST))
        near = self._outer[near]
        weight = 1 / (away + _AT_ONE) ** 2
        mixed = [unit(np.einsum("nk,nkc->nc", weight, v[near])) for v in (self._directions, self._normals)]
        return Field(mixed[0], mixed[1], near[:, 0])


def trace(
    volume: HairVolume,
    field: ShellField,
    roots: Float[np.ndarray, "G 3"],
    normals: Float[np.ndarray, "G 3"],
    *,
    depths: Float[np.ndarray, " G"],
    lengths: Float[np.ndarray, " G"],
    points: int,
) -> Float[np.ndarray, "G P 3"]:
    """Trace strands and lay `points` places evenly along each.

    Args:
        volume: the space that hair fills.
        field: directions of the hair.
        roots: (G, 3) on the skin.
        normals: (G, 3) of the skin there.
        depths: (G,) metres under the outer side at which each strand lies.
        lengths: (G,) metres that each may have.
        points: P.
    """
    place, heading = roots.copy(), unit(normals + field.at(roots).direction)
    going = np.ones(len(roots), bool)
    path, run = [place.copy()], np.zeros(len(roots))
    for number in range(int(_LONGEST / _STEP)):
        found = field.at(place)
        sunk = -volume.at(place)
        lift = np.clip((sunk - depths) / (3 * _STEP), -_LIFT, _LIFT)
        wanted = unit(found.direction + lift[:, None] * found.normal)
        if number < _RISING:  # as far as there is hair to rise through
            room = np.clip((sunk - depths) / _STEP, 0, 1)
            wanted = unit(wanted + (room * (1 - number / _RISING))[:, None] * normals)
        turned = (wanted * heading).sum(1) < 0
        heading = unit(_INERTIA * heading + (1 - _INERTIA) * wanted)
        moved = place + _STEP * heading
        if number < _SETTLED:
            out = np.maximum(volume.at(moved) + _UNDER * depths, 0)
            moved = moved - out[:, None] * found.normal
        ends = turned | (volume.at(moved) >= 0) | ((found.normal * heading).sum(1) > _CUT) & (sunk < _RIM)
        going &= (run < lengths) & (~ends | (number < _RISING))
        if not going.any():
            break
        place = np.where(going[:, None], moved, place)
        run += _STEP * going
        path.append(place.copy())
    return resampled(np.stack(path, axis=1), points)


def resampled(paths: Float[np.ndarray, "G N 3"], points: int) -> Float[np.ndarray, "G P 3"]:
    """Places laid evenly along polylines, some of which may stand still at their end."""
    steps = np.linalg.norm(np.diff(paths, axis=1), axis=2)
    run = np.concatenate([np.zeros((len(paths), 1)), np.cumsum(steps, axis=1)], axis=1)
    share = np.linspace(0, 1, points)
    out = np.empty((len(paths), points, 3))
    for k, (path, length) in enumerate(zip(paths, run, strict=True)):
        for axis in range(3):
            out[k, :, axis] = np.interp(share * length[-1], length, path[:, axis])
    return out


def kept_off_skin(space: HairSpace, strands: Float[np.ndarray, "G P 3"]) -> Float[np.ndarray, "G P 3"]:
    """Strands whose places, all but the roots, lie at least a little over the skin."""
    out = strands.copy()
    for _ in range(_PUSHES):
        points = out[:, 1:].reshape(-1, 3)
        told = space.skin_distances(points)
        low = told.signed < _FLOOR
        if not low.any():
            break
        away = points[low] - told.points[low]
        side = np.where(told.signed[low] < 0, -1.0, 1.0)[:, None]
        plain = unit(space.on_skin(points[low], space.normals))
        flat = np.linalg.norm(away, axis=1, keepdims=True) < 1e-6
        outward = np.where(flat, plain, side * unit(away))
        points[low] = told.points[low] + _FLOOR * outward
        out[:, 1:] = points.reshape(out[:, 1:].shape)
    return out


def under_hair(volume: HairVolume, points: Float[np.ndarray, "N 3"], normals: np.ndarray) -> Bool[np.ndarray, " N"]:
    """Which places of the skin, with these normals, have hair over them."""
    return volume.at(points + _FLOOR * normals) < 0
