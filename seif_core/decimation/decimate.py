"""Fewer triangles, step by step: rounds of half-edge collapses, cheapest first, far enough apart not to meet.

Every vertex that stays is one of the full mesh, with texture coordinates, weights and keys as they were: nothing has to
be carried over. Own code, because the libraries at hand know no texture seams (fast-simplification, igl), have no
wheels for all systems (meshoptimizer's bindings) or are a hundred times as large (pymeshlab); numpy alone, so that it
runs in Blender too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from ..shapes import Float, Int
from .candidates import Candidates, candidates, sound, wedge_targets
from .quadrics import monomials, vertex_quadrics
from .wedges import WedgeMesh, wedge_mesh

_SHARE: Final = 0.12
"""Share of the vertices that one round may look at, cheapest first: less is nearer to strictly cheapest first, and
slower. Chosen, not measured alone."""


_FEW: Final = 4
"""Collapses below which a round that keeps both sides alike counts as stuck."""


@dataclass(frozen=True, eq=False)
class DecimationMesh:
    """What is decimated; V vertices, T triangles, U texture coordinates, P shapes.

    Attributes:
        poses: (P, V, 3) metres, the neutral shape first: each counts as much as the others.
        triangles: (T, 3) vertices.
        uvs: (U, 2) texture coordinates.
        uv_triangles: (T, 3) into `uvs`.
        importance: (V,) factor on the error of each vertex' surface.
        mirror: (V,) each vertex' mirror image, itself on the middle line, -1 for none.
    """

    poses: Float[np.ndarray, "P V 3"]
    triangles: Int[np.ndarray, "T 3"]
    uvs: Float[np.ndarray, "U 2"]
    uv_triangles: Int[np.ndarray, "T 3"]
    importance: Float[np.ndarray, " V"]
    mirror: Int[np.ndarray, " V"]


@dataclass(frozen=True, eq=False)
class Decimated:
    """A level: triangles over the full mesh's vertices.

    Attributes:
        triangles: (T, 3) vertices of the full mesh.
        uv_triangles: (T, 3) texture coordinates of the full mesh.
        sources: (T,) the full mesh's triangle that each one was.
    """

    triangles: Int[np.ndarray, "T 3"]
    uv_triangles: Int[np.ndarray, "T 3"]
    sources: Int[np.ndarray, " T"]


def decimate(
    mesh: DecimationMesh, targets: Sequence[int], told: Callable[[float], None] = lambda _fraction: None
) -> list[Decimated]:
    """Levels of at most so many triangles, each made of the one before.

    Args:
        mesh: the full mesh.
        targets: counts of triangles, descending.
        told: called between rounds with the fraction that is done, 0..1; what it raises ends the work.

    Returns:
        One level for each target; with more triangles where borders, seams and folds leave no sound collapse.
    """
    poses = mesh.poses.astype(np.float64)
    poses -= poses[:1].mean(axis=1, keepdims=True)
    now, coordinates = wedge_mesh(mesh.triangles, mesh.uv_triangles, poses.shape[1])
    uvs = mesh.uvs.astype(np.float64)[coordinates]
    quadrics, levels = vertex_quadrics(now, poses, mesh.importance), []
    fixed = _Fixed(poses, uvs, monomials(poses), mesh.mirror.astype(np.int64))
    most, least = len(now.triangles), min(targets, default=0)
    for target in targets:
        while len(now.triangles) > target:
            told((most - len(now.triangles)) / (most - least))
            chosen = _round(now, quadrics, fixed, len(now.triangles) - target)
            if not len(chosen.gone):
                break
            np.add.at(quadrics, chosen.kept, quadrics[chosen.gone])
            now = now.collapsed(_targets(now, chosen))
        levels.append(Decimated(now.corners, coordinates[now.triangles], now.sources))
    return levels


class _Fixed(NamedTuple):
    """What no collapse changes: shapes, texture coordinates of the wedges, terms of the quadrics, mirror images."""

    poses: np.ndarray
    uvs: np.ndarray
    terms: np.ndarray
    mirror: np.ndarray


def _round(mesh: WedgeMesh, quadrics: np.ndarray, fixed: _Fixed, surplus: int) -> Candidates:
    """The collapses of one round: sound, cheapest first, no two of which share a triangle."""
    every = candidates(mesh, quadrics, fixed.terms, fixed.mirror)
    order = np.argsort(every.error, kind="stable")
    most = max(256, int(_SHARE * len(order)))
    for start in range(0, len(order), most):
        near = every[order[start : start + most]]
        near = near[sound(mesh, near, fixed.poses, fixed.uvs)]
        for image in (
            fixed.mirror,
            np.full_like(fixed.mirror, -1),
        ):  # both sides alike, or one alone before anything dearer goes
            chosen = _apart(mesh, near, image, surplus)
            if len(chosen) >= min(_FEW, surplus / 2) or (len(chosen) and (image < 0).all()):
                return near[np.array(chosen)]
    return every[np.zeros(0, np.int64)]


def _apart(mesh: WedgeMesh, near: Candidates, mirror: np.ndarray, surplus: int) -> list[int]:
    """Indices of collapses whose surroundings do not meet, together with their mirror images."""
    starts, found = (array.tolist() for array in mesh.edges.neighbours(mesh.vertex_count))
    pairs = list(zip(near.gone.tolist(), near.kept.tolist(), strict=True))
    place, image = {pair: k for k, pair in enumerate(pairs)}, mirror.tolist()
    touched, chosen = bytearray(mesh.vertex_count), []

    def ring(vertex: int) -> list[int]:
        return [vertex, *found[starts[vertex] : starts[vertex + 1]]]

    for k, (gone, kept) in enumerate(pairs):
        if 2 * len(chosen) >= surplus:
            break
        if touched[gone]:
            continue
        twin = (image[gone], image[kept])
        if twin[0] == gone and twin[1] != kept:  # off the middle line
            continue
        own = ring(gone)
        other = [] if twin == (gone, kept) or min(twin) < 0 else ring(twin[0])
        around = own + other
        if any(map(touched.__getitem__, around)) or (other and (twin not in place or len(set(around)) < len(around))):
            continue
        for vertex in around:
            touched[vertex] = 1
        chosen += [k, place[twin]] if other else [k]
    return chosen


def _targets(mesh: WedgeMesh, chosen: Candidates) -> np.ndarray:
    """What each wedge becomes."""
    into = np.full(mesh.vertex_count, -1)
    into[chosen.gone] = chosen.kept
    aim = into[mesh.corners]
    targets = np.arange(len(mesh.vertex))
    for k in range(3):
        rows = np.flatnonzero((aim[:, k] >= 0) & (mesh.corners == aim[:, k : k + 1]).any(axis=1))
        going, staying = wedge_targets(mesh, mesh.corners[rows, k], aim[rows, k], rows)
        targets[going] = staying
    return targets
