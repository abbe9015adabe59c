"""What the artist chooses before a capture; stored in the scene."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

HEADS = (
    ("neck", "Neck", "The neck's bone turns with the head"),
    ("root", "Whole Head", "The root bone turns, and the shoulders with it"),
    ("none", "Nothing", "The head stays where it is"),
)


class SeifCaptureProperties(bpy.types.PropertyGroup):
    """The settings of the panel."""

    bones: bpy.props.BoolProperty(
        name="Jaw and Eyes by Bones",
        description="Key the bones of jaw and eyes and leave their shape keys at 0, where the source tells both",
        default=False,
    )
    head_pose: bpy.props.EnumProperty(name="Head Turns", description="What turns with the head", items=HEADS)
    rate: bpy.props.FloatProperty(
        name="Frame Rate",
        description="Frames a second of the source; 0 takes its own, 24 where it tells none",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    neutral: bpy.props.IntProperty(
        name="Neutral Frame",
        description="Frame of the video that shows the neutral face, counted from 0; -1 finds the quietest frames",
        default=-1,
        min=-1,
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing", description="How much noise is taken out of the curves", default=1.0, min=0.0, max=100.0
    )


def playback(context: bpy.types.Context, *, has_bones: bool) -> tuple[bool, str]:
    """Whether bones turn jaw and eyes, and what turns with the head."""
    chosen = context.scene.seif_capture
    return chosen.bones and has_bones, chosen.head_pose


CLASSES = (SeifCaptureProperties,)
