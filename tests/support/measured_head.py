"""Heads of the Open head model's identity space as subjects of measurement, and the same surface on another mesh."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.spatial import Delaunay

from seif_core.evaluation.protocols.subject import Subject
from seif_core.headmodel import load_head_model
from seif_core.headmodel.model import triangulate
from seif_core.headmodel.topology import PART_NAMES


@lru_cache(maxsize=1)
def outer_triangles() -> np.ndarray:
    """(T, 3) of skin and eyeballs, without the lining of the mouth."""
    model = load_head_model()
    outer = np.isin(model.face_part, [PART_NAMES.index(n) for n in ("skin", "eye_left", "eye_right")])
    triangles = triangulate(model.faces[outer])[0]
    return triangles[~model.regions["mouth_interior"][triangles].any(axis=1)]


@lru_cache(maxsize=8)
def vertices_of(seed: int, scale: float = 1.0) -> np.ndarray:
    """(V, 3) float64 metres of a random person."""
    model = load_head_model()
    shape = np.random.default_rng(seed).normal(size=100) * scale
    return (model.template + np.tensordot(shape, model.shape_basis, 1)).astype(np.float64)


def subject_of(vertices: np.ndarray) -> Subject:
    """A subject with the Open head's 68 landmarks."""
    return Subject(vertices, outer_triangles(), load_head_model().embeddings["ibug68"].points(vertices))


def subject(seed: int, scale: float = 1.0) -> Subject:
    """A random person as a subject."""
    return subject_of(vertices_of(seed, scale))


def remeshed(one: Subject, count: int = 40_000) -> Subject:
    """The front of a subject's surface on a mesh of its own: points spread by area, joined by their neighbours."""
    from seif_core.evaluation.scan_points import drawn

    points, owners = drawn(one.vertices, one.triangles, count)
    a, b, c = one.vertices[one.triangles[owners]].transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    middle = one.vertices.mean(axis=0) * [1, 1, 1] - [0, 0, 0.3]
    ahead = (normals[:, 2] > 0.35) & (points[:, 2] > one.vertices[:, 2].mean())
    points = points[ahead]
    seen = points - middle
    flat = seen[:, :2] / seen[:, 2:]
    joined = Delaunay(flat).simplices
    longest = np.linalg.norm(points[joined] - points[np.roll(joined, 1, axis=1)], axis=2).max(axis=1)
    return Subject(points, joined[longest < 0.006].astype(np.int64), one.landmarks)
