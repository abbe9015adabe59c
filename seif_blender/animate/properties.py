"""What the animation panel remembers while Blender runs: the search and the strength of emotions."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy


class SeifAnimationProperties(bpy.types.PropertyGroup):
    """Search and strength."""

    search: bpy.props.StringProperty(
        name="Search",
        description="Show the shape keys whose name has these words",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How strongly an emotion is applied",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options={"SKIP_SAVE"},
    )


CLASSES = (SeifAnimationProperties,)
