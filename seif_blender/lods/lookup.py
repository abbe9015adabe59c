"""The levels of detail that a head has in the scene."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy

from ..animate.lookup import FoundHead
from ..build.names import LOD_HAIR_PROPERTY, LOD_PROPERTY, HairForm


@dataclass
class LevelObjects:
    """A level in the scene.

    Attributes:
        mesh: the head; None where the artist deleted it.
        hair: its hair by form.
    """

    mesh: bpy.types.Object | None = None
    hair: dict[HairForm, bpy.types.Object] = field(default_factory=dict)


def lod_objects(head: FoundHead) -> dict[int, LevelObjects]:
    """The levels that a head has, by their number."""
    found: dict[int, LevelObjects] = {}
    for ob in head.rig.children:
        if LOD_PROPERTY in ob:
            level = found.setdefault(int(ob[LOD_PROPERTY]), LevelObjects())
            if LOD_HAIR_PROPERTY in ob:
                level.hair[HairForm(ob[LOD_HAIR_PROPERTY])] = ob
            else:
                level.mesh = ob
    return dict(sorted(found.items()))
