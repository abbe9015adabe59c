"""Taking a head out of the file: its objects, what only they use, the collections that held nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable

import bpy

from ..build.kept_photo import backgrounds, kept_photo


def remove_head(rig: bpy.types.Object) -> None:
    """Remove a head's objects, what only they use, and the collections that held only them.

    Args:
        rig: its armature object.
    """
    collections = list(rig.users_collection)
    objects = [*rig.children_recursive, rig]
    materials = {slot.material for ob in objects for slot in ob.material_slots if slot.material is not None}
    images = {node.image for material in materials for node in _image_nodes(material)}
    images |= _photos(rig)
    shapes = shape_objects(rig)
    collections += [c for shape in shapes for c in shape.users_collection if c not in collections]
    bpy.data.batch_remove([*_with_data(objects)])
    bpy.data.batch_remove([*_with_data([shape for shape in shapes if not _is_worn(shape)])])
    bpy.data.batch_remove([material for material in materials if material.users == 0])
    bpy.data.batch_remove([image for image in images if image.users == 0])
    for collection in reversed(collections):  # those of the bones' shapes lie in the head's
        if collection in bpy.data.collections.values() and not collection.all_objects and not collection.children:
            bpy.data.collections.remove(collection)


def shape_objects(rig: bpy.types.Object) -> list[bpy.types.Object]:
    """What a rig's bones are shown as."""
    return list({bone.custom_shape: None for bone in rig.pose.bones if bone.custom_shape is not None})


def _is_worn(shape: bpy.types.Object) -> bool:
    """Whether a bone of another rig is shown as that."""
    return any(shape in shape_objects(ob) for ob in bpy.data.objects if ob.type == "ARMATURE")


def drop_counters(rig: bpy.types.Object) -> None:
    """Give a head's blocks their names without Blender's ``.001`` where nothing else has those any more.

    Args:
        rig: its armature object.
    """
    objects = [rig, *rig.children_recursive, *shape_objects(rig)]
    materials = [slot.material for ob in objects for slot in ob.material_slots if slot.material is not None]
    images = [node.image for material in materials for node in _image_nodes(material)] + [*_photos(rig)]
    for kind, blocks in (
        (bpy.data.objects, objects),
        (bpy.data.collections, [*rig.users_collection, *(c for o in shape_objects(rig) for c in o.users_collection)]),
        (bpy.data.meshes, _data_of(objects, "MESH")),
        (bpy.data.armatures, _data_of(objects, "ARMATURE")),
        (bpy.data.cameras, _data_of(objects, "CAMERA")),
        (bpy.data.hair_curves, _data_of(objects, "CURVES")),
        (bpy.data.materials, materials),
        (bpy.data.images, images),
    ):
        for block in blocks:
            plain = re.sub(r"\.\d{3,}$", "", block.name)
            if plain not in kind:
                block.name = plain


def _photos(rig: bpy.types.Object) -> set[bpy.types.Image]:
    kept = kept_photo(rig)
    return {*backgrounds(rig), *(() if kept is None else (kept,))}


def _data_of(objects: Iterable[bpy.types.Object], kind: str) -> list[bpy.types.ID]:
    return [ob.data for ob in objects if ob.type == kind and ob.data is not None]


def _image_nodes(material: bpy.types.Material) -> list[bpy.types.ShaderNodeTexImage]:
    tree = material.node_tree
    nodes = [] if tree is None else [node for node in tree.nodes if node.type == "TEX_IMAGE"]
    return [node for node in nodes if node.image is not None]


def _with_data(objects: Iterable[bpy.types.Object]) -> list[bpy.types.ID]:
    """The objects and what only they use."""
    found: list[bpy.types.ID] = []
    for ob in objects:
        found.append(ob)
        if ob.data is not None and ob.data.users == 1:
            found.append(ob.data)
    return found
