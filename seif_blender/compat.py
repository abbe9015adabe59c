"""Every difference between the supported releases of Blender (4.2 LTS and later), each with its release."""

from __future__ import annotations

import array
from pathlib import Path
from typing import Any

import bpy


def enable_nodes(block: bpy.types.Material | bpy.types.World) -> None:
    """Give a material or world a node tree; from Blender 5.0 it always has one and `use_nodes` is deprecated.

    Source: https://developer.blender.org/docs/release_notes/5.0/python_api/
    """
    if bpy.app.version < (5, 0, 0):
        block.use_nodes = True


def others_are_modal(context: bpy.types.Context, own: bpy.types.Operator) -> bool:
    """Whether the artist is in the middle of another modal operator (a grab, a stroke), which must not be disturbed.

    Source: `Window.modal_operators`, https://developer.blender.org/docs/release_notes/4.2/python_api/; where it is
    missing, nothing is known and nothing is waited for.
    """
    running = getattr(context.window, "modal_operators", None) or ()
    disturbed = {"TRANSFORM_OT_", "SCULPT_OT_", "PAINT_OT_", "MESH_OT_", "VIEW3D_OT_", "GPENCIL_OT_", "ANIM_OT_"}
    return any(m.bl_idname != own.bl_idname and m.bl_idname.startswith(tuple(disturbed)) for m in running)


def hair_nodes_file() -> Path | None:
    """Blender's own library of hair node groups; None where this build has none (some distributions leave it out).

    Source: `bpy_extras`' Quick Fur (scripts/startup/bl_operators/object_quick_effects.py), which reads
    datafiles/assets/geometry_nodes/ up to 4.5 and datafiles/assets/nodes/ from 5.0 on.
    """
    folder = "nodes" if bpy.app.version >= (5, 0, 0) else "geometry_nodes"
    data = bpy.utils.system_resource("DATAFILES")
    file = Path(data) / "assets" / folder / "procedural_hair_node_assets.blend"
    return file if data and file.is_file() else None


def set_node_input(modifier: bpy.types.NodesModifier, name: str, value: object) -> bool:
    """Set an input of a geometry nodes modifier by its name; False where its group has no such input.

    From 5.2 on inputs are properties of their own, before that custom properties of the modifier.
    Source: Quick Fur as above, in 4.2 and in 5.2.
    """
    wanted = _socket_of(value)
    for identifier in _inputs(modifier, name, wanted):
        if bpy.app.version >= (5, 2, 0):
            getattr(modifier.properties.inputs, identifier).value = value
        else:
            modifier[identifier] = value
        return True
    return False


def set_node_attribute(modifier: bpy.types.NodesModifier, name: str, attribute: str) -> bool:
    """Let an input of a geometry nodes modifier read a named attribute; False where its group has no such input.

    Source: as in `set_node_input`.
    """
    for identifier in _inputs(modifier, name, None):
        if bpy.app.version >= (5, 2, 0):
            chosen = getattr(modifier.properties.inputs, identifier)
            chosen.type = "ATTRIBUTE"
            chosen.attribute_name = attribute
        else:
            modifier[f"{identifier}_use_attribute"] = True
            modifier[f"{identifier}_attribute_name"] = attribute
        return True
    return False


def _inputs(modifier: bpy.types.NodesModifier, name: str, socket: str | None) -> list[str]:
    """Identifiers of the group's inputs of that name, of the kind of socket where one is given."""
    return [
        item.identifier
        for item in modifier.node_group.interface.items_tree
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.name == name
        if socket is None or item.socket_type == socket
    ]


def _socket_of(value: object) -> str:
    for kind, socket in ((bool, "NodeSocketBool"), (int, "NodeSocketInt"), (float, "NodeSocketFloat")):
        if isinstance(value, kind):
            return socket
    return "NodeSocketObject"


def new_action(name: str, users: list[bpy.types.ID]) -> list[Any]:
    """A new action that animates the data-blocks, and for each of them the collection of its F-curves.

    From Blender 4.4 on it is one action with a slot for each data-block; before, an action belongs to one kind of
    data-block, so each gets its own. Source: https://developer.blender.org/docs/release_notes/4.4/python_api/, "Slotted
    Actions".
    """
    if bpy.app.version >= (4, 4, 0):
        return _slotted_action(name, users)
    found = []
    for user in users:
        action = bpy.data.actions.new(name)
        _animation_data(user).action = action
        found.append(action.fcurves)
    return found


def _slotted_action(name: str, users: list[bpy.types.ID]) -> list[Any]:
    action, found = bpy.data.actions.new(name), []
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    for user in users:
        slot = action.slots.new(id_type=user.id_type, name=user.name)
        data = _animation_data(user)
        data.action = action
        data.action_slot = slot
        found.append(strip.channelbag(slot, ensure=True).fcurves)
    return found


def _animation_data(user: bpy.types.ID) -> bpy.types.AnimData:
    return user.animation_data or user.animation_data_create()


def save_copy_of_image(image: bpy.types.Image, target: Path) -> None:
    """Write an image's pixels in its format, leaving the image as it is: dirty, generated, with its own path.

    Where `Image.save` knows no `save_copy` (4.2), another image takes the pixels and is saved.

    Raises:
        RuntimeError: it cannot be written.
    """
    if "save_copy" in image.bl_rna.functions["save"].parameters:
        image.save(filepath=str(target), save_copy=True)
        return
    if not image.has_data and not len(image.pixels):
        raise RuntimeError(f"{image.name} has no pixels")
    pixels = array.array("f", bytes(4 * len(image.pixels)))
    image.pixels.foreach_get(pixels)
    other = bpy.data.images.new(image.name, *image.size, float_buffer=image.is_float)
    try:
        other.colorspace_settings.name = image.colorspace_settings.name
        other.pixels.foreach_set(pixels)
        other.file_format, other.filepath_raw = image.file_format, str(target)
        other.save()
    finally:
        bpy.data.images.remove(other)


def paste_clipboard_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """The picture on the clipboard as a new image, None where there is none or this system's Blender cannot tell.

    `bpy.ops.image.clipboard_paste` exists in all supported releases; in some its poll wants an image editor, so an area
    becomes one for a moment in all. Source: `image_clipboard_paste_poll` in editors/space_image/image_ops.cc, which is
    found without and with the test "Image Editor not found"; with which release it came was not found out.
    """
    if context.area is None:
        return None
    before, kind = set(bpy.data.images), context.area.ui_type
    try:
        context.area.ui_type = "IMAGE_EDITOR"
        with context.temp_override(area=context.area, region=context.area.regions[-1]):
            if bpy.ops.image.clipboard_paste.poll():
                bpy.ops.image.clipboard_paste()
    finally:
        context.area.ui_type = kind
    return next((image for image in bpy.data.images if image not in before), None)
