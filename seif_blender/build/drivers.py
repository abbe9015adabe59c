"""Drivers: pose correctives follow their bone, the photo's expression follows the rig's slider.

Convention: FLAME's pose feature of a joint is ``R - I`` with R in the library's axes. The bone's rotation comes as a
unit quaternion (w, x, y, z) in the bone's own axes, as Blender evaluates it with constraints and whatever rotation
mode, and ``R = A R_bone A^T`` with A the bone's axes (`rig.BONE_AXES`), a signed permutation: each entry of R is plus
or minus one entry of R_bone. Worked number: the jaw turned by 0.2 about X has w = 0.99500, x = 0.09983; entry (2, 2)
of R - I is -2 (x x) = -0.01993 = cos 0.2 - 1, and entry (3, 2) is +sin 0.2 = 0.19867, which is entry (3, 2) of R_bone
with y and z exchanged and the sign turned.
"""

from __future__ import annotations

from typing import Final

import bpy
import numpy as np

from ..core import Head
from .names import PHOTO_EXPRESSION_KEY, PHOTO_EXPRESSION_PROPERTY
from .rig import BONE_AXES
from .shape_keys import PoseCorrective, pose_correctives

_ENTRIES: Final = (
    ("-2*(y*y+z*z)", "2*(x*y-w*z)", "2*(x*z+w*y)"),
    ("2*(x*y+w*z)", "-2*(x*x+z*z)", "2*(y*z-w*x)"),
    ("2*(x*z-w*y)", "2*(y*z+w*x)", "-2*(x*x+y*y)"),
)
"""Entries of ``R - I`` of a unit quaternion (Shoemake, Animating rotation with quaternion curves, 1985)."""


def corrective_expression(corrective: PoseCorrective) -> str:
    """Blender's simple expression in w, x, y, z for the corrective's entry."""
    axes = BONE_AXES[corrective.bone]
    i, j = (int(np.flatnonzero(axes[k])[0]) for k in (corrective.row, corrective.column))
    sign = axes[corrective.row, i] * axes[corrective.column, j]
    return _ENTRIES[i][j] if sign > 0 else f"-({_ENTRIES[i][j]})"


def add_drivers(mesh_object: bpy.types.Object, rig: bpy.types.Object, head: Head) -> None:
    """Drive the correctives by the bones and the photo's expression by the rig's custom property."""
    keys = mesh_object.data.shape_keys.key_blocks
    for corrective in pose_correctives(head):
        _drive_corrective(keys[corrective.key_name], rig, corrective)
    _drive_photo_expression(keys[PHOTO_EXPRESSION_KEY], rig)


def _drive_corrective(key: bpy.types.ShapeKey, rig: bpy.types.Object, corrective: PoseCorrective) -> None:
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    expression = corrective_expression(corrective)
    for letter in "wxyz":
        if letter not in expression:
            continue
        variable = driver.variables.new()
        variable.name = letter
        variable.type = "TRANSFORMS"
        target = variable.targets[0]
        target.id = rig
        target.bone_target = corrective.bone
        target.rotation_mode = "QUATERNION"
        target.transform_type = f"ROT_{letter.upper()}"
        target.transform_space = "LOCAL_SPACE"
    driver.expression = expression
    if not driver.is_simple_expression:
        raise AssertionError(f"'{expression}' would need Python drivers, which do not run everywhere")


def _drive_photo_expression(key: bpy.types.ShapeKey, rig: bpy.types.Object) -> None:
    rig[PHOTO_EXPRESSION_PROPERTY] = 0.0
    rig.id_properties_ui(PHOTO_EXPRESSION_PROPERTY).update(
        min=0.0,
        max=1.0,
        soft_min=0.0,
        soft_max=1.0,
        default=0.0,
        description="How much of the photo's expression the head wears: 0 is neutral, 1 the photo",
    )
    path = f'["{PHOTO_EXPRESSION_PROPERTY}"]'
    rig.property_overridable_library_set(path, True)  # noqa: FBT003
    driver = key.driver_add("value").driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.name = "amount"
    variable.type = "SINGLE_PROP"
    variable.targets[0].id = rig
    variable.targets[0].data_path = path
