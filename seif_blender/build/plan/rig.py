"""The armature's plan: root, neck, jaw and the eyes.

Convention: root and neck point up, jaw and eyes point forwards (Blender's -Y), roll 0, so that a bone's local X axis
is the head's X: rotating the jaw about its X by +11.5 degrees opens the mouth, as the library's pose[2] = (0.2, 0, 0)
does. `BONE_AXES` holds, for each bone, the matrix whose columns are its local axes in the library's axes. Worked
number: the jaw's local Y axis is the library's (0, 0, 1), its local Z axis the library's (0, -1, 0).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import JOINT_PARENTS, Head
from ..blueprint import BonePlan
from ..names import BONE_NAMES
from .arrays import floats
from .axes import TO_BLENDER, to_blender
from .bone_outlines import bone_outlines

_UP: Final = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
_FORWARD: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
BONE_AXES: Final = {"root": _UP, "neck": _UP, "jaw": _FORWARD, "eye.L": _FORWARD, "eye.R": _FORWARD}
"""Columns: the bone's local X, Y, Z axes in the library's axes. Signed permutations, so drivers stay short."""

_MINIMUM_LENGTH: Final = 0.02
"""Metres of the shortest bone: one of length zero is removed by Blender. Chosen: a length that is seen."""


def plan_bones(head: Head) -> tuple[BonePlan, ...]:
    """The bones at the head's joints."""
    joints = head.joints.astype(float) @ TO_BLENDER.T
    plans, outlines = [], bone_outlines(head)
    for name, parent, joint, length in zip(BONE_NAMES, JOINT_PARENTS, joints, _bone_lengths(head), strict=True):
        axes = TO_BLENDER @ BONE_AXES[name]
        parent_name = BONE_NAMES[parent] if parent >= 0 else ""
        tail = joint + axes[:, 1] * length
        outline = floats(to_blender(outlines[name]))
        plans.append(BonePlan(name, parent_name, tuple(joint), tuple(tail), tuple(axes[:, 2]), outline))
    return tuple(plans)


def _bone_lengths(head: Head) -> list[float]:
    """Metres: the root reaches up to the neck, the neck to the eyes' height, jaw and eyes a little out of the face."""
    joints = head.joints.astype(float)
    front = float(head.vertices[:, 2].max())
    return [
        max(_MINIMUM_LENGTH, joints[1, 1] - joints[0, 1]),
        max(_MINIMUM_LENGTH, joints[3:, 1].mean() - joints[1, 1]),
        *(max(_MINIMUM_LENGTH, front - z) for z in joints[2:, 2]),
    ]
