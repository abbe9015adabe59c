"""A scan made fit for rendering and matching: welded, without crumbs, no finer than needed, facing outwards."""

from __future__ import annotations

from typing import Final

import numpy as np

from ....geometry.connectivity import triangle_pieces
from ....geometry.normals import area_vectors
from ....shapes import Bool, Float, Float32, Int
from .mesh import ScanMesh

_CRUMB: Final = 0.02
"""Pieces with a smaller share than this of the largest one's vertices are dropped."""

_GROWTH: Final = 1.15


def cleaned(mesh: ScanMesh, most_vertices: int) -> ScanMesh:
    """Weld vertices of one place, drop crumbs and triangles without area, thin out to at most `most_vertices`.

    Thinning gathers the vertices of each cell of a grid in their mean; the cell grows until few enough are left.
    """
    mesh = _gathered(mesh, _labels(mesh.vertices))
    mesh = without_crumbs(mesh)
    if len(mesh.vertices) <= most_vertices:
        return mesh
    area = np.linalg.norm(area_vectors(mesh.vertices, mesh.triangles), axis=1).sum() / 2
    cell = float(np.sqrt(area / most_vertices)) / 2
    low = mesh.vertices.min(0)
    labels = _labels(np.floor((mesh.vertices - low) / cell))
    while labels.max() >= most_vertices:
        cell *= _GROWTH
        labels = _labels(np.floor((mesh.vertices - low) / cell))
    return without_crumbs(_gathered(mesh, labels))


def without_crumbs(mesh: ScanMesh) -> ScanMesh:
    """The mesh without small loose pieces and without vertices that no triangle uses."""
    count = len(mesh.vertices)
    piece = triangle_pieces(mesh.triangles, count)
    used = np.zeros(count, bool)
    used[mesh.triangles] = True
    sizes = np.bincount(piece[used], minlength=int(piece.max()) + 1)
    return kept(mesh, used & (sizes[piece] >= _CRUMB * sizes.max()))


def kept(mesh: ScanMesh, keep: Bool[np.ndarray, " V"]) -> ScanMesh:
    """The part of a mesh whose vertices are kept."""
    number = np.cumsum(keep) - 1
    triangles = number[mesh.triangles[keep[mesh.triangles].all(1)]].astype(np.int32)
    colours = None if mesh.colours is None else mesh.colours[keep]
    return ScanMesh(mesh.vertices[keep], triangles, colours)


def _labels(points: Float[np.ndarray, "V 3"]) -> Int[np.ndarray, " V"]:
    """(V,) a number for each place, counted from 0."""
    return np.unique(points, axis=0, return_inverse=True)[1].reshape(-1)


def _gathered(mesh: ScanMesh, labels: Int[np.ndarray, " V"]) -> ScanMesh:
    """The mesh with the vertices of one label gathered in their mean."""
    count = int(labels.max()) + 1
    share = np.bincount(labels, minlength=count)[:, None]

    def mean(values: Float[np.ndarray, "V 3"]) -> Float[np.ndarray, "W 3"]:
        return np.stack([np.bincount(labels, values[:, k], count) for k in range(3)], 1) / share

    triangles = labels[mesh.triangles].astype(np.int32)
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]
    colours: Float32[np.ndarray, "W 3"] | None = None
    if mesh.colours is not None:
        colours = mean(mesh.colours.astype(np.float64)).astype(np.float32)
    return ScanMesh(mean(mesh.vertices), triangles, colours)
