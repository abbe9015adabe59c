"""Which head the artist means: from any of its objects to its mesh, rig and camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ..build.names import EMOTION_PREFIX, FORMAT_PROPERTY, PHOTO_EXPRESSION_PROPERTY


@dataclass(frozen=True)
class FoundHead:
    """A head in the scene.

    Attributes:
        mesh: the mesh object.
        rig: the armature object.
        camera: the photo's camera, or None.
    """

    mesh: bpy.types.Object
    rig: bpy.types.Object
    camera: bpy.types.Object | None

    @property
    def expression_keys(self) -> list[bpy.types.ShapeKey]:
        """Shape keys that the artist moves: neither the basis nor driven ones."""
        keys = self.mesh.data.shape_keys
        if keys is None:
            return []
        animation = keys.animation_data
        driven = {curve.data_path for curve in animation.drivers} if animation is not None else set()
        return [key for key in keys.key_blocks[1:] if f"{key.path_from_id()}.value" not in driven]

    @property
    def sliders(self) -> list[str]:
        """Custom properties of the rig that move the expression."""
        return [PHOTO_EXPRESSION_PROPERTY, *emotion_sliders(self.rig)]


def emotion_sliders(rig: bpy.types.Object) -> list[str]:
    """Custom properties of the rig that drive emotions; none where the head was made without them."""
    return [name for name in rig.keys() if name.startswith(EMOTION_PREFIX)]  # noqa: SIM118 - no dictionary


def needs_head(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether a head is active; explains the disabled button where none is."""
    if find_head(context) is None:
        cls.poll_message_set("Select a head that was made from a photo")
        return False
    return True


def needs_head_in_object_mode(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """The same, for what works in object mode alone."""
    if not needs_head(cls, context):
        return False
    if context.mode != "OBJECT":
        cls.poll_message_set("Leave the edit mode first")
        return False
    return True


def find_head(context: bpy.types.Context) -> FoundHead | None:
    """The head that the active object belongs to, None when it belongs to none."""
    return None if context.active_object is None else _head_around(context.active_object)


def head_of(name: str) -> FoundHead | None:
    """The head that the object of that name belongs to, None where there is neither."""
    ob = bpy.data.objects.get(name)
    return None if ob is None else _head_around(ob)


def _head_around(active: bpy.types.Object) -> FoundHead | None:
    rig = next((ob for ob in _ancestry(active) if _is_rig(ob)), None)
    if rig is None:
        return None
    mesh = next((ob for ob in rig.children if ob.type == "MESH" and FORMAT_PROPERTY in ob), None)
    camera = next((ob for ob in rig.children if ob.type == "CAMERA"), None)
    return FoundHead(mesh, rig, camera) if mesh is not None else None


def require_head(context: bpy.types.Context) -> FoundHead:
    """The head that the active object belongs to, after `poll` has made sure that there is one."""
    head = find_head(context)
    if head is None:
        raise LookupError("no head is active")
    return head


def _ancestry(ob: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """The object, its parent, and so on: guides hang on the mesh, the mesh on the rig."""
    above: bpy.types.Object | None = ob
    while above is not None:
        yield above
        above = above.parent


def _is_rig(candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE" and FORMAT_PROPERTY in candidate and PHOTO_EXPRESSION_PROPERTY in candidate
