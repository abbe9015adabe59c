"""The photo's camera, placed so that the head with the photo's expression covers itself in the photo.

Convention: the library's camera looks along -Z with Y up, as Blender's does in its own axes, so a camera at the
library's origin of camera space has the rotation and place ``head_from_camera``: the inverse of the head's pose.
The principal point becomes shift: Blender counts it in units of the fitted side, to the right and upwards positive
for the picture's window, so a principal point right of the middle is a negative `shift_x`. Worked number: f = 1000 px
on 500 px of width is a lens of 72 mm on the 36 mm sensor; cx = 260 there gives shift_x = (250 - 260) / 500 = -0.02.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from ..core import Camera, Head, joint_transforms
from .axes import TO_BLENDER
from .materials import packed_image

_SENSOR_MM = 36.0
_INTRINSICS = "seif_intrinsics"
"""Custom property of the camera object: focal length, principal point and size of the photo, pixels."""

_HEAD_JOINT = 1
"""The neck: its transform holds the whole rotation of the head."""


def camera_from_head(head: Head) -> np.ndarray:
    """(4, 4) metres: the neutral head's points to camera space, in the library's axes."""
    transform = joint_transforms(head.joints.astype(float), head.photo_pose.astype(float))[_HEAD_JOINT]
    transform[:3, 3] += head.photo_translation
    return transform


def camera_matrix(head: Head) -> np.ndarray:
    """(4, 4) metres: Blender's camera object in the axes of the built head object."""
    head_from_camera = np.linalg.inv(camera_from_head(head))
    matrix = np.eye(4)
    matrix[:3, :3] = TO_BLENDER @ head_from_camera[:3, :3]
    matrix[:3, 3] = TO_BLENDER @ head_from_camera[:3, 3]
    return matrix


def build_photo_camera(
    head: Head, photo: Path | None, rig: bpy.types.Object, collection: bpy.types.Collection
) -> bpy.types.Object:
    """Make the camera, a child of the rig object, with the photo as background image where there is one.

    Args:
        head: the head.
        photo: the upright photo in the pixels of `head.photo_camera`, or None.
        rig: the armature object; the camera follows the object, not its bones.
        collection: where the camera is linked.
    """
    data = bpy.data.cameras.new(f"{head.name} photo camera")
    camera = bpy.data.objects.new(data.name, data)
    collection.objects.link(camera)
    set_lens(data, head.photo_camera, bpy.context.scene)
    seen = head.photo_camera
    camera[_INTRINSICS] = [seen.focal, seen.cx, seen.cy, float(seen.width), float(seen.height)]
    camera.parent = rig
    camera.matrix_local = Matrix(camera_matrix(head))
    data.display_size = 0.05
    data.clip_start = 0.01
    if photo is not None:
        _add_background(data, photo)
    return camera


def set_lens(data: bpy.types.Camera, camera: Camera, scene: bpy.types.Scene) -> None:
    """Set lens, sensor and shift so that the photo, fitted into the frame of any render size, lines up.

    The background image is fitted into the frame: by its height where the frame is wider than the photo, else by its
    width; the same side sets the lens.
    """
    render = scene.render
    frame = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    by_height = frame > camera.width / camera.height
    side = camera.height if by_height else camera.width
    data.type = "PERSP"
    data.sensor_fit = "VERTICAL" if by_height else "HORIZONTAL"
    data.sensor_width = data.sensor_height = _SENSOR_MM
    data.lens = camera.focal * _SENSOR_MM / side
    data.shift_x = (camera.width / 2 - camera.cx) / side
    data.shift_y = (camera.cy - camera.height / 2) / side


def refit_lens(camera: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Set lens and shift of a photo's camera again, after the render size has changed."""
    focal, cx, cy, width, height = camera[_INTRINSICS]
    set_lens(camera.data, Camera(focal, cx, cy, int(width), int(height)), scene)


def _add_background(data: bpy.types.Camera, photo: Path) -> None:
    image = packed_image(photo.name, photo.read_bytes())
    data.show_background_images = True
    background = data.background_images.new()
    background.image = image
    background.frame_method = "FIT"
    background.display_depth = "BACK"
    background.alpha = 1.0
