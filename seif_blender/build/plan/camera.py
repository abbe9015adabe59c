"""The photo camera's plan: where it stands, so that the head with the photo's expression covers itself in the photo.

Convention: the library's camera looks along -Z with Y up, as Blender's does in its own axes, so the camera's place in
the head's axes is the inverse of the head's pose, carried to Blender's axes from the left only. Worked number: a head
that looks straight into the camera from 1 m away has its camera at Blender's (0, -1, 0), turned by 90 degrees about X.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import Head, joint_transforms
from ..blueprint import CameraPlan
from .axes import TO_BLENDER

_HEAD_JOINT: Final = 1
"""The neck: its transform holds the whole rotation of the head."""


def camera_from_head(head: Head) -> np.ndarray:
    """(4, 4) metres: the neutral head's points to camera space, in the library's axes."""
    transform = joint_transforms(head.joints.astype(float), head.photo_pose.astype(float))[_HEAD_JOINT]
    transform[:3, 3] += head.photo_translation
    return transform


def plan_camera(head: Head) -> CameraPlan:
    """Place and lens of the photo's camera."""
    head_from_camera = np.linalg.inv(camera_from_head(head))
    head_from_camera[:3] = TO_BLENDER @ head_from_camera[:3]
    seen = head.photo_camera
    matrix = tuple(float(x) for x in head_from_camera.ravel())
    return CameraPlan(matrix, float(seen.focal), float(seen.cx), float(seen.cy), int(seen.width), int(seen.height))
