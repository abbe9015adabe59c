"""Names that the built objects carry, and by which the add-on finds them again."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

BONE_NAMES: Final = ("root", "neck", "jaw", "eye.L", "eye.R")
"""Bones in the order of the library's joints, with Blender's side suffixes, so that poses can be mirrored."""

BASIS: Final = "Basis"
PHOTO_EXPRESSION_KEY: Final = "photoExpression"
PHOTO_EXPRESSION_PROPERTY: Final = "photo_expression"
"""Custom property of the rig that drives the key: one slider that survives a library override."""

EMOTION_PREFIX: Final = "emotion_"
"""What the keys of emotions begin with, and the custom properties of the rig that drive them."""

LOOK_AT: Final = "Look At"
"""Name of the eye bones' constraints that follow the look-at target, and the end of the target's name."""

REGION_PREFIX: Final = "region."
"""Vertex groups of regions are set apart from those of bones: both have a ``neck``."""

FORMAT_PROPERTY: Final = "seif_format_version"
"""Custom property that marks rig and mesh as a head of this add-on."""

SMOOTH: Final = "Smooth Outline"
"""Name of the modifier that subdivides the head's mesh in views and renders; exports and prints go without it."""

SMOOTH_PROPERTY: Final = "smooth_outline"
"""Custom property of the rig that switches it."""

HAIR_GROUP: Final = REGION_PREFIX + "hair"
"""Vertex group of the skin on which the guides stand: the density mask of strands between them."""

HAIR_PROPERTY: Final = "hair"
"""Custom property of the rig that chooses which hair is shown: the value of a `HairForm`."""

HAIR_FORM_PROPERTY: Final = "seif_hair"
"""Custom property that marks the objects of a head's hair: the value of their `HairForm`."""

PHOTO_LIGHT_PROPERTY: Final = "photo_light"
"""Custom property of the rig, and by a driver of the mesh object, that brings the photo's light back."""


class HairForm(IntEnum):
    """What hair may be shown as."""

    SHELL = 0
    STRANDS = 1
    CARDS = 2
    NONE = 3


HAIR_OBJECTS: Final = {HairForm.SHELL: "Hair", HairForm.STRANDS: "Hair Guides", HairForm.CARDS: "Hair Cards"}
"""What each form's object is called after the head's name."""

STRIPS_PROPERTY: Final = "seif_card_strips"
WIDTH_PROPERTY: Final = "seif_card_width"
CARDS_MATERIAL_PROPERTY: Final = "seif_card_material"
"""Custom properties of the guides from which cards are made: see `blueprint.StrandsPlan`."""

MISSING_PROPERTY: Final = "seif_missing_nodes"
"""Custom property of the guides: names of the node groups that the Blender that made them lacked."""

CONFIDENCE_LAYER: Final = "seif_confidence"
"""Colour layer of the head's mesh: how far each vertex' colour is guessed (red), seen (green), mirrored (blue)."""

LOD_PROPERTY: Final = "seif_lod"
"""Custom property that marks the objects of a head's levels of detail: the number of their level, from 1."""

LOD_HAIR_PROPERTY: Final = "seif_lod_hair"
"""Custom property of a level's hair: the value of its `HairForm`."""
