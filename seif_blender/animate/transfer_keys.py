"""Transfer Keys to Object: an artist's teeth, beard or glasses follow the head's shape keys.

Each vertex of the object hangs on the nearest point of the head's neutral mesh, and moves as that point does. The
object's keys have the head's names and are driven by the head's.

Convention: places in the space of the head's mesh object, metres. Worked number: a vertex 2 mm before the middle of a
triangle whose corners a key moves by 3, 3 and 6 mm down moves 4 mm down with that key, and stays 2 mm before it.
"""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.

import bpy
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from mathutils.interpolate import poly_3d_calc

from ..build.drivers import follow_key
from .lookup import FoundHead, find_head, require_head

_STILL = 1e-5
"""Metres: a key that moves no vertex of the object by more is left out."""


class SEIF_OT_transfer_keys(bpy.types.Operator):
    """Give the selected meshes the head's shape keys, driven by the head's, so that they follow its face."""

    bl_idname = "seif.transfer_keys"
    bl_label = "Transfer Keys to Object"
    bl_description = (
        "Give the selected meshes the shape keys of the active head, driven by the head's, so that they follow its face"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With an active head and another mesh selected, in object mode."""
        head = find_head(context)
        if head is None or context.mode != "OBJECT":
            cls.poll_message_set("Select the meshes first and the head last, in Object Mode")
            return False
        if not _others(context, head):
            cls.poll_message_set("Select the meshes that are to follow, too, the head last")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Transfer to all of them."""
        head = require_head(context)
        others = _others(context, head)
        counts = [transfer_keys(head, other) for other in others]
        self.report({"INFO"}, f"{max(counts)} keys on {len(others)} object{'s' if len(others) > 1 else ''}")
        return {"FINISHED"}


def _others(context: bpy.types.Context, head: FoundHead) -> list[bpy.types.Object]:
    """Selected meshes of the artist's own, which belong to no head."""
    own = {head.mesh, head.rig, *head.rig.children_recursive}
    return [ob for ob in context.selected_objects if ob.type == "MESH" and ob not in own and ob.library is None]


def transfer_keys(head: FoundHead, target: bpy.types.Object) -> int:
    """Give a mesh object the head's keys; those of the same name are made anew.

    Args:
        head: the head, whose neutral mesh lies where the object was modelled on it.
        target: the mesh object.

    Returns:
        How many keys move it.
    """
    keys = head.mesh.data.shape_keys
    if keys is None or not target.data.vertices:
        return 0
    into_head = head.mesh.matrix_world.inverted() @ target.matrix_world
    back = into_head.to_3x3().inverted()
    basis = [point.co.copy() for point in keys.reference_key.points]
    hangs = _bound(head.mesh, basis, [into_head @ vertex.co for vertex in target.data.vertices])
    if target.data.shape_keys is None:
        target.shape_key_add(name="Basis", from_mix=False)
    own = target.data.shape_keys
    assert own is not None  # noqa: S101 - the basis was just added; narrows the type
    rest = [point.co.copy() for point in own.reference_key.points]
    made = 0
    for key in keys.key_blocks[1:]:
        points = key.points
        moves = [back @ sum((weight * (points[v].co - basis[v]) for v, weight in hang), Vector()) for hang in hangs]
        earlier = own.key_blocks.get(key.name)
        if earlier is not None:
            target.shape_key_remove(earlier)
        if max(move.length for move in moves) < _STILL:
            continue
        _add(target, key, [co + move for co, move in zip(rest, moves, strict=True)])
        made += 1
    return made


def _bound(mesh_object: bpy.types.Object, basis: list[Vector], places: list[Vector]) -> list[list[tuple[int, float]]]:
    """For each place the vertices of the head that it hangs on, with their weights."""
    mesh = mesh_object.data
    mesh.calc_loop_triangles()
    corners = [tuple(triangle.vertices) for triangle in mesh.loop_triangles]
    tree = BVHTree.FromPolygons(basis, corners)
    hangs = []
    for place in places:
        near, _, index, _ = tree.find_nearest(place)
        chosen = corners[index]
        hangs.append(list(zip(chosen, poly_3d_calc([basis[v] for v in chosen], near), strict=True)))
    return hangs


def _add(target: bpy.types.Object, key: bpy.types.ShapeKey, places: list[Vector]) -> None:
    """Add a key of these places to an object, driven by the head's key."""
    added = target.shape_key_add(name=key.name, from_mix=False)
    added.slider_min, added.slider_max = key.slider_min, key.slider_max
    added.points.foreach_set("co", [number for place in places for number in place])
    follow_key(added, key)


CLASSES = (SEIF_OT_transfer_keys,)
