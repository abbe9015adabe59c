"""Lips that are pressed into each other are separated, so that the skin does not pass through itself.

Head models close the mouth by letting the lips' inner sides overlap by some tenths of a millimetre. Where triangles of
the mouth cross, their vertices and, fading, those around sink into the flesh, along normals that turn slowly, until
none cross. Then each rises again as far as none cross, for teeth would shine through the slit. What would take more
than half a millimetre, or invert or cross triangles elsewhere, stays as it was.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.normals import unit, vertex_normals
from ..geometry.self_intersection import CrossingFinder
from ..registration.self_intersection_repair import DefectFinder
from ..shapes import Float, Int
from .skin_mesh import SkinMesh

_STEP: Final = 2e-5
"""Metres per round."""
_MOST: Final = 5e-4
"""Metres that a vertex sinks at most: less than lips are thick, more than they overlap on any model."""
_ROUNDS: Final = 40
"""Steps at most; the most is reached after 25."""
_CALM_ROUNDS: Final = 20
"""Rounds of averaging over neighbours after which normals turn slowly over the lips."""
_FADE_RINGS: Final = 2
"""Rings around crossing triangles that sink too, ever less."""
_RISE: Final = 0.8
"""Factor of the depth in each round in which vertices rise again."""
_RISES: Final = 12
"""Such rounds: what is not needed is below a tenth after them."""
_DAMPINGS: Final = 16
"""Rounds in which places where sinking has done harm are raised again, after which it is given up."""
_DAMPING: Final = 0.6
"""Factor of the depth there in each."""


def separate_lips(skin: SkinMesh, vertices: Float[np.ndarray, "S 3"]) -> Float[np.ndarray, "S 3"]:
    """How the skin has to move, (S, 3) metres, for the lips not to cross; zero where they do not.

    Args:
        skin: the skin.
        vertices: (S, 3) its shape, metres.
    """
    depth = _sunk(skin, vertices)
    if not depth.any():
        return np.zeros_like(vertices)
    normals, defects = _calm_normals(skin, vertices), DefectFinder(skin, vertices)
    for _ in range(_DAMPINGS):
        moved = vertices - depth[:, None] * normals
        found = defects.find(moved)
        if not found.number:
            return moved - vertices
        depth[skin.grown(found.vertices(skin), 1)] *= _DAMPING
    return np.zeros_like(vertices)


def _sunk(skin: SkinMesh, vertices: np.ndarray) -> Float[np.ndarray, " S"]:
    """How deep each vertex has to sink, metres, until no triangles of the mouth cross."""
    mouth = skin.region("lips") | skin.region("mouth_interior")
    lips = skin.triangles[mouth[skin.triangles].any(axis=1)]
    finder, depth = CrossingFinder(lips), np.zeros(len(vertices))
    normals, moved, crossing = None, vertices, True
    for _ in range(_ROUNDS):
        pairs = finder.pairs(moved)
        if len(pairs) == 0:
            crossing = False
            break
        normals = _calm_normals(skin, vertices) if normals is None else normals
        near = np.zeros(len(vertices))
        near[lips[pairs.ravel()]] = 1
        depth = np.minimum(depth + _STEP * skin.faded(near, _FADE_RINGS), _MOST)
        moved = vertices - depth[:, None] * normals
    if normals is None or crossing:
        return depth
    return _risen(depth, lips, vertices, normals, finder)


def _risen(
    depth: Float[np.ndarray, " S"],
    lips: Int[np.ndarray, "L 3"],
    vertices: Float[np.ndarray, "S 3"],
    normals: Float[np.ndarray, "S 3"],
    finder: CrossingFinder,
) -> Float[np.ndarray, " S"]:
    """The least of the depth, metres, that keeps the lips' triangles apart, each vertex by itself."""
    free = depth > 0
    for _ in range(_RISES):
        tried = np.where(free, depth * _RISE, depth)
        while len(pairs := finder.pairs(vertices - tried[:, None] * normals)):
            near = np.zeros(len(vertices), bool)
            near[lips[pairs.ravel()]] = True
            if not (near & free).any():
                return depth
            tried = np.where(near, depth, tried)
            free &= ~near
        depth = tried
    return depth


def _calm_normals(skin: SkinMesh, vertices: np.ndarray) -> Float[np.ndarray, "S 3"]:
    normals = vertex_normals(vertices, skin.triangles)
    for _ in range(_CALM_ROUNDS):
        normals = np.asarray(skin.neighbour_mean @ normals)
    return unit(normals)
