"""A head in the scene made ready for an engine, and put back as it was afterwards.

Bones and keys get the preset's names (Blender carries vertex groups, drivers and actions along), the materials' base
colour comes straight from the texture (exporters follow no mix nodes), and the hair's form of the preset is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import bpy

from ..animate.lookup import FoundHead
from ..build.hair_switch import show
from ..build.names import BONE_NAMES, HAIR_PROPERTY, HairForm
from ..core import EnginePreset, canonical, spelled
from ..hair.lookup import hair_objects
from ..lods.lookup import lod_objects

_PASSING = "seif passing "
"""Before a bone's new name while others still have their old ones."""


def exported_objects(head: FoundHead, preset: EnginePreset, level: int = 0) -> list[bpy.types.Object]:
    """Rig, mesh and the mesh of `hair_form` at a level."""
    mesh, hair = head.mesh, hair_objects(head)
    if level:
        found = lod_objects(head)[level]
        mesh, hair = found.mesh or head.mesh, found.hair
    form = hair_form(head, preset)
    return [head.rig, mesh] + ([hair[form]] if form in hair else [])


def hair_form(head: FoundHead, preset: EnginePreset) -> HairForm:
    """The hair that a file gets: the preset's, and cards also where the artist shows cards.

    The shell stands in for cards that are not there.
    """
    if preset.hair == "none":
        return HairForm.NONE
    shown, there = head.rig.get(HAIR_PROPERTY), hair_objects(head)
    cards = HairForm.CARDS in there and (preset.hair == "cards" or shown == HairForm.CARDS)
    return HairForm.CARDS if cards else HairForm.SHELL if HairForm.SHELL in there else HairForm.NONE


@contextmanager
def prepared(head: FoundHead, preset: EnginePreset, levels: Sequence[int] = (0,)) -> Iterator[list[bpy.types.Object]]:
    """The objects to export, selected; the scene is as before when the block ends.

    Args:
        head: the head.
        preset: how it is written.
        levels: of detail; where there are several, their meshes end in ``_LOD0`` and so on.
    """
    parts = {level: exported_objects(head, preset, level) for level in levels}
    objects = list(dict.fromkeys(ob for found in parts.values() for ob in found))
    with ExitStack() as undo:
        _show_hair(undo, head, objects)
        _unhide(undo, objects)
        _select(undo, objects)
        _rename_bones(undo, head.rig, preset.bones)
        for ob in objects:
            if ob.type == "MESH":
                _rename_keys(undo, ob, preset.spelling)
        if len(parts) > 1:
            _number_levels(undo, head.mesh.name, parts)
        for ob in objects:
            for material in (slot.material for slot in ob.material_slots if slot.material is not None):
                _straight_colour(undo, material)
                _prepare_pictures(undo, material, preset.texture_size)
        bpy.context.view_layer.update()
        yield objects


def _show_hair(undo: ExitStack, head: FoundHead, objects: list[bpy.types.Object]) -> None:
    if HAIR_PROPERTY not in head.rig:
        return
    before = HairForm(head.rig[HAIR_PROPERTY])
    undo.callback(show, head.rig, before)
    forms = {ob: form for form, ob in hair_objects(head).items()}
    show(head.rig, next((forms[ob] for ob in objects if ob in forms), HairForm.NONE))
    bpy.context.view_layer.update()


def _unhide(undo: ExitStack, objects: list[bpy.types.Object]) -> None:
    """Levels of detail are hidden, and what is hidden cannot be selected."""
    for ob in objects:
        if ob.hide_viewport:
            undo.callback(_hide, ob)
            ob.hide_viewport = False
    bpy.context.view_layer.update()


def _hide(ob: bpy.types.Object) -> None:
    ob.hide_viewport = True


def _number_levels(undo: ExitStack, name: str, parts: dict[int, list[bpy.types.Object]]) -> None:
    """Names by which engines know levels of detail."""
    for level, objects in parts.items():
        for ob, kind in zip(objects[1:], ("", "_Hair"), strict=False):
            undo.callback(_rename, ob, ob.name)
            ob.name = f"{name}{kind}_LOD{level}"


