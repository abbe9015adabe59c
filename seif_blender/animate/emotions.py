"""The basic emotions: set in the ARKit keys, and as pose assets that move the rig's emotion sliders."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

from .. import core
from ..build.names import EMOTION_PREFIX
from .lookup import emotion_sliders, needs_head, require_head

EMOTIONS = (
    ("joy", "Joy", "Cheeks and lip corners up (action units 6, 12)"),
    ("sadness", "Sadness", "Inner brows up, lip corners down (action units 1, 4, 15, 17)"),
    ("anger", "Anger", "Brows down, hard eyes, tight lips (action units 4, 5, 7, 23)"),
    ("surprise", "Surprise", "Brows and lids up, jaw down (action units 1, 2, 5, 26)"),
    ("disgust", "Disgust", "Nose wrinkled, upper lip up (action units 9, 10, 15, 16)"),
    ("fear", "Fear", "Brows up and drawn together, lips stretched (action units 1, 2, 4, 5, 7, 20, 26)"),
    ("contempt", "Contempt", "One lip corner drawn in and up (action units 12, 14 on the right)"),
)
"""The library's emotions with their titles."""

ASSET_PROPERTY = "seif_emotion"
"""Custom property that marks an action as a pose asset of this add-on: its emotion."""


class SEIF_OT_apply_emotion(bpy.types.Operator):
    """Set the ARKit shape keys to a basic emotion."""

    bl_idname = "seif.apply_emotion"
    bl_label = "Apply Emotion"
    bl_description = "Set the ARKit shape keys to a basic emotion"
    bl_options = {"REGISTER", "UNDO"}

    emotion: bpy.props.EnumProperty(name="Emotion", items=EMOTIONS)
    strength: bpy.props.FloatProperty(name="Strength", default=1.0, min=0.0, max=1.0, subtype="FACTOR")
    add: bpy.props.BoolProperty(
        name="Add", description="Leave the other shape keys as they are instead of setting them to 0", default=False
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return needs_head(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the keys."""
        keys = {core.canonical(key.name): key for key in require_head(context).expression_keys}
        weights = core.EMOTIONS[self.emotion]
        missing = next((name for name in weights if name not in keys), None)
        if missing is not None:
            self.report({"ERROR"}, f"This head has no key {missing}; reconstruct it with the ARKit shape keys")
            return {"CANCELLED"}
        if not self.add:
            for key in keys.values():
                key.value = 0.0
        for name, weight in weights.items():
            keys[name].value = weight * self.strength
        return {"FINISHED"}


class SEIF_OT_emotion_assets(bpy.types.Operator):
    """Make a pose asset of each emotion, for the pose library and the asset browser."""

    bl_idname = "seif.emotion_assets"
    bl_label = "Make Emotion Pose Assets"
    bl_description = (
        "Make a pose asset of each emotion, for the pose library and the asset browser; they move the emotion sliders"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active that has emotion sliders."""
        if not needs_head(cls, context):
            return False
        if not emotion_sliders(require_head(context).rig):
            cls.poll_message_set("Reconstruct the head with the shape keys Emotions first")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Make the actions; those of an earlier time are replaced."""
        for action in [action for action in bpy.data.actions if ASSET_PROPERTY in action]:
            bpy.data.actions.remove(action)
        for name, title, description in EMOTIONS:
            _make_asset(name, title, description)
        self.report({"INFO"}, f"{len(EMOTIONS)} pose assets made")
        return {"FINISHED"}


def _make_asset(emotion: str, title: str, description: str) -> None:
    """One action with a frame of all emotion sliders; keyed on a stand-in, so that the rig's own action stays."""
    stand_in = bpy.data.objects.new(title, None)
    for name, _, _ in EMOTIONS:
        slider = EMOTION_PREFIX + name
        stand_in[slider] = float(name == emotion)
        stand_in.keyframe_insert(f'["{slider}"]', frame=1)
    action = stand_in.animation_data.action
    bpy.data.objects.remove(stand_in)
    action.name = title
    action[ASSET_PROPERTY] = emotion
    action.asset_mark()
    action.asset_data.description = description
    action.asset_data.tags.new("emotion", skip_if_exists=True)


CLASSES = (SEIF_OT_apply_emotion, SEIF_OT_emotion_assets)
