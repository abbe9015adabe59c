"""Flattening of a disk-like surface patch without flips: Tutte's embedding, then symmetric Dirichlet energy.

Sources: W. T. Tutte, How to draw a graph, 1963; Rabinovich, Poranne, Panozzo, Sorkine-Hornung, Scalable locally
injective mappings, ACM TOG 2017, secs. 3-4 (reweighted proxy, line search that never lets a triangle flip).

Convention: flat triangles are counter-clockwise where the surface is seen from outside. Worked number: a flat patch
mapped by a rotation has energy 4 per unit of area, the least possible.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...shapes import Float64, Int64
from .rig import solve


def tutte(
    count: int, edges: Int64[np.ndarray, "E 2"], border: Int64[np.ndarray, " B"], places: Float64[np.ndarray, "B 2"]
) -> Float64[np.ndarray, "N 2"]:
    """Flat positions (N, 2): the border at convex `places`, every other vertex the mean of its neighbours.

    Args:
        count: N, number of vertices.
        edges: (E, 2) pairs of neighbours, each at least once in some direction.
        border: (B,) vertices of the border, in order.
        places: (B, 2) corners of a convex polygon.
    """
    graph = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    graph = sparse.csr_matrix(graph + graph.T)
    graph.data[:] = 1.0
    degree = np.asarray(graph.sum(axis=1)).ravel()
    free = np.setdiff1d(np.arange(count), border)
    laplacian = sparse.csr_matrix(sparse.diags(degree) - graph)
    flat = np.zeros((count, 2))
    flat[border] = places
    flat[free] = solve(laplacian[free][:, free], -(laplacian[free][:, border] @ places))
    return flat


def relax(
    points: Float64[np.ndarray, "N 3"],
    triangles: Int64[np.ndarray, "T 3"],
    size: Float64[np.ndarray, " T"],
    start: Float64[np.ndarray, "N 2"],
    fixed: Int64[np.ndarray, " B"],
    *,
    iterations: int = 40,
) -> Float64[np.ndarray, "N 2"]:
    """Lower the symmetric Dirichlet energy of a flattening that has no flips, keeping it free of them.

    Args:
        points: (N, 3) surface, metres.
        triangles: (T, 3) corners.
        size: (T,) wanted length in the flat patch per metre on the surface.
        start: (N, 2) flat positions without flipped triangles.
        fixed: (B,) vertices that stay where they are.
        iterations: of the reweighted proxy.
    """
    gradient_x, gradient_y, area = _gradients(points, triangles, size)
    weight = area / area.sum()
    count = len(points)
    free = np.setdiff1d(np.arange(count), fixed)
    columns = np.concatenate([free, free + count])
    flat = start.copy()
    energy = _energy(_jacobians(gradient_x, gradient_y, flat), weight)
    for _ in range(iterations):
        jacobian = _jacobians(gradient_x, gradient_y, flat)
        u, sigma, vt = np.linalg.svd(jacobian)
        flip = np.linalg.det(u @ vt) < 0
        u[flip, :, 1] *= -1
        sigma[flip, 1] *= -1
        rotation = u @ vt
        stretch = np.where(np.abs(sigma - 1) < 1e-6, 2.0, np.sqrt(np.abs((sigma - sigma**-3) / (sigma - 1 + 1e-30))))
        metric = np.einsum("tij,tj,tkj->tik", u, stretch, u)
        root = np.sqrt(weight)
        rows, right = [], []
        for i in range(2):
            first, second = (sparse.diags(root * metric[:, i, k]) for k in range(2))
            for k, gradient in enumerate((gradient_x, gradient_y)):
                rows.append(sparse.hstack([first @ gradient, second @ gradient]))
                right.append(root * (metric[:, i] * rotation[:, :, k]).sum(axis=1))
        matrix = sparse.csr_matrix(sparse.vstack(rows))
        aim = np.concatenate(right)
        current = flat.T.reshape(-1)
        normal = sparse.csr_matrix(matrix.T @ matrix)[columns][:, columns]
        normal = normal + 1e-9 * sparse.identity(len(columns))
        step = np.zeros(2 * count)
        step[columns] = solve(normal, (matrix.T @ (aim - matrix @ current))[columns])
        direction = step.reshape(2, count).T
        reach = 0.9 * min(1.0 / 0.9, _flip_step(flat, direction, triangles))
        for _ in range(30):
            trial = flat + reach * direction
            trial_energy = _energy(_jacobians(gradient_x, gradient_y, trial), weight)
            if trial_energy < energy:
                break
            reach *= 0.6
        else:
            return flat
        done = energy - trial_energy < 1e-5 * energy
        flat, energy = trial, trial_energy
        if done:
            break
    return flat


def _gradients(
    points: np.ndarray, triangles: np.ndarray, size: np.ndarray
) -> tuple[sparse.csr_matrix, sparse.csr_matrix, np.ndarray]:
    """Derivatives along two axes in each triangle's own plane, and areas, of triangles scaled by `size`."""
    a, b, c = (points[triangles[:, k]] * size[:, None] for k in range(3))
    along = np.linalg.norm(b - a, axis=1)
    axis_x = (b - a) / along[:, None]
    x = ((c - a) * axis_x).sum(axis=1)
    y = np.linalg.norm(c - a - x[:, None] * axis_x, axis=1)
    corners = np.stack(
        [np.zeros((len(x), 2)), np.stack([along, 0 * x], 1), np.stack([x, y], 1)], axis=1
    )  # counter-clockwise in the triangle's plane
    double = along * y
    opposite = corners[:, [2, 0, 1]] - corners[:, [1, 2, 0]]
    slopes = np.stack([-opposite[:, :, 1], opposite[:, :, 0]], axis=-1) / double[:, None, None]
    rows = np.repeat(np.arange(len(triangles)), 3)
    shape = (len(triangles), len(points))
    parts = [
        sparse.csr_matrix((slopes[:, :, k].reshape(-1), (rows, triangles.reshape(-1))), shape=shape) for k in range(2)
    ]
    return parts[0], parts[1], double / 2


def _jacobians(gradient_x: sparse.csr_matrix, gradient_y: sparse.csr_matrix, flat: np.ndarray) -> np.ndarray:
    return np.stack([gradient_x @ flat, gradient_y @ flat], axis=-1)


def _energy(jacobian: np.ndarray, weight: np.ndarray) -> float:
    determinant = jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0]
    if (determinant <= 0).any():
        return np.inf
    square = (jacobian**2).sum(axis=(1, 2))
    return float((weight * square * (1 + determinant**-2)).sum())


def _flip_step(flat: np.ndarray, direction: np.ndarray, triangles: np.ndarray) -> float:
    """Largest step along `direction` before the first triangle loses its area."""
    a, b, c = (flat[triangles[:, k]] for k in range(3))
    p, q, r = (direction[triangles[:, k]] for k in range(3))
    e, f, g, h = b - a, c - a, q - p, r - p
    constant = e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]
    linear = e[:, 0] * h[:, 1] + g[:, 0] * f[:, 1] - e[:, 1] * h[:, 0] - g[:, 1] * f[:, 0]
    square = g[:, 0] * h[:, 1] - g[:, 1] * h[:, 0]
    discriminant = linear**2 - 4 * square * constant
    root = np.sqrt(np.maximum(discriminant, 0))
    lead = -0.5 * (linear + np.where(linear >= 0, root, -root))
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.stack([lead / square, constant / lead])
    roots = np.where((roots > 0) & np.isfinite(roots) & (discriminant >= 0), roots, np.inf)
    return float(roots.min())
