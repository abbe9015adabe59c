"""A target that both eyes look at: an empty before the head, and a Damped Track constraint on each eye bone."""

from __future__ import annotations

from typing import Final

import bpy
from mathutils import Vector

from ..build.names import LOOK_AT
from .controls import EYES
from .lookup import FoundHead, needs_head, require_head

_DISTANCE = 0.6
"""Metres from the eyes to a new target: how far from each other people talk, chosen by hand."""

_UP_DOWN, _SIDEWAYS = 0.52, 0.79
"""Radians: eyes turn 30 degrees up or down and 45 to a side (Lee et al., Differences in eye movement range, BMC
Ophthalmology 2019, rounded down)."""

_LIMITS = f"{LOOK_AT} Limits"
_SIZE: Final = 0.02
"""Metres of the target that is looked at. Chosen by eye."""


def look_at_target(rig: bpy.types.Object) -> bpy.types.Object | None:
    """The object that the eyes look at; None where they look at none."""
    constraint = rig.pose.bones[EYES[0]].constraints.get(LOOK_AT)
    return None if constraint is None else constraint.target


class SEIF_OT_look_at(bpy.types.Operator):
    """Let both eyes look at a target that can be moved; press again to take it away."""

    bl_idname = "seif.look_at"
    bl_label = "Look-At Target"
    bl_description = "Let both eyes look at a target that can be moved; press again to take it away"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return needs_head(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the target or remove it."""
        head = require_head(context)
        if any(LOOK_AT in head.rig.pose.bones[name].constraints for name in EYES):
            _remove(head.rig)
        else:
            _add(head, context)
        return {"FINISHED"}


def _add(head: FoundHead, context: bpy.types.Context) -> None:
    rig = head.rig
    target = bpy.data.objects.new(f"{head.mesh.name} {LOOK_AT}", None)
    target.empty_display_type = "SPHERE"
    target.empty_display_size = _SIZE
    own = (c for c in rig.users_collection if c.library is None and c.override_library is None)
    next(own, context.scene.collection).objects.link(target)
    target.parent = rig
    eyes = [rig.data.bones[name].head_local for name in EYES]
    target.location = (eyes[0] + eyes[1]) / 2 + Vector((0.0, -_DISTANCE, 0.0))
    for name in EYES:
        constraints = rig.pose.bones[name].constraints
        track = constraints.new("DAMPED_TRACK")
        track.name, track.target, track.track_axis = LOOK_AT, target, "TRACK_Y"
        limits = constraints.new("LIMIT_ROTATION")
        limits.name, limits.owner_space = _LIMITS, "LOCAL"
        for axis, limit in (("x", _UP_DOWN), ("y", 0.0), ("z", _SIDEWAYS)):
            setattr(limits, f"use_limit_{axis}", True)
            setattr(limits, f"min_{axis}", -limit)
            setattr(limits, f"max_{axis}", limit)


def _remove(rig: bpy.types.Object) -> None:
    target = look_at_target(rig)
    for name in EYES:
        constraints = rig.pose.bones[name].constraints
        for constraint in [constraints.get(LOOK_AT), constraints.get(_LIMITS)]:
            if constraint is not None:
                constraints.remove(constraint)
    if target is not None and target.name.endswith(LOOK_AT) and target.type == "EMPTY":
        bpy.data.objects.remove(target)


CLASSES = (SEIF_OT_look_at,)
