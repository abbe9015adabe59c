"""Reset and key the whole expression, look through the photo's camera."""

from __future__ import annotations

import bpy

from ..build.names import BONE_NAMES
from .gaze import look_at_target
from .lookup import needs_head, require_head
from .removal import remove_head

ROOT_BONE = BONE_NAMES[0]
_CHANNELS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}


class SEIF_OT_reset_expression(bpy.types.Operator):
    """Set all expression keys to 0 and all bones to their rest pose."""

    bl_idname = "seif.reset_expression"
    bl_label = "Reset Pose and Expression"
    bl_description = "Set all expression keys to 0 and all bones to their rest pose"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return needs_head(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Reset."""
        head = require_head(context)
        for key in head.expression_keys:
            key.value = 0.0
        for name in head.sliders:
            head.rig[name] = 0.0
        for bone in head.rig.pose.bones:
            bone.matrix_basis.identity()
            bone.location = (0.0, 0.0, 0.0)
            bone.scale = (1.0, 1.0, 1.0)
            bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
            bone.rotation_euler = (0.0, 0.0, 0.0)
            bone.rotation_axis_angle = (0.0, 0.0, 1.0, 0.0)
        head.rig.update_tag()
        head.mesh.data.update_tag()
        return {"FINISHED"}


class SEIF_OT_key_expression(bpy.types.Operator):
    """Insert a keyframe for every expression key, every slider and every bone."""

    bl_idname = "seif.key_expression"
    bl_label = "Key Whole Expression"
    bl_description = "Insert a keyframe for every expression key, every slider and every bone"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active."""
        return needs_head(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Key everything at the current frame."""
        head, frame = require_head(context), context.scene.frame_current
        for key in head.expression_keys:
            key.keyframe_insert("value", frame=frame)
        for name in head.sliders:
            head.rig.keyframe_insert(f'["{name}"]', frame=frame)
        for bone in head.rig.pose.bones:
            bone.keyframe_insert(_CHANNELS.get(bone.rotation_mode, "rotation_euler"), frame=frame, group=bone.name)
        head.rig.pose.bones[ROOT_BONE].keyframe_insert("location", frame=frame, group=ROOT_BONE)
        target = look_at_target(head.rig)
        if target is not None:
            target.keyframe_insert("location", frame=frame)
        self.report({"INFO"}, f"Expression keyed at frame {frame}")
        return {"FINISHED"}


class SEIF_OT_view_photo(bpy.types.Operator):
    """Look at the head through the photo's camera, with the photo behind it."""

    bl_idname = "seif.view_photo"
    bl_label = "Look Through Photo Camera"
    bl_description = "Look at the head through the photo's camera, with the photo behind it"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head that has its camera, in a 3D view."""
        if not needs_head(cls, context):
            return False
        if require_head(context).camera is None:
            cls.poll_message_set("This head has no photo camera any more")
            return False
        if context.region_data is None:
            cls.poll_message_set("Do this in a 3D view")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make it the scene's camera, fit its lens to the render size, look through it."""
        from ..build.photo_camera import refit_lens

        camera = require_head(context).camera
        refit_lens(camera, context.scene)
        context.scene.camera = camera
        context.region_data.view_perspective = "CAMERA"
        return {"FINISHED"}


class SEIF_OT_delete_head(bpy.types.Operator):
    """Delete the head with its rig, hair and photo camera."""

    bl_idname = "seif.delete_head"
    bl_label = "Delete Head"
    bl_description = "Delete the head with its rig, hair and photo camera"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active, in object mode."""
        if not needs_head(cls, context):
            return False
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave the mode of the active object first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Delete what belongs to it, and its collection where nothing else is in it."""
        head = require_head(context)
        title = head.mesh.name
        remove_head(head.rig)
        self.report({"INFO"}, f"{title} deleted")
        return {"FINISHED"}


CLASSES = (SEIF_OT_reset_expression, SEIF_OT_key_expression, SEIF_OT_view_photo, SEIF_OT_delete_head)
