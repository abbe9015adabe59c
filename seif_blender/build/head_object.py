"""A head becomes objects of the current scene: the same code in the add-on and on the command line."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from mathutils import Vector

from .blueprint import Blueprint, CameraPlan
from .drivers import add_drivers
from .hair_object import build_hair
from .kept_photo import keep_photo
from .materials import build_materials, packed_image
from .mesh import add_vertex_groups, build_mesh
from .names import HairForm
from .photo_camera import build_photo_camera
from .photo_light import add_light_slider
from .provenance import write_provenance
from .rig import bind, build_rig
from .settings import BuildSettings
from .shape_keys import add_shape_keys
from .smooth_outline import add_smooth_outline

if TYPE_CHECKING:  # numpy comes with it, which this module does without
    from ..core import Head


@dataclass(frozen=True)
class BuiltHead:
    """The objects of a head.

    Attributes:
        mesh: the mesh object, a child of the rig.
        rig: the armature object.
        camera: the photo's camera, or None.
        hair: objects of the hair layer by their form; empty for a head without one.
    """

    mesh: bpy.types.Object
    rig: bpy.types.Object
    camera: bpy.types.Object | None
    hair: dict[HairForm, bpy.types.Object]


def build_head(
    head: Head,
    *,
    photo: Path | None = None,
    location: tuple[float, float, float] = (0.0, 0.0, 0.0),
    settings: BuildSettings | None = None,
) -> BuiltHead:
    """Plan a head and build it; see `build_blueprint`."""
    from .plan.draw_up import draw_up

    settings = settings or BuildSettings()
    return build_blueprint(draw_up(head, settings), photo=photo, location=location, settings=settings)


def build_blueprint(
    blueprint: Blueprint,
    *,
    photo: Path | None = None,
    location: tuple[float, float, float] = (0.0, 0.0, 0.0),
    settings: BuildSettings | None = None,
) -> BuiltHead:
    """Build mesh, rig, keys, drivers, materials, hair and the photo's camera in a collection of their own.

    Args:
        blueprint: what to build.
        photo: the upright photo in the pixels of the photo's camera, kept with the head and shown behind its camera;
            None for none.
        location: metres, where the head's origin comes to stand.
        settings: choices, by default `BuildSettings()`.

    Returns:
        The objects; mesh and rig are selected, the mesh is active, Blender is in object mode.

    Raises:
        OSError: the photo cannot be read.
    """
    steps = build_steps(blueprint, photo=photo, location=location, settings=settings)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def build_steps(
    blueprint: Blueprint,
    *,
    photo: Path | None = None,
    location: tuple[float, float, float] = (0.0, 0.0, 0.0),
    settings: BuildSettings | None = None,
) -> Generator[None, None, BuiltHead]:
    """`build_blueprint` in pieces, each short enough for one frame: it yields between them and returns the objects.

    Nothing may undo, redo or load a file between two pieces.
    """
    settings, name = settings or BuildSettings(), blueprint.name
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    collection = bpy.data.collections.new(name)
    bpy.context.scene.collection.children.link(collection)
    rig = build_rig(name, blueprint.bones, collection)
    mesh_object = bpy.data.objects.new(name, build_mesh(name, blueprint.mesh))
    collection.objects.link(mesh_object)
    for material in build_materials(name, blueprint):
        mesh_object.data.materials.append(material)
    yield
    add_vertex_groups(mesh_object, blueprint.groups)
    add_shape_keys(mesh_object, blueprint.keys)
    bind(mesh_object, rig)
    add_drivers(mesh_object, rig, blueprint)
    if blueprint.light:
        add_light_slider(mesh_object, rig)
    yield
    hair = {} if blueprint.hair is None else build_hair(name, blueprint.hair, mesh_object, rig, collection)
    if settings.smooth:
        add_smooth_outline(mesh_object, rig)
    yield
    if settings.scene_render_size:
        _set_render_size(blueprint.camera)
    image = None if photo is None else packed_image(f"{name} photo{photo.suffix}", photo.read_bytes())
    if image is not None:
        keep_photo(rig, image)
    camera = build_photo_camera(name, blueprint.camera, image, rig, collection) if settings.photo_camera else None
    if bpy.context.scene.camera is None:
        bpy.context.scene.camera = camera
    rig.location = Vector(location)
    for block in (mesh_object, rig):
        write_provenance(block, blueprint.origin)
    _select(mesh_object, rig)
    return BuiltHead(mesh_object, rig, camera, hair)


def _set_render_size(plan: CameraPlan) -> None:
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = plan.width, plan.height
    render.resolution_percentage = 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0


def _select(mesh_object: bpy.types.Object, rig: bpy.types.Object) -> None:
    layer = bpy.context.view_layer
    for other in list(layer.objects.selected):
        other.select_set(state=False)
    for chosen in (rig, mesh_object):
        chosen.select_set(state=True)
    layer.objects.active = mesh_object
