"""Lips that are pressed into each other are parted, so that the skin does not pass through itself.

Head models close the mouth by letting the lips' inner sides overlap by some tenths of a millimetre. Where triangles of
the mouth cross, their vertices and, fading, those around sink into the flesh, along normals that turn slowly, until
none cross. What would take more than half a millimetre, fold or cross elsewhere stays as it was.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.self_intersection import CrossingFinder
from ..headmodel import HeadModel
from ..shapes import Float
from .folds import folded_triangles
from .skin import Skin
from .target import unit

_STEP: Final = 2e-5
"""Metres per round."""
_MOST: Final = 5e-4
_ROUNDS: Final = 40
_CALM_ROUNDS: Final = 20
_FADE_ROUNDS: Final = 2
_DAMPINGS: Final = 16
_DAMPING: Final = 0.6


def part_lips(model: HeadModel, skin: Skin, vertices: Float[np.ndarray, "S 3"]) -> Float[np.ndarray, "S 3"]:
    """How the skin has to move, (S, 3) metres, for the lips not to cross; zero where they do not.

    Args:
        model: the head model.
        skin: its skin.
        vertices: (S, 3) the skin, metres.
    """
    none = np.zeros(skin.count, bool)
    mouth = (model.regions.get("lips", none) | model.regions.get("mouth_interior", none))[skin.ids]
    finder, depth = CrossingFinder(skin.triangles), np.zeros(len(vertices))
    normals, moved = np.zeros_like(vertices), vertices
    before = np.zeros(len(skin.triangles), bool)
    before[finder.pairs(vertices)] = True
    lips = np.flatnonzero(mouth[skin.triangles].any(axis=1))
    lip_finder = CrossingFinder(skin.triangles[lips])
    for round_ in range(_ROUNDS):
        pairs = lips[lip_finder.pairs(moved)]
        if len(pairs) == 0:
            break
        if round_ == 0:
            normals = skin.normals(vertices)
            for _ in range(_CALM_ROUNDS):
                normals = np.asarray(skin.smoothing @ normals)
            normals = unit(normals)
        near = np.zeros(len(vertices))
        near[skin.triangles[pairs.ravel()]] = 1
        for _ in range(_FADE_ROUNDS):
            near = np.maximum(near, skin.smoothing @ near)
        depth = np.minimum(depth + _STEP * near, _MOST)
        moved = vertices - depth[:, None] * normals
    for _ in range(_DAMPINGS):
        moved = vertices - depth[:, None] * normals
        pairs = finder.pairs(moved)
        fresh = pairs[~before[pairs].all(axis=1)]
        bad = np.concatenate([np.flatnonzero(folded_triangles(skin, vertices, moved)), fresh.ravel()])
        if len(bad) == 0:
            return moved - vertices
        near = np.zeros(len(vertices), bool)
        near[skin.triangles[bad]] = True
        depth[skin.spread(near, 1)] *= _DAMPING
    return np.zeros_like(vertices)
