"""What of a head is printed: its closed parts, each a surface with an inside.

Skin, eyeballs, teeth, tongue and hair stay meshes of their own; where they overlap, `voxels` makes one solid of them.
Every opening is closed: the rim under the neck by a skirt that goes straight down, the others by a fan about the middle
of their rim. Lashes and hair cards are paper and left out.

Convention: as in `head`: metres, Y up. Worked number: the rim of the Open head's skin lies between y = -0.185 and
-0.138, so its skirt reaches from there down to below -0.185, where `stand` cuts it flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import SettingsError
from ..geometry.edges import boundary_loops
from ..geometry.subdivision import refine
from ..head import Head
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Float64, Int
from .settings import EXPRESSIONS

PRINTED: Final = ("skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue")
"""Parts of the head that have an inside."""

_SKIRT: Final = 0.05
"""Metres that the skirt goes below the lowest point of the rim; more than any cell, so that the cut lies in it."""

_SLICE: Final = 0.06
"""Share of its height by which a skin without a rim is cut off, so that it stands. Chosen by eye."""


@dataclass(frozen=True, eq=False)
class PrintPart:
    """A closed surface; V vertices, T triangles.

    Attributes:
        name: what it is.
        vertices: (V, 3) float64 metres, Y up.
        triangles: (T, 3) int64, counter-clockwise from outside.
    """

    name: str
    vertices: Float64[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]


def head_parts(head: Head, expression: str = "neutral", *, hair: bool = True) -> tuple[list[PrintPart], float]:
    """The closed parts of a head, and the height (metres) at which it is to be cut.

    Args:
        head: the head.
        expression: one of `settings.EXPRESSIONS`.
        hair: with the shell of its hair layer.

    Raises:
        SettingsError: an unknown expression.
    """
    if expression not in EXPRESSIONS:
        raise SettingsError(f"There is no expression '{expression}'; choose one of: {', '.join(EXPRESSIONS)}.")
    vertices = head.vertices + (head.photo_delta if expression == "photo" else 0)
    found = [(name, vertices, head.faces[head.face_part == PART_NAMES.index(name)]) for name in PRINTED]
    if hair and head.hair is not None:
        found.append(("hair", head.hair.shell.vertices, head.hair.shell.faces))
    return parts_of(found)


def parts_of(meshes: list[tuple[str, np.ndarray, np.ndarray]]) -> tuple[list[PrintPart], float]:
    """Parts of meshes, refined and closed, and the height (metres) of the cut: the lowest point of the skin's rim.

    Args:
        meshes: name, vertices (V, 3) and faces (F, 4), -1 in the last column of triangles; one is named ``skin``.
    """
    parts, cut = [], 0.0
    for name, vertices, faces in meshes:
        if not len(faces):
            continue
        used, inverse = np.unique(faces[faces >= 0], return_inverse=True)
        own = np.full(faces.shape, -1, np.int32)
        own[faces >= 0] = inverse.astype(np.int32)
        step = refine(own, len(used), smooth=True)
        points = step.apply(vertices[used].astype(np.float64))
        triangles = triangulate(step.faces)[0].astype(np.int64)
        if name == "skin":
            rim = max(boundary_loops(triangles), key=len, default=np.zeros(0, np.int64))
            low, high = points[:, 1].min(), points[:, 1].max()
            cut = float(points[rim, 1].min() if len(rim) else low + _SLICE * (high - low))
            points, triangles = with_skirt(points, triangles, rim, cut - _SKIRT)
        parts.append(PrintPart(name, *closed(points, triangles)))
    return parts, cut


def closed(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
) -> tuple[Float64[np.ndarray, "W 3"], Int[np.ndarray, "U 3"]]:
    """The surface with every opening closed by a fan about the middle of its rim."""
    points, faces = [vertices.astype(np.float64)], [triangles.astype(np.int64)]
    for number, loop in enumerate(boundary_loops(triangles)):
        points.append(vertices[loop].mean(axis=0, keepdims=True))
        middle = np.full(len(loop), len(vertices) + number)
        faces.append(np.column_stack([np.roll(loop, -1), loop, middle]))
    return np.concatenate(points), np.concatenate(faces)


def with_skirt(
    vertices: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"], rim: Int[np.ndarray, " L"], bottom: float
) -> tuple[Float64[np.ndarray, "W 3"], Int[np.ndarray, "U 3"]]:
    """The surface with a wall that goes straight down from a rim to the height `bottom`, which stays open."""
    foot = vertices[rim].astype(np.float64)
    foot[:, 1] = bottom
    below = len(vertices) + np.arange(len(rim))
    following, below_following = np.roll(rim, -1), np.roll(below, -1)
    walls = [np.column_stack([following, rim, below]), np.column_stack([following, below, below_following])]
    return np.concatenate([vertices.astype(np.float64), foot]), np.concatenate([triangles.astype(np.int64), *walls])
