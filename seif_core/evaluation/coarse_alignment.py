"""A first alignment of a prediction to a scan when nobody gives landmarks.

The scan may lie in any pose and may be partial (a face, or a bust). Many starting rotations are tried: for each, the
prediction's nose tip is put where the scan protrudes most along the prediction's view direction, and a short rigid
alignment on a few points follows; the start with the smallest trimmed distance wins.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from ..geometry.alignment import IcpSettings, Similarity, align_points, align_surface
from ..geometry.closest_point import SurfaceIndex
from ..shapes import Float, Int

_SAMPLES: Final = 250
_TRIM: Final = 0.7
_FACE_RADIUS: Final = 0.08
"""Points of the face that a short alignment compares, share of them that counts (the nearest), metres from the nose tip
within which they lie. Chosen, not measured: only the start for the alignment that follows depends on them."""
_RECOGNISED: Final = 0.003
"""Metres: mean distance of a scan that stands upright, above which it is turned other ways. Chosen, not measured."""
_HALF_WAY: Final = 0.45
"""Radians about each axis, some 45 degrees in all: half-way between the rotations of the octahedral group."""
_EXTREME: Final = 0.999
"""Quantile of heights from which points are the most protruding ones: single stray points are fewer."""
_ROBUST_SCALE: Final = 0.005
"""Metres of a distance that counts a quarter in the last alignment. Chosen, not measured."""


def align_coarsely(
    scan: Float[np.ndarray, "N 3"],
    vertices: Float[np.ndarray, "V 3"],
    triangles: Int[np.ndarray, "T 3"],
    surface: SurfaceIndex,
    nose_tip: Float[np.ndarray, "3"],
) -> Similarity:
    """A rigid transform (prediction -> scan) good enough for ICP to start from.

    Args:
        scan: (N, 3) metres.
        vertices: (V, 3) predicted vertices, metres, Y up and the face towards +Z.
        triangles: (T, 3) predicted outer surface.
        surface: the same surface, indexed.
        nose_tip: (3,) metres, in the frame of `vertices`.
    """
    used = np.unique(triangles)
    face = vertices[used][np.linalg.norm(vertices[used] - nose_tip, axis=1) < _FACE_RADIUS].astype(np.float64)
    face = face[np.unique(np.linspace(0, len(face) - 1, _SAMPLES).astype(int))]
    tree = KDTree(scan)
    best, best_cost = Similarity(), np.inf
    upright = _short_icp(face, tree, scan, _at_nose(scan, nose_tip, np.eye(3)))
    candidates = [upright]
    # scans that stand upright and look ahead, as most do, are recognised at once
    if upright[1] > _RECOGNISED:
        candidates += [
            _short_icp(face, tree, scan, _at_nose(scan, nose_tip, rotation)) for rotation in _rotations().as_matrix()
        ]
    candidates.sort(key=lambda c: c[1])
    for start, _ in candidates[:2]:
        refined = _refine(scan, surface, start, nose_tip)
        cost = _trimmed(tree, refined.apply(face))
        if cost < best_cost:
            best, best_cost = refined, cost
    return best


def _rotations() -> Rotation:
    """Rotations at most 45 degrees or so apart: the octahedral group and a half-way copy of it."""
    octahedral = Rotation.create_group("O")
    return Rotation.concatenate([octahedral, Rotation.from_rotvec([_HALF_WAY] * 3) * octahedral])


def _at_nose(scan: np.ndarray, nose_tip: np.ndarray, rotation: np.ndarray) -> Similarity:
    """Rotate, and put the nose tip on the scan's most protruding point along the rotated +Z (a robust extreme)."""
    height = scan @ rotation[:, 2]
    extreme = scan[height >= np.quantile(height, _EXTREME)].mean(0)
    return Similarity(rotation, 1.0, extreme - rotation @ nose_tip)


def _short_icp(face: np.ndarray, tree: KDTree, scan: np.ndarray, start: Similarity) -> tuple[Similarity, float]:
    """Trimmed point-to-point ICP of the prediction's face onto the scan's vertices, and its trimmed mean distance."""
    current = start
    for _ in range(12):
        distances, nearest = map(np.asarray, tree.query(current.apply(face)))
        keep = distances <= np.quantile(distances, _TRIM)
        current = align_points(face[keep], scan[nearest[keep]], with_scale=False)
    return current, _trimmed(tree, current.apply(face))


def _trimmed(tree: KDTree, points: np.ndarray) -> float:
    distances = np.asarray(tree.query(points)[0])
    return float(np.sort(distances)[: int(_TRIM * len(distances))].mean())


def _refine(scan: np.ndarray, surface: SurfaceIndex, start: Similarity, nose_tip: np.ndarray) -> Similarity:
    near = np.flatnonzero(np.linalg.norm(scan - start.apply(nose_tip[None])[0], axis=1) < _FACE_RADIUS)
    if len(near) < 10:
        return start
    drawn = near[np.unique(np.linspace(0, len(near) - 1, 3 * _SAMPLES).astype(int))]
    return align_surface(
        scan[drawn], surface, start, IcpSettings(with_scale=False, robust_scale=_ROBUST_SCALE, iterations=20)
    )
