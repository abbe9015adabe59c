"""A picture of a head for the asset browser, rendered in a scene of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import bpy
from mathutils import Vector

from ..animate.lookup import FoundHead

_SIZE: Final = 256
"""Pixels, as the asset browser shows them."""

_MARGIN: Final = 1.12
"""How much wider than the head the picture is."""

_TURN: Final = 0.35
"""Radians that the camera stands to the head's side: a three-quarter view. By eye."""
_ABOVE: Final = 0.05
"""How far the camera stands above the head, against how far before it. By eye."""

_DISTANCE: Final = 1.5
"""Metres from the head to the camera: the whole head with some air. By eye."""


def set_preview(block: bpy.types.ID, head: FoundHead) -> None:
    """Give a data-block the head's picture.

    Raises:
        RuntimeError: Blender cannot render here.
    """
    with tempfile.TemporaryDirectory(prefix="seif-") as folder:
        picture = Path(folder) / "preview.png"
        _render(head, picture)
        with bpy.context.temp_override(id=block):
            bpy.ops.ed.lib_id_load_custom_preview(filepath=str(picture))


def _render(head: FoundHead, picture: Path) -> None:
    scene = bpy.data.scenes.new("SeIF preview")
    data = bpy.data.cameras.new(scene.name)
    camera = bpy.data.objects.new(scene.name, data)
    try:
        scene.collection.children.link(head.rig.users_collection[0])
        scene.collection.objects.link(camera)
        _place(camera, head)
        scene.camera = camera
        render = scene.render
        render.engine = "BLENDER_WORKBENCH"
        render.resolution_x = render.resolution_y = _SIZE
        render.film_transparent = True
        render.filepath = str(picture)
        render.image_settings.file_format = "PNG"
        render.image_settings.color_mode = "RGBA"
        scene.display.shading.light = "STUDIO"
        scene.display.shading.color_type = "TEXTURE"
        scene.view_settings.view_transform = "Standard"
        bpy.ops.render.render(write_still=True, scene=scene.name)
        if not picture.is_file():
            raise RuntimeError("Blender has rendered no picture")
    finally:
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)
        bpy.data.scenes.remove(scene)


def _place(camera: bpy.types.Object, head: FoundHead) -> None:
    """Before the face, so that the skull fills the picture; hair sticks out by less than the margin."""
    world = head.mesh.matrix_world
    corners = [world @ Vector(corner) for corner in head.mesh.bound_box]
    size = max(max(c[k] for c in corners) - min(c[k] for c in corners) for k in (0, 2))
    middle = sum(corners, Vector()) / len(corners)
    direction = world.to_3x3().normalized() @ Vector((_TURN, -1.0, _ABOVE)).normalized()
    camera.location = middle + direction * _DISTANCE
    camera.rotation_euler = direction.to_track_quat("Z", "Y").to_euler()
    camera.data.type, camera.data.ortho_scale = "ORTHO", size * _MARGIN
