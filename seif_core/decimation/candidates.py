"""Half-edge collapses that keep the mesh sound: what may become which of its neighbours, and at what error.

A vertex inside a chart may become any neighbour; one on a border or a seam may only go along it, so borders keep their
course and the texture does not tear; where seams meet, or a seam ends, a vertex stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..geometry.normals import area_vectors
from ..shapes import Bool, Float, Int
from .wedges import INNER, WedgeMesh

_LEAN: Final = 0.25
"""Cosine by which a triangle of the neutral shape may turn in one collapse. Garland (1999) gives 0.2 for folds."""

_NEEDLE: Final = 0.04
"""Least ratio of a triangle's area to that of an equilateral one on its longest edge, unless it was thinner. A
guard, chosen; what levels lose with it and all else stands in `benchmarks/lods.py`."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Collapses of a vertex into a neighbour; N of them.

    Attributes:
        gone: (N,) the vertex that goes.
        kept: (N,) the neighbour that it becomes.
        error: (N,) square metres times square metres, summed over poses.
    """

    gone: Int[np.ndarray, " N"]
    kept: Int[np.ndarray, " N"]
    error: Float[np.ndarray, " N"]

    def __getitem__(self, chosen: np.ndarray) -> Candidates:
        """Some of them, by index or mask."""
        return Candidates(self.gone[chosen], self.kept[chosen], self.error[chosen])


def candidates(
    mesh: WedgeMesh,
    quadrics: Float[np.ndarray, "V P 10"],
    terms: Float[np.ndarray, "V P 10"],
    mirror: Int[np.ndarray, " V"],
) -> Candidates:
    """All collapses that keep borders and seams, mirror images at their common error.

    Args:
        mesh: as it is now.
        quadrics: of its vertices.
        terms: of `quadrics.monomials`.
        mirror: the vertex that is each one's mirror image, itself on the middle line; -1 for none.
    """
    table = mesh.edges
    count, one_kind = table.sharp(mesh.vertex_count)
    halves = np.concatenate([table.ends, table.ends[:, ::-1]])
    kinds = np.tile(table.kinds, 2)
    gone = halves[:, 0]
    wedges = mesh.wedge_counts[gone]
    free = (count[gone] == 0) & (wedges == 1)
    along = (count[gone] == 2) & one_kind[gone] & (kinds != INNER) & (wedges <= 2)
    halves = halves[free | along]
    gone, kept = halves.T
    own = np.einsum("vpk,vpk->v", quadrics, terms)
    error = np.empty(len(halves))
    block = 1 << 14
    for start in range(0, len(halves), block):
        part = slice(start, start + block)
        error[part] = np.einsum("npk,npk->n", quadrics[gone[part]], terms[kept[part]])
    return Candidates(gone, kept, _paired(gone, kept, np.maximum(error, 0.0) + np.maximum(own[kept], 0.0), mirror))


def _paired(gone: np.ndarray, kept: np.ndarray, error: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """The mean of each collapse' error and its mirror image's, where that is a collapse too."""
    size = len(mirror) + 1
    key = gone * size + kept
    order = np.argsort(key)
    wanted = mirror[gone] * size + mirror[kept]
    place = order[np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)]
    there = (key[place] == wanted) & (mirror[gone] >= 0) & (mirror[kept] >= 0)
    return np.where(there, (error + error[place]) / 2, error)


def sound(
    mesh: WedgeMesh,
    chosen: Candidates,
    poses: Float[np.ndarray, "P V 3"],
    uvs: Float[np.ndarray, "W 2"],
) -> Bool[np.ndarray, " N"]:
    """Whether each collapse leaves a manifold and turns no triangle over: in no pose and not in the texture.

    Args:
        mesh: as it is now.
        chosen: the collapses.
        poses: metres, the neutral shape first.
        uvs: texture coordinates of the wedges.
    """
    index, triangle = _around(mesh, chosen.gone)
    corners = mesh.corners[triangle]
    has_kept = (corners == chosen.kept[index][:, None]).any(axis=1)
    shared = np.bincount(index[has_kept], minlength=len(chosen.gone))
    fine = (_common_neighbours(mesh, chosen) == shared) & _wedges_follow(
        mesh, chosen, index[has_kept], triangle[has_kept]
    )
    index, triangle, corners = index[~has_kept], triangle[~has_kept], corners[~has_kept]
    moves = corners == chosen.gone[index][:, None]
    after = np.where(moves, chosen.kept[index][:, None], corners)
    wrong = _turned_over(poses, corners, after)
    wrong |= _thin(poses[0], corners, after)
    to = _target_wedges(mesh, chosen, index, mesh.triangles[triangle], moves)
    wrong |= (to < 0).any(axis=1) | _flipped_chart(uvs, mesh.triangles[triangle], np.maximum(to, 0))
    fine[index[wrong]] = False
    left = np.bincount(index, minlength=len(chosen.gone))
    return fine & (left > 0)


def _around(mesh: WedgeMesh, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each triangle around each of the vertices: the vertex' place in the list, and the triangle."""
    starts, found = mesh.star
    return _expanded(starts, found, vertices)


