"""Region masks of the Open head: from edge loops around mouth and eyes, MakeHuman's ear sliders, and anatomy.

Convention: masks over the head's vertices; they overlap where anatomy does (lips and lids lie in the face).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from ...shapes import Bool, Int64
from . import makehuman
from .rig import part_mask, skin_graph
from .selection import CAVITY_STARTS, cavity_mask, edge_loop, head_selection
from .sliders import macro_mean

LIP_RINGS: Final = 5
"""Rings of vertices from the line where the lips meet to the rim of their red."""

LID_RINGS: Final = 6
"""Rings of vertices from the lids' edges to their crease."""

_EAR_TARGETS: Final = ("ears/l-ear-wing-incr", "ears/r-ear-wing-incr")
"""Sliders that swing the ears and leave the skull alone."""

_NECK_LINE: Final = ((-0.11, -0.062), (-0.03, -0.058), (0.0, -0.078), (0.045, -0.094))
"""(z, y) in metres on the macro mean: skin below this line is neck; hairline, ear lobe, jaw's angle, chin."""

_FACE_LINE: Final = ((-0.10, -0.024), (0.03, -0.022), (0.072, 0.012))
"""(y, z) in metres on the macro mean: skin in front of this line and below its last y is face."""


@lru_cache(maxsize=1)
def region_masks() -> dict[str, Bool[np.ndarray, " V"]]:
    """Masks (V,) by the names in `REGION_NAMES`."""
    skin = part_mask("skin")
    _, y, z = macro_mean().T
    mouth = cavity_mask("mouth")
    sockets = cavity_mask("socket_left") | cavity_mask("socket_right")
    outer = skin & ~mouth & ~sockets
    ears = outer & _ears()
    line = np.array(_NECK_LINE)
    neck = outer & ~ears & (y < np.interp(z, line[:, 0], line[:, 1]))
    edge = np.array(_FACE_LINE)
    face = outer & ~ears & ~neck & (z > np.interp(y, edge[:, 0], edge[:, 1])) & (y < edge[-1, 0])
    lids = (_between(rings_around("socket_left"), LID_RINGS)) | _between(rings_around("socket_right"), LID_RINGS)
    return {
        "face": face,
        "scalp": outer & ~ears & ~neck & ~face,
        "ears": ears,
        "neck": neck,
        "lips": _between(rings_around("mouth"), LIP_RINGS),
        "lids": lids,
        "eyeballs": part_mask("eye_left") | part_mask("eye_right"),
        "mouth_interior": mouth | part_mask("teeth_upper") | part_mask("teeth_lower") | part_mask("tongue"),
    }


@lru_cache(maxsize=32)
def rings_around(cavity: str, count: int = 12) -> Int64[np.ndarray, " V"]:
    """(V,) number of edges between each outer skin vertex and the rim of a cavity, up to `count`; -1 elsewhere."""
    selection = head_selection()
    skin = selection.faces[selection.face_part == 0]
    first, second = (selection.index_of(v) for v in CAVITY_STARTS[cavity])
    ring = np.full(len(selection.vertex_ids), -1, dtype=np.int64)
    front = np.zeros(len(ring), dtype=bool)
    front[edge_loop(skin, first, second)] = True
    ring[front] = 0
    open_vertices = ~cavity_mask(cavity)
    graph = skin_graph()
    for step in range(1, count + 1):
        front = (graph @ front > 0) & (ring < 0) & open_vertices
        ring[front] = step
    ring.flags.writeable = False  # kept for the next caller
    return ring


def _between(ring: np.ndarray, last: int) -> np.ndarray:
    return (ring >= 0) & (ring <= last)


def _ears() -> np.ndarray:
    """(V,) bool, the ears: what swings with them, grown by one ring."""
    selection = head_selection()
    swung = np.zeros(len(selection.vertex_ids), dtype=bool)
    for target in _EAR_TARGETS:
        move = np.linalg.norm(selection.from_body(makehuman.read_target(target)), axis=1)
        swung |= move > 0.03 * move.max()
    swung |= swung[selection.mirror]
    # the ear canal's floor does not swing, but is surrounded by what does
    graph = skin_graph()
    grown = swung
    for _ in range(4):
        grown = (graph @ grown > 0) | grown
    for _ in range(4):
        grown = ~((graph @ ~grown > 0) | ~grown)
    return (swung | grown) & (selection.vertex_part == 0)
