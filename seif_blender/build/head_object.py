"""A `Head` becomes objects of the current scene: the same code in the add-on and on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
from mathutils import Vector

from ..core import Head
from .drivers import add_drivers
from .materials import build_materials, material_of_part
from .mesh import add_vertex_groups, build_mesh
from .photo_camera import build_photo_camera
from .provenance import write_provenance
from .rig import build_rig
from .settings import BuildSettings
from .shape_keys import add_shape_keys


@dataclass(frozen=True)
class BuiltHead:
    """The objects of a head.

    Attributes:
        mesh: the mesh object, a child of the rig.
        rig: the armature object.
        camera: the photo's camera, or None.
    """

    mesh: bpy.types.Object
    rig: bpy.types.Object
    camera: bpy.types.Object | None


def build_head(
    head: Head,
    *,
    photo: Path | None = None,
    location: tuple[float, float, float] = (0.0, 0.0, 0.0),
    settings: BuildSettings | None = None,
) -> BuiltHead:
    """Build mesh, rig, keys, drivers, materials and the photo's camera in a collection of their own.

    Args:
        head: the head.
        photo: the upright photo in the pixels of `head.photo_camera`, for the camera's background; None for none.
        location: metres, where the head's origin comes to stand.
        settings: choices, by default `BuildSettings()`.

    Returns:
        The objects; mesh and rig are selected, the mesh is active, Blender is in object mode.

    Raises:
        OSError: the photo cannot be read.
    """
    settings = settings or BuildSettings()
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    collection = bpy.data.collections.new(head.name)
    bpy.context.scene.collection.children.link(collection)
    rig = build_rig(head, collection)
    mesh_object = bpy.data.objects.new(head.name, build_mesh(head, material_of_part()))
    collection.objects.link(mesh_object)
    for material in build_materials(head):
        mesh_object.data.materials.append(material)
    add_vertex_groups(mesh_object, head)
    add_shape_keys(mesh_object, head, settings)
    _bind(mesh_object, rig)
    add_drivers(mesh_object, rig, head)
    if settings.scene_render_size:
        _set_render_size(head)
    camera = build_photo_camera(head, photo, rig, collection) if settings.photo_camera else None
    rig.location = Vector(location)
    for block in (mesh_object, rig):
        write_provenance(block, head)
    _select(mesh_object, rig)
    return BuiltHead(mesh_object, rig, camera)


def _bind(mesh_object: bpy.types.Object, rig: bpy.types.Object) -> None:
    mesh_object.parent = rig
    modifier = mesh_object.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig
    modifier.use_vertex_groups = True
    modifier.use_bone_envelopes = False
    modifier.use_deform_preserve_volume = False


def _set_render_size(head: Head) -> None:
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = head.photo_camera.width, head.photo_camera.height
    render.resolution_percentage = 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0


def _select(mesh_object: bpy.types.Object, rig: bpy.types.Object) -> None:
    layer = bpy.context.view_layer
    for other in list(layer.objects.selected):
        other.select_set(state=False)
    for chosen in (rig, mesh_object):
        chosen.select_set(state=True)
    layer.objects.active = mesh_object
