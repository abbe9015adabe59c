"""Register one mesh's shape to another surface: slider space first, then a smooth displacement.

Both stages are iterated closest point with the point-to-plane distance (Chen and Medioni, Object modelling by
registration of multiple range images, 1992), coarse to fine. The displacement is kept smooth by the squared umbrella
Laplacian (as in Allen et al., The space of human body shapes, SIGGRAPH 2003, and Amberg et al., Optimal step nonrigid
ICP, CVPR 2007).

Convention: metres, Y up, the face towards +Z, like the rest of the package. Worked number: a sphere of radius 0.10
registered to one of radius 0.11 gains displacements of length 0.01 along its normals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import linalg
from scipy.spatial import KDTree

from ..geometry.normals import vertex_normals
from ..shapes import Bool, Float64, Int


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh that points are drawn to.

    Attributes:
        vertices: (V, 3) float64, metres.
        triangles: (T, 3) int, counter-clockwise from outside.
    """

    vertices: Float64[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]

    @cached_property
    def normals(self) -> Float64[np.ndarray, "V 3"]:
        """Area-weighted unit vertex normals (V, 3)."""
        return vertex_normals(self.vertices, self.triangles)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.vertices[self.triangles].mean(1))

    def closest(self, points: np.ndarray, candidates: int = 24) -> tuple[np.ndarray, np.ndarray]:
        """Closest surface points of `points` (P, 3), exact among the triangles of the `candidates` nearest centroids.

        Returns:
            (P,) triangle indices and (P, 3) barycentric weights.
        """
        _, near = self._tree.query(points, k=min(candidates, len(self.triangles)))
        near = near.reshape(len(points), -1)
        weights = closest_barycentric(points[:, None], self.vertices[self.triangles[near]])
        found = np.einsum("pnk,pnkc->pnc", weights, self.vertices[self.triangles[near]])
        best = np.argmin(np.sum((found - points[:, None]) ** 2, -1), 1)
        rows = np.arange(len(points))
        return near[rows, best], weights[rows, best]

    def interpolate(self, triangle: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Per-vertex `values` (V, C) at the surface points that `closest` returned, (P, C)."""
        return np.einsum("pk,pkc->pc", weights, values[self.triangles[triangle]])


@dataclass(frozen=True)
class DisplacementSettings:
    """How `register_displacement` anneals.

    Attributes:
        stiffness: weight of the Laplacian against the data, one entry per stage, falling.
        iterations: closest-point iterations per stage.
        reach: metres, matches farther away than this are dropped, one entry per stage.
        cosine: matches whose normals' cosine lies below this are dropped.
        tangential: weight of the sliding components of a match against its normal component.
        landmark: weight of a landmark against one vertex.
    """

    stiffness: tuple[float, ...] = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.4)
    iterations: int = 3
    reach: tuple[float, ...] = (0.02, 0.015, 0.01, 0.01, 0.008, 0.008, 0.006)
    cosine: float = 0.6
    tangential: float = 0.02
    landmark: tuple[float, ...] = (30.0, 20.0, 10.0, 5.0, 2.0, 0.5, 0.1)


@dataclass(frozen=True, eq=False)
class Template:
    """The mesh that is registered.

    Attributes:
        surface: its start shape.
        data: (V,) bool, vertices that may be drawn to the target (the outer skin).
        weight: (V,) trust in a match of this vertex, 0..1.
        landmarks: (L,) vertex ids.
        landmark_weight: (L,) relative weight of each landmark.
    """

    surface: Surface
    data: Bool[np.ndarray, " V"]
    weight: Float64[np.ndarray, " V"]
    landmarks: Int[np.ndarray, " L"]
    landmark_weight: Float64[np.ndarray, " L"]
    laplacian: sparse.csr_matrix = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "laplacian", umbrella_laplacian(len(self.surface.vertices), self.surface.triangles))


def closest_barycentric(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Barycentric weights (..., 3) of the closest point of each triangle (..., 3, 3) to each point (..., 3).

    Source: Ericson, Real-Time Collision Detection, 2004, section 5.1.5 (the regions are the same; here the interior
    solution is clamped to the nearest of the three edges when it falls outside).
    """
    a, b, c = triangles[..., 0, :], triangles[..., 1, :], triangles[..., 2, :]
    e0, e1, d = b - a, c - a, points - a
    d00, d01, d11 = (e0 * e0).sum(-1), (e0 * e1).sum(-1), (e1 * e1).sum(-1)
    d20, d21 = (d * e0).sum(-1), (d * e1).sum(-1)
    denominator = np.maximum(d00 * d11 - d01 * d01, 1e-30)
    v = (d11 * d20 - d01 * d21) / denominator
    w = (d00 * d21 - d01 * d20) / denominator
    inside = np.stack([1 - v - w, v, w], -1)
    best = np.zeros(inside.shape)
    distance = np.full(inside.shape[:-1], np.inf)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        p, q = triangles[..., i, :], triangles[..., j, :]
        edge = q - p
        t = np.clip(((points - p) * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-30), 0, 1)
        gap = ((p + t[..., None] * edge - points) ** 2).sum(-1)
        nearer = gap < distance
        weights = np.zeros(inside.shape)
        weights[..., i], weights[..., j] = 1 - t, t
        best = np.where(nearer[..., None], weights, best)
        distance = np.where(nearer, gap, distance)
    return np.where((inside >= 0).all(-1, keepdims=True), inside, best)


def umbrella_laplacian(count: int, triangles: np.ndarray) -> sparse.csr_matrix:
    """(V, V) matrix that subtracts from each vertex value the mean of its neighbours."""
    a = np.concatenate([triangles[:, [0, 1, 2]].ravel(), triangles[:, [1, 2, 0]].ravel()])
    b = np.concatenate([triangles[:, [1, 2, 0]].ravel(), triangles[:, [0, 1, 2]].ravel()])
    adjacency = sparse.csr_matrix((np.ones(len(a)), (a, b)), (count, count))
    adjacency.data[:] = 1.0
    degree = np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1)
    return sparse.csr_matrix(sparse.identity(count) - sparse.diags(1 / degree) @ adjacency)