def _select(undo: ExitStack, objects: list[bpy.types.Object]) -> None:
    layer = bpy.context.view_layer
    before, active = list(layer.objects.selected), layer.objects.active

    def restore() -> None:
        for ob in list(layer.objects.selected):
            ob.select_set(state=False)
        for ob in before:
            ob.select_set(state=True)
        layer.objects.active = active

    undo.callback(restore)
    for ob in before:
        ob.select_set(state=False)
    for ob in objects:
        hidden = ob.hide_get()
        ob.hide_set(state=False)
        undo.callback(ob.hide_set, state=hidden)
        ob.select_set(state=True)
    layer.objects.active = objects[0]


def _rename_bones(undo: ExitStack, rig: bpy.types.Object, names: tuple[str, ...]) -> None:
    """In two steps, there and back: a new name may differ from another bone's old one in its letters' case alone."""
    bones = [(rig.data.bones.get(old), old, new) for old, new in zip(BONE_NAMES, names, strict=True) if old != new]
    found = [(bone, old, new) for bone, old, new in bones if bone is not None]
    for bone, old, _ in found:
        undo.callback(_rename, bone, old)
    for bone, _, new in found:
        undo.callback(_rename, bone, f"{_PASSING}{new}")
        bone.name = f"{_PASSING}{new}"
    for bone, _, new in found:
        bone.name = new


def _rename(block: bpy.types.Bone | bpy.types.ShapeKey | bpy.types.ID, name: str) -> None:
    block.name = name


def _rename_keys(undo: ExitStack, mesh: bpy.types.Object, spelling: str) -> None:
    keys = mesh.data.shape_keys
    for key in keys.key_blocks if keys is not None else ():
        wanted = spelled(canonical(key.name), spelling)
        if wanted != key.name:
            undo.callback(_rename, key, key.name)
            key.name = wanted


def _straight_colour(undo: ExitStack, material: bpy.types.Material) -> None:
    """Let the picture that the base colour is mixed from feed it directly."""
    tree = material.node_tree
    shader = next((node for node in tree.nodes if node.type == "BSDF_PRINCIPLED"), None) if tree else None
    colour = shader.inputs["Base Color"] if shader is not None else None
    if colour is None or not colour.is_linked or colour.links[0].from_node.type != "MIX":
        return
    source = colour.links[0].from_socket
    feeds = [socket.links[0].from_socket for socket in source.node.inputs if socket.name == "A" and socket.is_linked]
    picture = next((feed for feed in feeds if feed.node.type == "TEX_IMAGE"), None)
    if picture is None:
        return
    tree.links.new(picture, colour)
    undo.callback(lambda: tree.links.new(source, colour))


def _prepare_pictures(undo: ExitStack, material: bpy.types.Material, most: int) -> None:
    """Pictures of the preset's size, under file names with a suffix.

    A packed picture has none, and FBX makes one of the block's name with its dots replaced, which engines do not read.
    """
    for node in material.node_tree.nodes if material.node_tree else ():
        image = node.image if node.type == "TEX_IMAGE" else None
        if image is None:
            continue
        if most and max(image.size) > most:
            image = _smaller(undo, node, image, most)
        elif image.packed_file is not None and not image.filepath_raw:
            undo.callback(setattr, image, "filepath_raw", "")
            image.filepath_raw = "//" + "_".join(image.name.split())


def _smaller(undo: ExitStack, node: bpy.types.Node, image: bpy.types.Image, most: int) -> bpy.types.Image:
    """Let a node show a copy of its picture whose longer side has so many pixels."""
    small = image.copy()
    undo.callback(bpy.data.images.remove, small)
    undo.callback(setattr, node, "image", image)
    small.scale(*(max(1, round(side * most / max(image.size))) for side in image.size))
    node.image = small
    return small
