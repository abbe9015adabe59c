"""What the decimation is told of a head: the shapes that carry its keys, and which vertices mirror each other."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float, Int

MOST_POSES: Final = 8
"""Shapes over which errors are summed: the neutral one and seven with keys, for time grows with them. Chosen by eye on
one sample portrait."""

_TOUCHED: Final = 0.05
"""Share of its largest displacement below which a vertex counts as left alone by a key."""

_ACROSS: Final = np.array([-1, 1, 1], np.float32)

_NEAR: Final = 0.004
"""Metres within which a vertex' mirror image must lie: faces are lopsided by less, and their vertices farther apart."""


def carrying_poses(
    neutral: Float[np.ndarray, "V 3"], keys: Float[np.ndarray, "K V 3"], most: int = MOST_POSES
) -> Float[np.ndarray, "P V 3"]:
    """The neutral shape, then shapes that each carry as many keys as do not meet, the strongest first.

    Args:
        neutral: metres.
        keys: displacements at 1.
        most: shapes in all.
    """
    size = np.linalg.norm(keys, axis=2)
    energy = (size**2).sum(axis=1)
    taken: list[np.ndarray] = []
    poses: list[np.ndarray] = []
    for k in np.argsort(-energy, kind="stable"):
        if energy[k] == 0:
            continue
        moved = size[k] > _TOUCHED * size[k].max()
        home = next((i for i, busy in enumerate(taken) if not (busy & moved).any()), None)
        if home is not None:
            taken[home] |= moved
            poses[home] = poses[home] + keys[k]
        elif len(poses) + 1 < most:
            taken.append(moved)
            poses.append(neutral + keys[k])
    return np.stack([neutral, *poses]).astype(np.float64)


def mirror_image(points: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]) -> Int[np.ndarray, " V"]:
    """For each vertex the one that is its mirror image across x = 0, itself on the middle line, -1 where there is none.

    Two vertices mirror each other if each is the nearest to the other's image, within `_NEAR`.
    """
    used = np.unique(triangles)
    own = points[used].astype(np.float32)
    nearest = _nearest(own * _ACROSS, own)
    mutual = nearest[nearest] == np.arange(len(own))
    close = np.linalg.norm(own[nearest] * _ACROSS - own, axis=1) < _NEAR
    found = np.full(len(points), -1)
    found[used] = np.where(mutual & close, used[nearest], -1)
    return found


def _nearest(points: np.ndarray, among: np.ndarray, block: int = 1024) -> np.ndarray:
    """Index of the nearest of `among` to each point."""
    length = (among**2).sum(axis=1)
    parts = [points[i : i + block] for i in range(0, len(points), block)]
    return np.concatenate([np.argmin(length - 2 * part @ among.T, axis=1) for part in parts])