def similarity(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, scale: bool = True
) -> tuple:
    """Least-squares similarity ``target = s R source + t`` of points (P, 3).

    Source: Umeyama, Least-squares estimation of transformation parameters, PAMI 1991.

    Returns:
        s float (1.0 without `scale`), R (3, 3), t (3,).
    """
    w = np.ones(len(source)) if weight is None else np.asarray(weight, dtype=np.float64)
    w = w / w.sum()
    mu, nu = w @ source, w @ target
    p, q = source - mu, target - nu
    u, sigma, vt = np.linalg.svd((w[:, None] * q).T @ p)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    size = float((sigma * sign).sum() / (w @ (p * p).sum(1))) if scale else 1.0
    return size, rotation, nu - size * rotation @ mu


def find_matches(
    template: Template, vertices: np.ndarray, target: Surface, reach: float, cosine: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Closest target point (M, 3) and normal (M, 3) for the data vertices (M,) that have a believable match."""
    ids = np.flatnonzero(template.data)
    normals = vertex_normals(vertices, template.surface.triangles)[ids]
    triangle, weights = target.closest(vertices[ids])
    point = target.interpolate(triangle, weights, target.vertices)
    normal = target.interpolate(triangle, weights, target.normals)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    good = (np.linalg.norm(point - vertices[ids], axis=1) < reach) & ((normal * normals).sum(1) > cosine)
    return ids[good], point[good], normal[good]


def register_sliders(
    template: Template,
    modes: Float64[np.ndarray, "K V 3"],
    target: Surface,
    landmarks: Float64[np.ndarray, "L 3"],
    *,
    ridges: Sequence[float] = (0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.02),
    landmark: float = 20.0,
) -> tuple[Float64[np.ndarray, " K"], Float64[np.ndarray, "V 3"]]:
    """Draw the template to `target` in the linear space of `modes`, with a rigid motion left free.

    Args:
        template: mesh, already roughly aligned with the target.
        modes: (K, V, 3) metres per unit.
        target: surface in the template's frame.
        landmarks: (L, 3) target positions of the template's landmarks.
        ridges: penalty per squared coefficient relative to 1 mm of distance over the whole mesh, per iteration.
        landmark: weight of all landmarks against all matches.

    Returns:
        (K,) coefficients of the modes, and (V, 3) the registered vertices (rigid motion applied).
    """
    base = template.surface.vertices
    coefficients = np.zeros(len(modes))
    rotation, shift = np.eye(3), np.zeros(3)
    vertices = base
    for step, ridge in enumerate(ridges):
        reach = 0.03 if step < 2 else 0.012
        ids, point, normal = find_matches(template, vertices, target, reach, 0.5)
        trust = np.sqrt(template.weight[ids] / template.weight[ids].sum())
        rotated = np.einsum("ab,kvb->kva", rotation, modes)
        turn = _turn_modes(vertices)
        columns = np.concatenate([rotated, turn])
        rows = np.einsum("kvc,vc->vk", columns[:, ids], normal) * trust[:, None]
        right = ((point - vertices[ids]) * normal).sum(1) * trust
        marks = template.landmarks
        mark_trust = np.sqrt(landmark * 0.01 * template.landmark_weight / template.landmark_weight.sum())
        mark_rows = (columns[:, marks] * mark_trust[:, None]).reshape(len(columns), -1).T
        mark_right = ((landmarks - vertices[marks]) * mark_trust[:, None]).ravel()
        system = np.concatenate([rows, mark_rows])
        penalty = np.r_[np.full(len(modes), ridge * 1e-6), np.full(6, 1e-12)]
        pull = np.r_[-penalty[:-6] * coefficients, np.zeros(6)]
        step_solution = np.linalg.solve(
            system.T @ system + np.diag(penalty), system.T @ np.concatenate([right, mark_right]) + pull
        )
        coefficients = coefficients + step_solution[: len(modes)]
        moved = vertices + np.tensordot(step_solution, columns, axes=1)
        local = base + np.tensordot(coefficients, modes, axes=1)
        _, rotation, shift = similarity(local, moved, scale=False)
        vertices = local @ rotation.T + shift
    return coefficients, vertices


def register_displacement(
    template: Template,
    start: Float64[np.ndarray, "V 3"],
    target: Surface,
    landmarks: Float64[np.ndarray, "L 3"],
    settings: DisplacementSettings | None = None,
) -> Float64[np.ndarray, "V 3"]:
    """Draw `start` (V, 3) to `target` by a displacement that is smooth over the mesh; returns the vertices (V, 3)."""
    chosen = settings or DisplacementSettings()
    count = len(start)
    smooth = sparse.csr_matrix(template.laplacian.T @ template.laplacian)
    vertices = start
    for stiffness, reach, mark in zip(chosen.stiffness, chosen.reach, chosen.landmark, strict=True):
        for _ in range(chosen.iterations):
            ids, point, normal = find_matches(template, vertices, target, reach, chosen.cosine)
            trust = template.weight[ids]
            blocks = (1 - chosen.tangential) * normal[:, :, None] * normal[:, None] + chosen.tangential * np.eye(3)
            blocks = blocks * trust[:, None, None]
            pull = np.zeros((count, 3))
            pull[ids] = np.einsum("mab,mb->ma", blocks, point - start[ids])
            hessian = _block_diagonal(ids, blocks, count) + sparse.kron(stiffness * smooth, sparse.identity(3))
            weight = np.zeros(count)
            weight[template.landmarks] = mark * template.landmark_weight
            pull[template.landmarks] += (mark * template.landmark_weight)[:, None] * (
                landmarks - start[template.landmarks]
            )
            hessian = hessian + sparse.diags(np.repeat(weight + 1e-6, 3))
            isotropic = weight + 1e-6
            isotropic[ids] += 0.35 * trust
            solution = _solve_blocks(hessian, pull, isotropic, stiffness * smooth)
            vertices = start + solution
    return vertices


def fill_smoothly(
    template: Template, known: np.ndarray, trust: np.ndarray, values: np.ndarray, stiffness: float
) -> np.ndarray:
    """Spread values (M, C) given at vertices `known` (M,) with weights `trust` (M,) smoothly over all vertices (V, C).

    Minimizes ``sum trust |x - value|^2 + stiffness |Laplacian x|^2``: biharmonic where nothing is known.
    """
    count = len(template.surface.vertices)
    weight = np.zeros(count)
    weight[known] = trust
    system = sparse.diags(weight + 1e-7) + stiffness * template.laplacian.T @ template.laplacian
    right = np.zeros((count, values.shape[1]))
    right[known] = trust[:, None] * values
    return linalg.splu(sparse.csc_matrix(system), permc_spec="MMD_AT_PLUS_A").solve(right)


def _turn_modes(vertices: np.ndarray) -> np.ndarray:
    """(6, V, 3): infinitesimal rotations about the centre (0.1 rad), and translations (10 mm)."""
    centred = vertices - vertices.mean(0)
    axes = np.eye(3)
    turns = [0.1 * np.cross(axis[None], centred) for axis in axes]
    shifts = [np.broadcast_to(0.01 * axis, vertices.shape) for axis in axes]
    return np.stack([*turns, *shifts])


class _ScalarSolve(linalg.LinearOperator):
    """Solves a (V, V) system for each of three interleaved coordinates."""

    def __init__(self, system: sparse.csc_matrix) -> None:
        size = 3 * int(system.get_shape()[0])
        super().__init__(np.float64, (size, size))
        self._factor = linalg.splu(system, permc_spec="MMD_AT_PLUS_A")

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        return self._factor.solve(x.reshape(-1, 3)).ravel()


def _solve_blocks(
    hessian: sparse.csr_matrix, right: np.ndarray, isotropic: np.ndarray, smooth: sparse.csr_matrix
) -> np.ndarray:
    """Solve the (3V, 3V) system by conjugate gradients, preconditioned by the same system without its normals."""
    precondition = _ScalarSolve(sparse.csc_matrix(sparse.diags(isotropic) + smooth))
    solution, _ = linalg.cg(hessian, right.ravel(), rtol=1e-6, maxiter=200, M=precondition)
    return solution.reshape(-1, 3)


def _block_diagonal(ids: np.ndarray, blocks: np.ndarray, count: int) -> sparse.csr_matrix:
    rows = (3 * ids[:, None, None] + np.arange(3)[None, :, None]) + np.zeros((1, 1, 3), dtype=np.int64)
    columns = (3 * ids[:, None, None] + np.arange(3)[None, None, :]) + np.zeros((1, 3, 1), dtype=np.int64)
    return sparse.csr_matrix((blocks.ravel(), (rows.ravel(), columns.ravel())), (3 * count, 3 * count))
