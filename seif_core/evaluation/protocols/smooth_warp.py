"""Points warped smoothly onto a surface: non-rigid ICP of a cloud, with landmarks that pull harder.

Each point has a displacement; neighbours' displacements differ little (``stiffness``), points go to the nearest place
of the surface, landmarks to where they belong. Solved for the nearest places of today until they stand still, then
again with less stiffness.

Source: Amberg et al., Optimal Step Nonrigid ICP Algorithms for Surface Registration, CVPR 2007, with translations in
the place of affine maps; stages, weights and the rule for points far away as REALY (Chai et al., ECCV 2022) and
arXiv 2505.18025 have them.

Convention: metres. Worked number: points that lie on the surface already, with landmarks that fit, stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from ...geometry.closest_point import SurfaceIndex
from ...shapes import Bool, Float, Int


@dataclass(frozen=True)
class WarpSettings:
    """How stiff a warp is.

    Attributes:
        stiffness: weight of neighbours' differences against that of a point's distance.
        decay: each stage's stiffness is the last one's times exp(-decay).
        stages: how many.
        landmark: weight of a landmark against that of a point.
        neighbours: of each point.
        iterations: most of a stage.
        settled: metres of the mean movement below which a stage ends.
        far: points farther than so many mean distances, and than `least`, do not pull.
        least: metres.
    """

    stiffness: float = 50.0
    decay: float = 0.5
    stages: int = 3
    landmark: float = 50.0
    neighbours: int = 6
    iterations: int = 10
    settled: float = 1e-5
    far: float = 2.0
    least: float = 1e-3


def warp_onto(
    points: Float[np.ndarray, "N 3"],
    surface: SurfaceIndex,
    landmarks: Float[np.ndarray, "K 3"],
    targets: Float[np.ndarray, "K 3"],
    settings: WarpSettings | None = None,
    *,
    border: Bool[np.ndarray, " T"] | None = None,
) -> Float[np.ndarray, "N 3"]:
    """Where the points (N, 3) come to lie.

    Args:
        points: metres, spread over a surface.
        surface: what they are warped onto, near them.
        landmarks: on the points' surface; each acts on the point nearest to it. K may be 0.
        targets: where the landmarks belong.
        settings: see `WarpSettings`.
        border: triangles (T,) of the surface that do not pull, see `border_triangles`; None for none.
    """
    settings = settings or WarpSettings()
    count = len(points)
    laplacian = _laplacian(points, settings.neighbours)
    anchored, pull = np.zeros(count), np.zeros((count, 3))
    if len(landmarks):
        rows = np.asarray(KDTree(points).query(landmarks)[1])
        np.add.at(anchored, rows, settings.landmark)
        np.add.at(pull, rows, settings.landmark * (targets - landmarks))
    moved = np.zeros((count, 3))
    for stage in range(settings.stages):
        smooth = settings.stiffness * np.exp(-settings.decay * stage) * laplacian
        for _ in range(settings.iterations):
            nearest = surface.query(points + moved)
            limit = max(settings.far * float(nearest.distances.mean()), settings.least)
            near = (nearest.distances < limit).astype(np.float64)
            if border is not None:
                near[border[nearest.triangles]] = 0
            right = near[:, None] * (nearest.points - points) + pull
            solved = splu(sparse.csc_matrix(smooth + sparse.diags(near + anchored + 1e-9))).solve(right)
            step = float(np.linalg.norm(solved - moved, axis=1).mean())
            moved = solved
            if step < settings.settled:
                break
    return points + moved


def border_triangles(triangles: Int[np.ndarray, "T 3"]) -> Bool[np.ndarray, " T"]:
    """Which triangles (T,) touch the border of their mesh: what lies beyond it has its nearest place there."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    _, index, count = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    rim = np.unique(edges[count[index.ravel()] == 1])
    return np.isin(triangles, rim).any(axis=1)


def _laplacian(points: np.ndarray, neighbours: int) -> sparse.csr_matrix:
    """(N, N) of the graph that joins each point with those nearest to it."""
    count = len(points)
    found = np.asarray(KDTree(points).query(points, min(neighbours + 1, count))[1])[:, 1:]
    rows = np.repeat(np.arange(count), found.shape[1])
    joined = sparse.csr_matrix((np.ones(found.size), (rows, found.ravel())), (count, count))
    joined = joined.maximum(joined.T)
    return sparse.csr_matrix(sparse.diags(np.asarray(joined.sum(axis=1)).ravel()) - joined)
