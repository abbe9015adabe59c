"""Drivers: pose correctives follow bones (see `plan.correctives`), pairs of keys the keys, the photo's a slider."""

from __future__ import annotations

import bpy

from .blueprint import Blueprint, DriverPlan, ProductPlan


def add_drivers(mesh_object: bpy.types.Object, rig: bpy.types.Object, blueprint: Blueprint) -> None:
    """Drive correctives by bones, pairs of keys by the keys, photo and emotions by the rig's custom properties."""
    keys = mesh_object.data.shape_keys.key_blocks
    for plan in blueprint.drivers:
        _drive_corrective(keys[plan.key], rig, plan)
    for product in blueprint.products:
        _drive_product(mesh_object.data.shape_keys, rig, product)
    for slider in blueprint.sliders:
        add_slider(rig, slider.property, slider.description)
        follow_slider(keys[slider.key].driver_add("value").driver, rig, slider.property)


def _drive_corrective(key: bpy.types.ShapeKey, rig: bpy.types.Object, plan: DriverPlan) -> None:
    driver = key.driver_add("value").driver
    driver.type = "SCRIPTED"
    _add_turns(driver, rig, plan.bone, plan.expression)
    _set_expression(driver, plan.expression)


def _add_turns(driver: bpy.types.Driver, rig: bpy.types.Object, bone: str, expression: str) -> None:
    """The entries of a bone's quaternion that an expression names."""
    for letter in "wxyz":
        if letter not in expression:
            continue
        variable = driver.variables.new()
        variable.name = letter
        variable.type = "TRANSFORMS"
        target = variable.targets[0]
        target.id = rig
        target.bone_target = bone
        target.rotation_mode = "QUATERNION"
        target.transform_type = f"ROT_{letter.upper()}"
        target.transform_space = "LOCAL_SPACE"


def _drive_product(shapes: bpy.types.Key, rig: bpy.types.Object, plan: ProductPlan) -> None:
    """Let a key follow two others' values."""
    driver = shapes.key_blocks[plan.key].driver_add("value").driver
    driver.type = "SCRIPTED"
    for letter, name in (("a", plan.first), ("b", plan.second)):
        variable = driver.variables.new()
        variable.name = letter
        variable.type = "SINGLE_PROP"
        variable.targets[0].id_type = "KEY"
        variable.targets[0].id = shapes
        variable.targets[0].data_path = f'key_blocks["{name}"].value'
    if plan.bone:
        _add_turns(driver, rig, plan.bone, plan.expression)
    _set_expression(driver, plan.expression)


def _set_expression(driver: bpy.types.Driver, expression: str) -> None:
    driver.expression = expression
    if not driver.is_simple_expression:
        raise AssertionError(f"'{expression}' would need Python drivers, which do not run everywhere")


def add_slider(rig: bpy.types.Object, name: str, description: str) -> None:
    """Give the rig a custom property from 0 to 1, at 0, that may be changed in library overrides."""
    rig[name] = 0.0
    rig.update_tag()  # Blender's evaluated rig lacks the property until then, and gives up drivers that ask for it
    limits = {"min": 0.0, "max": 1.0, "soft_min": 0.0, "soft_max": 1.0, "default": 0.0}
    rig.id_properties_ui(name).update(**limits, description=description)
    rig.property_overridable_library_set(f'["{name}"]', True)  # noqa: FBT003 - Blender takes no keyword here


def follow_key(key: bpy.types.ShapeKey, source: bpy.types.ShapeKey) -> None:
    """Let a key have the value of another mesh's key."""
    driver = key.driver_add("value").driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.targets[0].id_type = "KEY"
    variable.targets[0].id = source.id_data
    variable.targets[0].data_path = f'key_blocks["{bpy.utils.escape_identifier(source.name)}"].value'


def follow_slider(driver: bpy.types.Driver, rig: bpy.types.Object, name: str) -> None:
    """Let a driver have the value of the rig's custom property."""
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.name = "amount"
    variable.type = "SINGLE_PROP"
    variable.targets[0].id = rig
    variable.targets[0].data_path = f'["{name}"]'
