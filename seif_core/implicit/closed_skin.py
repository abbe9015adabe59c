"""The head model's skin as a closed surface: what of it shows, with neck, mouth and eye sockets closed by caps.

The skin of a head model is open at the neck, goes on into the mouth and behind the eyeballs. Here the lining of the
mouth and the sockets are left out and every opening is closed by a fan about the middle of its rim, so that each point
of space is either inside or outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..geometry.edges import boundary_loops
from ..geometry.normals import vertex_normals
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of, part_triangles
from ..headmodel.once_per_model import once_per_model
from ..shapes import Bool, Float, Int

_SOCKET: Final = 1.8
"""Radii of an eyeball about its centre within which skin that faces the centre is its socket."""


@dataclass(frozen=True, eq=False)
class ClosedSkin:
    """The closed skin of a head model of V vertices.

    Attributes:
        triangles: (T, 3) counter-clockwise from outside; numbers from V on are the caps' middles.
        loops: the rim of each cap, vertices in order.
    """

    triangles: Int[np.ndarray, "T 3"]
    loops: tuple[Int[np.ndarray, "_"], ...]

    def with_middles(self, values: Float[np.ndarray, "V C"]) -> Float[np.ndarray, "W C"]:
        """Values at the vertices (V, C), such as places or codes, with the caps' middles behind them."""
        return np.concatenate([values, *(values[loop].mean(axis=0, keepdims=True) for loop in self.loops)])


@once_per_model
def closed_skin(model: HeadModel) -> ClosedSkin:
    """The closed skin of a head model."""
    skin = anatomy_of(model).outer_skin_triangles
    skin = skin[~_sockets(model, skin)]
    loops = tuple(boundary_loops(skin))
    fans = [
        np.column_stack([np.roll(loop, -1), loop, np.full(len(loop), len(model.template) + k)])
        for k, loop in enumerate(loops)
    ]
    return ClosedSkin(np.concatenate([skin, *fans]).astype(np.int64), loops)


def eyeball_triangles(model: HeadModel) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) of the eyeballs; none for a model without."""
    return part_triangles(model, "eye_left", "eye_right")


def _sockets(model: HeadModel, skin: Int[np.ndarray, "S 3"]) -> Bool[np.ndarray, " S"]:
    """Which triangles of the skin line an eye's socket: near an eyeball and facing its centre."""
    template = model.template.astype(np.float64)
    normals = vertex_normals(template, skin)
    lining = np.zeros(len(skin), bool)
    for name in ("eye_left", "eye_right"):
        ball = template[np.unique(part_triangles(model, name))]
        if not len(ball):
            continue
        centre = (ball.min(axis=0) + ball.max(axis=0)) / 2
        radius = np.linalg.norm(ball - centre, axis=1).max()
        inwards = centre - template
        near = np.linalg.norm(inwards, axis=1) < _SOCKET * radius
        lining |= (near & ((normals * inwards).sum(axis=1) > 0))[skin].all(axis=1)
    return lining
