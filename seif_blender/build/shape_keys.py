"""Shape keys."""

from __future__ import annotations

import bpy

from .blueprint import KeyPlan
from .names import BASIS


def add_shape_keys(mesh_object: bpy.types.Object, keys: tuple[KeyPlan, ...]) -> None:
    """Add the basis and all keys at value 0 (new keys of Blender 5.0 and later start at 1)."""
    mesh_object.shape_key_add(name=BASIS, from_mix=False)
    for plan in keys:
        key = mesh_object.shape_key_add(name=plan.name, from_mix=False)
        key.value = 0.0
        key.slider_min, key.slider_max = plan.low, plan.high
        key.points.foreach_set("co", plan.points)
    mesh_object.active_shape_key_index = 0
