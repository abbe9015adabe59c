"""The objects of a head's hair."""

from __future__ import annotations

import bpy

from ..animate.lookup import FoundHead
from ..build.names import HAIR_FORM_PROPERTY, MISSING_PROPERTY, HairForm


def hair_objects(head: FoundHead) -> dict[HairForm, bpy.types.Object]:
    """The objects by their form; what the artist deleted is missing."""
    children = [*head.rig.children, *head.mesh.children]
    return {HairForm(ob[HAIR_FORM_PROPERTY]): ob for ob in children if HAIR_FORM_PROPERTY in ob}


def missing_nodes(guides: bpy.types.Object) -> str:
    """A sentence on the node groups that the Blender that made the guides lacked; empty if it had all."""
    names = list(guides.get(MISSING_PROPERTY, ()))
    if not names:
        return ""
    return f"This Blender's library lacks {', '.join(names)}; the strands are shown without what they add"