def _expanded(starts: np.ndarray, found: np.ndarray, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lengths = starts[vertices + 1] - starts[vertices]
    index = np.repeat(np.arange(len(vertices)), lengths)
    within = np.arange(len(index)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return index, found[starts[vertices][index] + within]


def _common_neighbours(mesh: WedgeMesh, chosen: Candidates) -> np.ndarray:
    """How many neighbours the two ends of each collapse share."""
    starts, found = mesh.edges.neighbours(mesh.vertex_count)
    index, near = _expanded(starts, found, chosen.gone)
    keys = np.repeat(np.arange(mesh.vertex_count), np.diff(starts)) * mesh.vertex_count + found
    wanted = chosen.kept[index] * mesh.vertex_count + near
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.bincount(index[keys[place] == wanted], minlength=len(chosen.gone))


def wedge_targets(
    mesh: WedgeMesh, gone: np.ndarray, kept: np.ndarray, triangle: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """In triangles that hold both ends of a collapse: the wedge that goes and the one that it becomes."""
    wedges, corners = mesh.triangles[triangle], mesh.corners[triangle]
    rows = np.arange(len(triangle))
    return (
        wedges[rows, np.argmax(corners == gone[:, None], axis=1)],
        wedges[rows, np.argmax(corners == kept[:, None], axis=1)],
    )


def _wedges_follow(mesh: WedgeMesh, chosen: Candidates, index: np.ndarray, triangle: np.ndarray) -> np.ndarray:
    """Whether each wedge of the vertex that goes has one, and only one, wedge to become."""
    from_wedge, to_wedge = wedge_targets(mesh, chosen.gone[index], chosen.kept[index], triangle)
    size = len(mesh.vertex)
    pairs = np.unique(index * size * size + from_wedge * size + to_wedge)
    single = np.unique(index * size + from_wedge)
    count = np.bincount(single // size, minlength=len(chosen.gone))
    ways = np.bincount(pairs // (size * size), minlength=len(chosen.gone))
    return (count == ways) & (count == mesh.wedge_counts[chosen.gone])


def _target_wedges(
    mesh: WedgeMesh, chosen: Candidates, index: np.ndarray, wedges: np.ndarray, moves: np.ndarray
) -> np.ndarray:
    """The triangles' wedges after their collapse; -1 where a wedge has nowhere to go."""
    around, triangle = _around(mesh, chosen.gone)
    both = (mesh.corners[triangle] == chosen.kept[around][:, None]).any(axis=1)
    from_wedge, to_wedge = wedge_targets(mesh, chosen.gone[around[both]], chosen.kept[around[both]], triangle[both])
    size = len(mesh.vertex)
    key = around[both] * size + from_wedge
    order = np.argsort(key)
    wanted = index[:, None] * size + wedges
    if not len(key):
        return np.where(moves, -1, wedges)
    place = order[np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)]
    found = np.where(key[place] == wanted, to_wedge[place], -1)
    return np.where(moves, found, wedges)


def _turned_over(poses: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    wrong = np.zeros(len(before), bool)
    for number, points in enumerate(poses):
        old, new = area_vectors(points, before), area_vectors(points, after)
        cosine = (old * new).sum(axis=1)
        sizes = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
        wrong |= cosine < (_LEAN if number == 0 else 0.0) * sizes
    return wrong


def _thin(points: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    old, new = _roundness(points, before), _roundness(points, after)
    return (new < _NEEDLE) & (new < old)


def _roundness(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """A triangle's area over that of an equilateral triangle on its longest edge."""
    longest = np.max([((points[corners[:, k]] - points[corners[:, k - 1]]) ** 2).sum(axis=1) for k in range(3)], axis=0)
    return np.linalg.norm(area_vectors(points, corners), axis=1) / np.maximum(longest * np.sqrt(0.75), 1e-20)


def _flipped_chart(uvs: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    def signed(corners: np.ndarray) -> np.ndarray:
        a, b, c = (uvs[corners[:, k]] for k in range(3))
        one, other = b - a, c - a
        return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]

    old = signed(before)
    return (old * signed(after) <= 0) & (old != 0)
