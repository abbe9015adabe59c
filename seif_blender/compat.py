"""Every difference between the supported releases of Blender (4.2 LTS and later), each with its release."""

from __future__ import annotations

import bpy


def enable_nodes(block: bpy.types.Material | bpy.types.World) -> None:
    """Give a material or world a node tree; from Blender 5.0 it always has one and `use_nodes` is deprecated.

    Source: https://developer.blender.org/docs/release_notes/5.0/python_api/
    """
    if bpy.app.version < (5, 0, 0):
        block.use_nodes = True
