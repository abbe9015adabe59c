"""Mirroring an expression: copying one side's keys and eye to the other, or exchanging them."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

from ..build.names import BONE_NAMES
from .controls import EYES, mirrored_turn, set_turn, turn_of
from .lookup import FoundHead, needs_head, require_head
from .regions import is_direction, is_left, mirrored_keys

DIRECTIONS = (
    ("LEFT_TO_RIGHT", "Left to Right", "Copy the subject's left side to the right"),
    ("RIGHT_TO_LEFT", "Right to Left", "Copy the subject's right side to the left"),
    ("SWAP", "Swap", "Exchange left and right, as in a mirror"),
)


class SEIF_OT_mirror_expression(bpy.types.Operator):
    """Copy the expression of one side of the face to the other, or exchange them."""

    bl_idname = "seif.mirror_expression"
    bl_label = "Mirror Expression"
    bl_description = "Copy the expression of one side of the face to the other, or exchange them"
    bl_options = {"REGISTER", "UNDO"}

    direction: bpy.props.EnumProperty(name="Direction", items=DIRECTIONS)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return needs_head(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mirror keys, then bones."""
        head = require_head(context)
        if self.direction == "SWAP":
            _swap(head)
        else:
            _copy(head, from_left=self.direction == "LEFT_TO_RIGHT")
        return {"FINISHED"}


def _swap(head: FoundHead) -> None:
    keys = {key.name: key for key in head.expression_keys}
    values = {name: keys[twin].value for name, twin in mirrored_keys(keys).items()}
    for name, value in values.items():
        keys[name].value = value
    turns = {name: mirrored_turn(turn_of(head.rig.pose.bones[name])) for name in BONE_NAMES}
    turns[EYES[0]], turns[EYES[1]] = turns[EYES[1]], turns[EYES[0]]
    for name, turn in turns.items():
        set_turn(head.rig.pose.bones[name], turn)


def _copy(head: FoundHead, *, from_left: bool) -> None:
    keys = {key.name: key for key in head.expression_keys}
    for name, twin in mirrored_keys(keys).items():
        if is_left(name) == from_left and not is_direction(name):
            keys[twin].value = keys[name].value
    source, target = EYES if from_left else reversed(EYES)
    set_turn(head.rig.pose.bones[target], mirrored_turn(turn_of(head.rig.pose.bones[source])))


CLASSES = (SEIF_OT_mirror_expression,)
