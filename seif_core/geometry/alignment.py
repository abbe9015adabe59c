"""Rigid and similarity alignment: from corresponding points, and of points to a surface (ICP).

Convention: a `Similarity` acts on points as rows of an (N, 3) array: ``p' = scale * R p + translation``. Worked number:
scale 2, a quarter turn about +Z and translation (0, 0, 1) carry (1, 0, 0) to (0, 2, 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from ..shapes import Float
from .closest_point import ClosestPoints, SurfaceIndex
from .robust_weights import geman_mcclure
from .small_inverses import determinant_3


@dataclass(frozen=True, eq=False)
class Similarity:
    """A similarity transform; a rigid one has scale 1.

    Attributes:
        rotation: (3, 3) float64, a proper rotation.
        scale: uniform scale factor.
        translation: (3,) float64, in the target's units.
    """

    rotation: Float[np.ndarray, "3 3"] = field(default_factory=lambda: np.eye(3))
    scale: float = 1.0
    translation: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))

    def apply(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """Transform points (N, 3)."""
        return self.scale * (points @ self.rotation.T) + self.translation

    def inverse(self) -> Similarity:
        """The transform that undoes this one."""
        rotation = self.rotation.T
        return Similarity(rotation, 1 / self.scale, -(rotation @ self.translation) / self.scale)

    def after(self, first: Similarity) -> Similarity:
        """The transform that applies `first` and then this one."""
        return Similarity(self.rotation @ first.rotation, self.scale * first.scale, self.apply(first.translation))

    def matrix(self) -> Float[np.ndarray, "4 4"]:
        """(4, 4) homogeneous matrix for column vectors."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.scale * self.rotation
        matrix[:3, 3] = self.translation
        return matrix


def align_points(
    source: Float[np.ndarray, "N 3"],
    target: Float[np.ndarray, "N 3"],
    *,
    with_scale: bool,
    weights: Float[np.ndarray, " N"] | None = None,
) -> Similarity:
    """The similarity that carries `source` to `target` with the least (weighted) sum of squared distances.

    Source: Umeyama, Least-squares estimation of transformation parameters between two point patterns, TPAMI 1991.
    """
    w = np.ones(len(source)) if weights is None else weights
    w = w / w.sum()
    source_mean, target_mean = w @ source, w @ target
    s, t = source - source_mean, target - target_mean
    rotation, strengths = _polar((w[:, None] * t).T @ s)
    scale = float(strengths.sum() / max(float(w @ (s * s).sum(1)), 1e-300)) if with_scale else 1.0
    return Similarity(rotation, scale, target_mean - scale * rotation @ source_mean)


def nearest_rotation(matrices: Float[np.ndarray, "*N 3 3"]) -> Float[np.ndarray, "*N 3 3"]:
    """The proper rotation nearest to each matrix.

    Of ``sum of to^T from`` over pairs of row vectors it is the one that turns `from` best onto `to`.
    Source: Kabsch, A solution for the best rotation to relate two sets of vectors, Acta Cryst. A32, 1976.
    """
    return _polar(matrices)[0]


def _polar(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest rotations, and the singular values; the least counts negative where a mirror image would be nearer."""
    u, strengths, vt = np.linalg.svd(matrices)
    signs = np.ones_like(strengths)
    signs[..., 2] = np.sign(determinant_3(u @ vt))
    return (u * signs[..., None, :]) @ vt, strengths * signs


@dataclass(frozen=True)
class IcpSettings:
    """How `align_surface` iterates.

    Attributes:
        with_scale: estimate a uniform scale too.
        robust_scale: Geman-McClure scale in the points' units: residuals well beyond it lose their pull; inf for plain
            least squares.
        iterations: most iterations.
        tolerance: stop when the largest movement of a point in an iteration is below this, in the points' units.
    """

    with_scale: bool = True
    robust_scale: float = float("inf")
    iterations: int = 100
    tolerance: float = 1e-7


def align_surface(
    points: Float[np.ndarray, "N 3"],
    surface: SurfaceIndex,
    start: Similarity,
    settings: IcpSettings,
) -> Similarity:
    """Refine the transform that carries a surface to points, so that the points' distances to it become least.

    Gauss-Newton on the point-to-surface distance itself (its gradient is the unit residual, or the triangle's normal
    where the residual vanishes), damped when a step makes it worse.

    Args:
        points: (N, 3) the fixed points (the scan).
        surface: the surface that moves (the prediction), in its own frame.
        start: first guess of surface frame -> points frame.
        settings: see `IcpSettings`; units are those of `points`.
    """
    current = start
    nearest = surface.query(current.inverse().apply(points))
    cost = _cost(nearest.distances * current.scale, settings.robust_scale)
    damping = 1e-6
    for _ in range(settings.iterations):
        candidate, movement = _step(points, nearest, surface, current, settings=settings, damping=damping)
        trial = surface.query(candidate.inverse().apply(points))
        trial_cost = _cost(trial.distances * candidate.scale, settings.robust_scale)
        if trial_cost <= cost:
            current, nearest, cost = candidate, trial, trial_cost
            damping = max(damping / 10, 1e-9)
            if movement < settings.tolerance:
                break
        else:
            damping *= 30
            if damping > 1e3:
                break
    return current


def _cost(distances: np.ndarray, robust_scale: float) -> float:
    squared = distances**2
    return float(np.mean(squared / (1 + squared / robust_scale**2)))


def _step(
    points: np.ndarray,
    nearest: ClosestPoints,
    surface: SurfaceIndex,
    current: Similarity,
    *,
    settings: IcpSettings,
    damping: float,
) -> tuple[Similarity, float]:
    on_surface = current.apply(nearest.points)
    residual = points - on_surface
    length = np.linalg.norm(residual, axis=1)
    facing = surface.normals[nearest.triangles] @ current.rotation.T
    unit = residual / np.maximum(length, 1e-300)[:, None]
    normal = np.where((length > 1e-6 * max(float(length.max()), 1e-12))[:, None], unit, facing)
    distance = np.einsum("nc,nc->n", normal, residual)
    weight = geman_mcclure(length, settings.robust_scale)
    centre = on_surface.mean(0)
    arm = on_surface - centre
    size = float(np.sqrt(np.mean(np.sum(arm**2, 1))))  # puts rotation and scale on the footing of translation
    columns = [np.cross(arm, normal) / size, normal]
    if settings.with_scale:
        columns.append(np.einsum("nc,nc->n", arm, normal)[:, None] / size)
    jacobian = np.concatenate(columns, axis=1)
    weighted = jacobian * weight[:, None]
    hessian = weighted.T @ jacobian
    hessian += (damping * np.trace(hessian) / len(hessian)) * np.eye(len(hessian))
    delta = np.linalg.solve(hessian, weighted.T @ distance)
    turn = Rotation.from_rotvec(delta[:3] / size).as_matrix()
    scale = float(np.exp(delta[6] / size)) if settings.with_scale else 1.0
    # about the centre: p' = centre + scale * turn (p - centre) + shift
    update = Similarity(turn, scale, centre + delta[3:6] - scale * turn @ centre)
    moved = np.linalg.norm(update.apply(on_surface) - on_surface, axis=1).max()
    return update.after(current), float(moved)
