"""A level of subdivision for the eye alone: outlines are round, while mesh, keys, exports and prints stay as they are.

The texture's coordinates are not smoothed: the texture was made on the mesh's straight triangles, and the roots of the
hair stand in its coordinates. Skin on which strands stand is creased, so that it stays as it is and they with it; hair
covers it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import bpy

from .names import HAIR_GROUP, SMOOTH

_LEVELS: Final = 1
"""Of views and renders: edges of 4 mm become 2 mm, less than a pixel's angle where the head fills a screen. By eye."""


def add_smooth_outline(mesh_object: bpy.types.Object) -> None:
    """Add the modifier, last, so that bones and keys move the mesh before it is subdivided."""
    modifier = mesh_object.modifiers.new(SMOOTH, "SUBSURF")
    modifier.levels = modifier.render_levels = _LEVELS
    modifier.uv_smooth = "NONE"
    modifier.show_only_control_edges = True
    modifier.show_in_editmode = False
    _crease_under_hair(mesh_object)


def _crease_under_hair(mesh_object: bpy.types.Object) -> None:
    """Full creases on the edges of all faces on which strands may stand."""
    group = mesh_object.vertex_groups.get(HAIR_GROUP)
    if group is None:
        return
    mesh = mesh_object.data
    grown = {v.index for v in mesh.vertices if any(g.group == group.index for g in v.groups)}
    haired = [face for face in mesh.polygons if not grown.isdisjoint(face.vertices)]
    corners = {pair for face in haired for pair in face.edge_keys}
    creases = mesh.attributes.new("crease_edge", "FLOAT", "EDGE")
    creases.data.foreach_set("value", [float(edge.key in corners) for edge in mesh.edges])


@contextmanager
def without_smooth_outline(mesh_object: bpy.types.Object) -> Iterator[None]:
    """The mesh as it is exported, while the block runs."""
    modifier = mesh_object.modifiers.get(SMOOTH)
    shown = modifier is not None and modifier.show_viewport
    if modifier is not None and shown:
        modifier.show_viewport = False
    try:
        yield
    finally:
        if modifier is not None and shown:
            modifier.show_viewport = True
