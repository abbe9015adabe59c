"""Make Hair Cards: ribbons along the guides as they are now."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy
from mathutils import Vector
from mathutils.kdtree import KDTree

from ..animate.lookup import FoundHead, find_head, require_head
from ..build.hair_cards import DEFAULT_WIDTH, WHOLE_TEXTURE, Weights, cards_along
from ..build.hair_object import build_skinned
from ..build.hair_switch import add_switch, follow_switch, show
from ..build.names import (
    BONE_NAMES,
    CARDS_MATERIAL_PROPERTY,
    HAIR_OBJECTS,
    STRIPS_PROPERTY,
    WIDTH_PROPERTY,
    HairForm,
)
from .lookup import hair_objects


class SEIF_OT_make_hair_cards(bpy.types.Operator):
    """Make ribbons along the hair guides as they are now, groomed or not, in place of the hair cards."""

    bl_idname = "seif.make_hair_cards"
    bl_label = "Make Hair Cards"
    bl_description = "Make ribbons along the hair guides as they are now, groomed or not, in place of the hair cards"
    bl_options = {"REGISTER", "UNDO"}

    count: bpy.props.IntProperty(
        name="Cards", description="How many cards are made; guides are skipped evenly", default=200, min=1, soft_max=400
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active that has guides and is not linked."""
        head = find_head(context)
        if head is None or HairForm.STRANDS not in hair_objects(head):
            cls.poll_message_set("Select a head that has hair guides")
            return False
        if head.rig.library is not None or head.rig.override_library is not None:
            cls.poll_message_set("This head is linked from another file; make its cards there")
            return False
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave the guides' mode first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the cards and show them."""
        head = require_head(context)
        hair = hair_objects(head)
        guides = hair[HairForm.STRANDS]
        strands = _strands(guides, head.mesh)
        if not strands:
            self.report({"ERROR"}, "The guides have no strand of two points; nothing was made")
            return {"CANCELLED"}
        chosen = [strands[i * len(strands) // self.count] for i in range(min(self.count, len(strands)))]
        if len(strands) <= self.count:
            chosen = strands
        width = guides.get(WIDTH_PROPERTY, 0.0) or DEFAULT_WIDTH
        plan = cards_along(chosen, _middle(head), width, _strips(guides), _weights_of(head, hair))
        name = guides.name.removesuffix(HAIR_OBJECTS[HairForm.STRANDS]).strip() or head.mesh.name
        _remove(hair.get(HairForm.CARDS))
        collection = guides.users_collection[0]
        material = guides[CARDS_MATERIAL_PROPERTY]
        cards = build_skinned(f"{name} {HAIR_OBJECTS[HairForm.CARDS]}", plan, material, head.rig, collection)
        follow_switch(cards, head.rig, HairForm.CARDS)
        add_switch(head.rig, {*hair, HairForm.CARDS}, HairForm.CARDS)
        show(head.rig, HairForm.CARDS)
        self.report({"INFO"}, f"{len(chosen)} hair cards made")
        return {"FINISHED"}


def _strands(guides: bpy.types.Object, mesh_object: bpy.types.Object) -> list[list[Vector]]:
    """Points of the guides as groomed, in the axes of the head, without modifiers."""
    if guides.parent == mesh_object:  # matrices of hidden objects are those of when they were shown
        to_head = guides.matrix_parent_inverse @ guides.matrix_basis
    else:
        to_head = mesh_object.matrix_world.inverted() @ guides.matrix_world
    found = [[to_head @ point.position for point in curve.points] for curve in guides.data.curves]
    return [strand for strand in found if len(strand) > 1]


def _middle(head: FoundHead) -> Vector:
    """Where the eyes' height meets the neck's upright line: the middle of the skull, in the axes of the head."""
    bones = head.rig.data.bones
    neck, eye = bones[BONE_NAMES[1]].head_local, bones[BONE_NAMES[3]].head_local
    return Vector((neck.x, neck.y, eye.z))


def _strips(guides: bpy.types.Object) -> list[list[float]]:
    flat = list(guides.get(STRIPS_PROPERTY, ()))
    return [flat[i : i + 4] for i in range(0, len(flat), 4)] or [list(WHOLE_TEXTURE)]


class _WeightsOf:
    """Bones' weights at a point: those of the nearest vertex of the shell, or of the head where there is no shell."""

    def __init__(self, source: bpy.types.Object) -> None:
        self._source = source
        self._names = {group.index: group.name for group in source.vertex_groups if group.name in BONE_NAMES}
        self._tree = KDTree(len(source.data.vertices))
        for vertex in source.data.vertices:
            self._tree.insert(vertex.co, vertex.index)
        self._tree.balance()

    def __call__(self, point: Vector) -> Weights:
        """The bones and their weights."""
        vertex = self._source.data.vertices[self._tree.find(point)[1]]
        return [(self._names[g.group], g.weight) for g in vertex.groups if g.group in self._names and g.weight > 0]


def _weights_of(head: FoundHead, hair: dict[HairForm, bpy.types.Object]) -> _WeightsOf:
    return _WeightsOf(hair.get(HairForm.SHELL, head.mesh))


def _remove(cards: bpy.types.Object | None) -> None:
    """Remove the earlier cards; their material stays."""
    if cards is None:
        return
    mesh = cards.data
    bpy.data.objects.remove(cards)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)


CLASSES = (SEIF_OT_make_hair_cards,)
