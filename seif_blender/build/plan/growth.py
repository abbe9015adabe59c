"""Where hair grows: which of the head's vertices stand among the roots of its guides."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import HairGuides, Head

_REACH: Final = 1.5
"""Distances between neighbouring roots within which skin is full of hair; at twice that there is none. By eye."""

_SKIN: Final = 0
"""Index of the skin in `PART_NAMES`."""
_ALONE: Final = 0.01
_CLOSEST: Final = 1e-3
"""Metres between roots where there is one alone, and at least. Chosen by eye."""


def hair_mask(head: Head, guides: HairGuides) -> np.ndarray:
    """(V,) in 0..1: how dense hair stands at each vertex of the skin; 0 on all other parts."""
    roots = guides.points[:, 0].astype(np.float32)
    reach = _REACH * _spacing(roots)
    mask = np.zeros(len(head.vertices))
    corners = head.faces[head.face_part == _SKIN]
    skin = np.unique(corners[corners >= 0])
    mask[skin] = np.clip(2.0 - _nearest(head.vertices[skin], roots) / reach, 0.0, 1.0)
    return mask


def hair_area(head: Head, mask: np.ndarray) -> float:
    """Square metres of skin under hair, each triangle by the mean of its corners' mask (V,)."""
    quads = head.faces[:, 3] >= 0
    triangles = np.concatenate([head.faces[:, :3], head.faces[quads][:, [0, 2, 3]]])
    a, b, c = (head.vertices[triangles[:, k]].astype(float) for k in range(3))
    areas = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return float(areas @ mask[triangles].mean(axis=1))


def _spacing(roots: np.ndarray) -> float:
    """Metres: median distance of a root to its nearest neighbour."""
    if len(roots) < 2:
        return _ALONE
    distances = np.sqrt(((roots[:, None] - roots[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    return max(float(np.median(distances.min(axis=1))), _CLOSEST)


def _nearest(points: np.ndarray, roots: np.ndarray, block: int = 2048) -> np.ndarray:
    """(N,) metres from each point to the nearest root."""
    middle = roots.mean(axis=0)
    points, roots = (points - middle).astype(np.float64), (roots - middle).astype(np.float64)
    length = (roots**2).sum(axis=1)
    parts = [points[i : i + block] for i in range(0, len(points), block)]
    squared = [(length - 2 * part @ roots.T).min(axis=1) + (part**2).sum(axis=1) for part in parts]
    return np.sqrt(np.maximum(np.concatenate(squared), 0))
