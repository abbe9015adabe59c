"""The bones' turns as sliders, in whatever rotation mode a bone is.

Convention: a bone's own axes (`build.plan.rig`): jaw and eyes have X to the subject's left, Y forwards, Z down; the
neck has X to the left, Y up, Z forwards. Worked number: a jaw whose turn about X is 0.2 rad is open by 11.5 degrees, an
eye whose turn about X is 0.2 rad looks down by as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import bpy
from mathutils import Euler, Quaternion

from ..build.names import BONE_NAMES

EYES = BONE_NAMES[3:]
_OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}


def turn_of(bone: bpy.types.PoseBone) -> Quaternion:
    """The bone's own rotation, without constraints."""
    if bone.rotation_mode == "QUATERNION":
        return bone.rotation_quaternion.normalized()
    if bone.rotation_mode == "AXIS_ANGLE":
        angle, *axis = bone.rotation_axis_angle
        return Quaternion(axis, angle)
    return bone.rotation_euler.to_quaternion()


def set_turn(bone: bpy.types.PoseBone, turn: Quaternion) -> None:
    """Give the bone this rotation in its own mode."""
    if bone.rotation_mode == "QUATERNION":
        bone.rotation_quaternion = turn
    elif bone.rotation_mode == "AXIS_ANGLE":
        axis, angle = turn.to_axis_angle()
        bone.rotation_axis_angle = (angle, *axis)
    else:
        bone.rotation_euler = turn.to_euler(bone.rotation_mode, bone.rotation_euler)


def mirrored_turn(turn: Quaternion) -> Quaternion:
    """The turn seen in a mirror across the head's middle: every bone's X axis is the head's."""
    return Quaternion((turn.w, turn.x, -turn.y, -turn.z))


def _get_turn(bone: bpy.types.PoseBone) -> Sequence[float]:
    return tuple(turn_of(bone).to_euler("XYZ"))


def _set_turn(bone: bpy.types.PoseBone, value: Sequence[float]) -> None:
    set_turn(bone, Euler(value, "XYZ").to_quaternion())


def _get_gaze(rig: bpy.types.Object) -> Sequence[float]:
    turn = _get_turn(rig.pose.bones[EYES[0]])
    return turn[0], turn[2]


def _set_gaze(rig: bpy.types.Object, value: Sequence[float]) -> None:
    for name in EYES:
        _set_turn(rig.pose.bones[name], (value[0], 0.0, value[1]))


def register_sliders() -> None:
    """Give bones and rigs the properties that the panel's sliders show; nothing is stored in them."""
    angle = {"subtype": "EULER", "min": -pi / 2, "max": pi / 2, "soft_min": -pi / 4, "soft_max": pi / 4}
    angle["override"] = _OVERRIDABLE
    told = "Turn about the bone's own axes"
    bpy.types.PoseBone.seif_turn = bpy.props.FloatVectorProperty(
        name="Turn", description=told, size=3, get=_get_turn, set=_set_turn, **angle
    )
    bpy.types.Object.seif_gaze = bpy.props.FloatVectorProperty(
        name="Gaze",
        description="Turn of both eyes: down, and to the subject's right",
        size=2,
        get=_get_gaze,
        set=_set_gaze,
        **{**angle, "subtype": "NONE", "unit": "ROTATION"},
    )


def unregister_sliders() -> None:
    """Take the properties back."""
    del bpy.types.PoseBone.seif_turn
    del bpy.types.Object.seif_gaze
