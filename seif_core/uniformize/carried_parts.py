"""Eyeballs, teeth, tongue and lashes are carried along by the skin around them.

Eyeballs move as a whole, without turning, by the mean displacement of their lids; so does each row of teeth by that of
the skin nearest to it; each lash by that of its root; the tongue bends along with the skin about each of its vertices.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.connectivity import triangle_pieces
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float
from .skin_mesh import SkinMesh

_EYES: Final = ("eye_left", "eye_right")
_WHOLE: Final = ("teeth_upper", "teeth_lower")
_NEAREST: Final = 12
"""Vertices of the skin that carry a point together."""
_SOFT: Final = 1e-3
"""Metres added to their distances, so that none carries it alone."""


def carry_parts(
    skin: SkinMesh, fitted: Float[np.ndarray, "V 3"], displacement: Float[np.ndarray, "S 3"]
) -> Float[np.ndarray, "V 3"]:
    """All vertices (V, 3), metres: the skin displaced, the other parts after it."""
    model, result = skin.model, fitted.astype(np.float64)
    nearby = _Nearby(result[skin.ids], displacement)
    rest = np.ones(len(result), bool)
    rest[skin.ids] = False
    result[skin.ids] += displacement
    for part, name in enumerate(PART_NAMES):
        triangles = triangulate(model.faces[model.face_part == part])[0]
        ids = np.setdiff1d(np.unique(triangles), skin.ids)
        if len(ids) == 0:
            continue
        rest[ids] = False
        own = fitted[ids].astype(np.float64)
        if name in _EYES:
            lids = skin.region("lids") & (skin.left == (name == _EYES[0]))
            result[ids] += displacement[lids].mean(axis=0) if lids.any() else nearby.around(own).mean(axis=0)
        elif name in _WHOLE:
            result[ids] += nearby.around(own).mean(axis=0)
        elif name == "lashes":
            result[ids] += _by_root(nearby, own, triangle_pieces(triangles, len(result))[ids])
        else:
            result[ids] += nearby.around(own)
    result[rest] += nearby.around(fitted[rest].astype(np.float64))
    return result


class _Nearby:
    """Displacement of the skin, smoothed over the nearest vertices."""

    def __init__(self, points: np.ndarray, displacement: np.ndarray) -> None:
        self._tree, self._displacement = KDTree(points), displacement

    def around(self, points: np.ndarray) -> np.ndarray:
        if len(points) == 0:
            return np.zeros((0, 3))
        distance, near = self._tree.query(points, k=min(_NEAREST, len(self._displacement)))
        weight = 1 / (distance + _SOFT) ** 2
        return np.einsum("nk,nkc->nc", weight / weight.sum(1, keepdims=True), self._displacement[near])

    def distance(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(self._tree.query(points)[0])


def _by_root(nearby: _Nearby, points: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The displacement at the vertex of each component that is nearest to the skin, for all its vertices."""
    order = np.lexsort((nearby.distance(points), label))
    _, first, inverse = np.unique(label[order], return_index=True, return_inverse=True)
    moved = nearby.around(points[order[first]])
    result = np.empty((len(points), 3))
    result[order] = moved[inverse.reshape(-1)]
    return result
