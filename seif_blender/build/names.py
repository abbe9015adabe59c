"""Names that the built objects carry, and by which the add-on finds them again."""

from __future__ import annotations

from typing import Final

BONE_NAMES: Final = ("root", "neck", "jaw", "eye.L", "eye.R")
"""Bones in the order of the library's joints, with Blender's side suffixes, so that poses can be mirrored."""

BASIS: Final = "Basis"
PHOTO_EXPRESSION_KEY: Final = "photoExpression"
PHOTO_EXPRESSION_PROPERTY: Final = "photo_expression"
"""Custom property of the rig that drives the key: one slider that survives a library override."""

REGION_PREFIX: Final = "region."
"""Vertex groups of regions are set apart from those of bones: both have a ``neck``."""

FORMAT_PROPERTY: Final = "seif_format_version"
"""Custom property that marks rig and mesh as a head of this add-on."""
