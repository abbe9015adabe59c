"""The photo's camera object: lens, shift, background image; see `plan.camera` for its place.

Convention: the principal point becomes shift, which Blender counts in units of the fitted side, positive to the right
and upwards for the picture's window, so a principal point right of the middle is a negative `shift_x`. Worked number:
f = 1000 px on 500 px of width is a lens of 72 mm on the 36 mm sensor; cx = 260 there gives
shift_x = (250 - 260) / 500 = -0.02.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Final

import bpy
from mathutils import Matrix

from .blueprint import CameraPlan

_SENSOR_MM: Final = 36.0
"""Width of the camera's sensor in millimetres, Blender's own default; the focal length goes with it, so that it changes
nothing that is seen."""
_SHOWN: Final = 0.02
_NEAREST: Final = 0.01
"""Metres of the camera as it is drawn, and before it from which things are shown. Chosen by eye."""
_INTRINSICS: Final = "seif_intrinsics"
"""Custom property of the camera object: focal length, principal point and size of the photo, pixels."""


def build_photo_camera(
    name: str,
    plan: CameraPlan,
    photo: bpy.types.Image | None,
    rig: bpy.types.Object,
    collection: bpy.types.Collection,
) -> bpy.types.Object:
    """Make the camera, a child of the rig object, with the photo as background image where there is one.

    Args:
        name: of the head.
        plan: place and lens.
        photo: the upright photo in the plan's pixels, or None.
        rig: the armature object; the camera follows the object, not its bones.
        collection: where the camera is linked.
    """
    data = bpy.data.cameras.new(f"{name} photo camera")
    camera = bpy.data.objects.new(data.name, data)
    collection.objects.link(camera)
    set_lens(data, plan, bpy.context.scene)
    camera[_INTRINSICS] = [float(value) for value in astuple(replace(plan, matrix=()))[1:]]
    camera.parent = rig
    camera.matrix_local = Matrix([plan.matrix[i : i + 4] for i in (0, 4, 8, 12)])
    data.display_size = _SHOWN
    data.clip_start = _NEAREST
    if photo is not None:
        _add_background(data, photo)
    return camera


def set_lens(data: bpy.types.Camera, plan: CameraPlan, scene: bpy.types.Scene) -> None:
    """Set lens, sensor and shift so that the photo, fitted into the frame of any render size, lines up.

    The background image is fitted into the frame: by its height where the frame is wider than the photo, else by its
    width; the same side sets the lens.
    """
    render = scene.render
    frame = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    by_height = frame > plan.width / plan.height
    side = plan.height if by_height else plan.width
    data.type = "PERSP"
    data.sensor_fit = "VERTICAL" if by_height else "HORIZONTAL"
    data.sensor_width = data.sensor_height = _SENSOR_MM
    data.lens = plan.focal * _SENSOR_MM / side
    data.shift_x = (plan.width / 2 - plan.cx) / side
    data.shift_y = (plan.cy - plan.height / 2) / side


def refit_lens(camera: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Set lens and shift of a photo's camera again, after the render size has changed."""
    focal, cx, cy, width, height = camera[_INTRINSICS]
    set_lens(camera.data, CameraPlan((), focal, cx, cy, int(width), int(height)), scene)


def _add_background(data: bpy.types.Camera, image: bpy.types.Image) -> None:
    data.show_background_images = True
    background = data.background_images.new()
    background.image = image
    background.frame_method = "FIT"
    background.display_depth = "BACK"
    background.alpha = 1.0
