"""How many triangles levels of detail have; stored in the scene."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

COUNTS = (5000, 2500, 1000)
"""As `decimation.levels.LOD_TRIANGLES`, which would load numpy when the add-on is enabled."""
LEAST, MOST = 500, 100000


class SeifLodProperties(bpy.types.PropertyGroup):
    """The settings of Make LODs."""

    triangles: bpy.props.IntVectorProperty(
        name="Triangles", description="Of each level, descending", size=3, default=COUNTS, min=LEAST, max=MOST
    )


CLASSES = (SeifLodProperties,)
