"""Drivers: pose correctives follow their bone (see `plan.correctives`), the photo's expression the rig's slider."""

from __future__ import annotations

import bpy

from .blueprint import DriverPlan, SliderPlan


def add_drivers(
    mesh_object: bpy.types.Object,
    rig: bpy.types.Object,
    drivers: tuple[DriverPlan, ...],
    sliders: tuple[SliderPlan, ...],
) -> None:
    """Drive the correctives by the bones, the photo's expression and the emotions by the rig's custom properties."""
    keys = mesh_object.data.shape_keys.key_blocks
    for plan in drivers:
        _drive_corrective(keys[plan.key], rig, plan)
    for slider in sliders:
        add_slider(rig, slider.property, slider.description)
        follow_slider(keys[slider.key].driver_add("value").driver, rig, slider.property)


def _drive_corrective(key: bpy.types.ShapeKey, rig: bpy.types.Object, plan: DriverPlan) -> None:
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    for letter in "wxyz":
        if letter not in plan.expression:
            continue
        variable = driver.variables.new()
        variable.name = letter
        variable.type = "TRANSFORMS"
        target = variable.targets[0]
        target.id = rig
        target.bone_target = plan.bone
        target.rotation_mode = "QUATERNION"
        target.transform_type = f"ROT_{letter.upper()}"
        target.transform_space = "LOCAL_SPACE"
    driver.expression = plan.expression
    if not driver.is_simple_expression:
        raise AssertionError(f"'{plan.expression}' would need Python drivers, which do not run everywhere")


def add_slider(rig: bpy.types.Object, name: str, description: str) -> None:
    """Give the rig a custom property from 0 to 1, at 0, that may be changed in library overrides."""
    rig[name] = 0.0
    limits = {"min": 0.0, "max": 1.0, "soft_min": 0.0, "soft_max": 1.0, "default": 0.0}
    rig.id_properties_ui(name).update(**limits, description=description)
    rig.property_overridable_library_set(f'["{name}"]', True)  # noqa: FBT003 - Blender takes no keyword here


def follow_slider(driver: bpy.types.Driver, rig: bpy.types.Object, name: str) -> None:
    """Let a driver have the value of the rig's custom property."""
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.name = "amount"
    variable.type = "SINGLE_PROP"
    variable.targets[0].id = rig
    variable.targets[0].data_path = f'["{name}"]'
