"""The head's far side: its normals as a map, and the surface moved along the viewing rays until it follows them.

In the cube the far side is a height field, so following a map is one sparse least-squares problem on its pixels
(Horn, Height and gradient from shading, IJCV 1990), and what is behind a pixel moves as one.

Convention: the cube of `view` (z to the viewer); maps are turned so that they face the viewer: where the outward normal
of the far side is (x, y, -z), the map holds (x, y, z). Worked number: a far side that recedes from the viewer by one
for every one to the right, z = -x, has the gradient (-1, 0), the map (-0.71, 0, 0.71) and the outward normal
(-0.71, 0, -0.71).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy import sparse
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.sparse.linalg import spsolve
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..shapes import Float, Int
from .depth_range import depth_range

_FACING: Final = (0.15, 0.4)
"""z of the map from which it begins to count, and counts fully: near the outline slopes are endless."""
_STEP: Final = 4.0
"""Slope from which two neighbours are not one surface."""
_CALM: Final = 0.3
"""Weight of a rise that is even, where the map says nothing."""
_FADE: Final = 4.0
"""Pixels from the outline within which less is moved."""
_DEEP: Final = 0.5
"""Share of the way to the front over which the far side's move fades."""


@dataclass(frozen=True)
class FarSettings:
    """How far the far side's map is followed.

    Attributes:
        length: cube units; relief much shorter than 2 pi times this is the map's, longer the surface's.
        limit: cube units, nothing moves farther.
        thickness: share of the way to the front that nothing exceeds.
        size: pixels a side of the height field.
    """

    length: float = 0.06
    limit: float = 0.05
    thickness: float = 0.2
    size: int = 128


def far_normals(back: Float[torch.Tensor, "H W"]) -> Float[torch.Tensor, "3 H W"]:
    """Normal map of a far side.

    Args:
        back: (H, W) z in the cube of the last surface behind each pixel, not finite where there is nothing.

    Returns:
        (3, H, W) unit length, turned to the viewer, 0 where it or a neighbour is not.
    """
    z = torch.where(torch.isfinite(back), back, torch.nan)
    across = (z[1:-1, 2:] - z[1:-1, :-2]) * (z.shape[1] / 2)
    up = (z[:-2, 1:-1] - z[2:, 1:-1]) * (z.shape[0] / 2)
    normals = F.normalize(torch.stack([across, up, torch.ones_like(across)]), dim=0)
    return F.pad(torch.nan_to_num(normals), (1, 1, 1, 1))


def follow_far_normals(
    cube: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    normals: Float[torch.Tensor, "3 h w"],
    settings: FarSettings | None = None,
) -> Float[np.ndarray, "V 3"]:
    """Move the far side of a closed surface so that its normals follow a map.

    Nothing comes nearer to the front than a share of its depth, and what lies between far side and front moves less and
    less, so that no place overtakes another.

    Args:
        cube: (V, 3) vertices in the cube.
        triangles: (T, 3).
        normals: (3, h, w) of the cube's square, turned to the viewer, 0 where nothing is known.
        settings: see `FarSettings`.

    Returns:
        (V, 3) float64 the vertices moved along z.
    """
    s = settings or FarSettings()
    ranges = depth_range(torch.from_numpy(np.asarray(cube)).float(), torch.from_numpy(triangles).long(), 2 * s.size)
    front, back = (part[::2, ::2].double().numpy() for part in ranges)
    known = np.isfinite(back) & np.isfinite(front)
    if not known.any():
        return cube.astype(np.float64)
    room = np.where(known, front, 0) - np.where(known, back, 0)
    wanted = F.interpolate(normals[None].float().cpu(), size=(s.size, s.size), mode="area")[0].numpy()
    limit = np.minimum(s.limit, s.thickness * room)
    moved = np.clip(_solved(np.where(known, back, np.nan), wanted, s), -limit, limit)
    moved *= np.clip(np.asarray(distance_transform_edt(known)) / _FADE, 0, 1)
    at = [(0.5 - cube[:, 1]) * s.size - 0.5, (cube[:, 0] + 0.5) * s.size - 0.5]
    moved, last, room = (
        map_coordinates(picture, at, order=1, mode="nearest") for picture in (moved, _filled(back, known), room)
    )
    share = np.clip(1 - (cube[:, 2] - last) / np.maximum(_DEEP * room, 1e-6), 0, 1)
    return cube + np.column_stack([np.zeros((len(cube), 2)), moved * share])


def _solved(back: np.ndarray, wanted: np.ndarray, s: FarSettings) -> np.ndarray:
    """The rise (n, n) of a height field, NaN where there is none, that takes it nearest to the map (3, n, n)."""
    index = np.arange(back.size).reshape(back.shape)
    facing = np.clip((wanted[2] - _FACING[0]) / (_FACING[1] - _FACING[0]), 0, 1).ravel()
    slopes = (wanted[:2] / np.maximum(wanted[2], _FACING[0])).reshape(2, -1)
    system, right = sparse.identity(back.size) / s.length**2, np.zeros(back.size)
    for first, second, slope in ((index[:, :-1], index[:, 1:], slopes[0]), (index[1:], index[:-1], slopes[1])):
        low, high = first.ravel(), second.ravel()
        now = (back.ravel()[high] - back.ravel()[low]) * s.size
        one = np.abs(np.nan_to_num(now, nan=np.inf)) < _STEP
        low, high, now = low[one], high[one], now[one]
        trust = np.minimum(facing[low], facing[high])
        goal = trust * ((slope[low] + slope[high]) / 2 - now)
        weight, row = np.maximum(trust, _CALM) * s.size, np.arange(len(low))
        change = sparse.csr_matrix((np.r_[weight, -weight], (np.r_[row, row], np.r_[high, low])), (len(row), back.size))
        system, right = system + change.T @ change, right + change.T @ goal
    return np.asarray(spsolve(system.tocsc(), right)).reshape(back.shape)


def _filled(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A picture whose unknown pixels take the nearest known one's value."""
    row, column = np.asarray(distance_transform_edt(~known, return_distances=False, return_indices=True))
    return picture[row, column]
