"""Names shared by all head models: joints, surface parts, regions.

Source of the joints: FLAME (Li et al., SIGGRAPH Asia 2017, https://flame.is.tue.mpg.de), same order.
"""

from __future__ import annotations

from typing import Final

JOINT_NAMES: Final = ("root", "neck", "jaw", "eye_left", "eye_right")
"""FLAME's joints in FLAME's order; left is the subject's left (+X)."""

JOINT_PARENTS: Final = (-1, 0, 1, 1, 1)
"""Parent of each joint; -1 is none."""

PART_NAMES: Final = (
    "skin",
    "eye_left",
    "eye_right",
    "teeth_upper",
    "teeth_lower",
    "tongue",
    "lashes",
)
"""Surface parts: every face of a model belongs to exactly one; `face_part` holds indices into this tuple."""

REGION_NAMES: Final = (
    "face",
    "scalp",
    "ears",
    "neck",
    "lips",
    "lids",
    "eyeballs",
    "mouth_interior",
)
"""Vertex masks every model carries; they may overlap (lips and lids lie in the face)."""
