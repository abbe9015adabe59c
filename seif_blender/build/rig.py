"""The armature: root, neck, jaw and the eyes.

Convention: root and neck point up, jaw and eyes point forwards (Blender's -Y), roll 0, so that a bone's local X axis
is the head's X: rotating the jaw about its X by +11.5 degrees opens the mouth, as the library's pose[2] = (0.2, 0, 0)
does. `bone_axes` holds, for each bone, the matrix whose columns are its local axes in the library's axes. Worked
number: the jaw's local Y axis is the library's (0, 0, 1), its local Z axis the library's (0, -1, 0).
"""

from __future__ import annotations

from typing import Final

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..core import JOINT_PARENTS, Head
from .axes import TO_BLENDER, to_blender
from .names import BONE_NAMES

_UP: Final = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
_FORWARD: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
BONE_AXES: Final = {"root": _UP, "neck": _UP, "jaw": _FORWARD, "eye.L": _FORWARD, "eye.R": _FORWARD}
"""Columns: the bone's local X, Y, Z axes in the library's axes. Signed permutations, so drivers stay short."""

_MINIMUM_LENGTH = 0.02


def bone_rotation(bone: str, rotation: np.ndarray) -> np.ndarray:
    """A joint's rotation matrix (3, 3) in the library's axes, written in the axes of its bone."""
    axes = BONE_AXES[bone]
    return axes.T @ rotation @ axes


def build_rig(head: Head, collection: bpy.types.Collection) -> bpy.types.Object:
    """Make the armature object, link it and add its bones."""
    armature = bpy.data.armatures.new(f"{head.name} rig")
    armature.display_type = "STICK"
    rig = bpy.data.objects.new(f"{head.name} rig", armature)
    rig.show_in_front = True
    collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    _add_bones(armature, head)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def _add_bones(armature: bpy.types.Armature, head: Head) -> None:
    joints = to_blender(head.joints)
    for name, parent, joint, length in zip(BONE_NAMES, JOINT_PARENTS, joints, _bone_lengths(head), strict=True):
        bone = armature.edit_bones.new(name)
        axes = Matrix(TO_BLENDER @ BONE_AXES[name])
        bone.head = Vector(joint)
        bone.tail = bone.head + axes.col[1] * length
        bone.align_roll(axes.col[2])
        bone.use_connect = False
        if parent >= 0:
            bone.parent = armature.edit_bones[BONE_NAMES[parent]]


def _bone_lengths(head: Head) -> list[float]:
    """Metres: the root reaches up to the neck, the neck to the eyes' height, jaw and eyes a little out of the face."""
    joints = head.joints.astype(float)
    front = float(head.vertices[:, 2].max())
    return [
        max(_MINIMUM_LENGTH, joints[1, 1] - joints[0, 1]),
        max(_MINIMUM_LENGTH, joints[3:, 1].mean() - joints[1, 1]),
        *(max(_MINIMUM_LENGTH, front - z) for z in joints[2:, 2]),
    ]
