"""A level of subdivision for the eye alone: outlines are round, while mesh, keys, exports and prints stay as they are.

Hair curves would stand crooked on it: Blender turns them by the normals of the mesh that it shows. So the outline is
smooth by a switch of the rig, only while no strands are shown, by a driver without Python. The texture's coordinates
are not smoothed, for the texture was made on the mesh's straight triangles.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import bpy

from .names import HAIR_PROPERTY, SMOOTH, SMOOTH_PROPERTY, HairForm

_LEVELS: Final = 1
"""Of views and renders: edges of 4 mm become 2 mm, less than a pixel's angle where the head fills a screen. By eye."""


def add_smooth_outline(mesh_object: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Add the modifier, last, so that bones and keys move the mesh before it is subdivided, and its switch, on.

    Args:
        mesh_object: the head's mesh object.
        rig: the armature object, with the switch of the hair where there is hair.
    """
    modifier = mesh_object.modifiers.new(SMOOTH, "SUBSURF")
    modifier.levels = modifier.render_levels = _LEVELS
    modifier.quality, modifier.use_limit_surface = _LEVELS, False  # a quarter less time, and no rounder to the eye
    modifier.uv_smooth = "NONE"
    modifier.show_only_control_edges = True
    modifier.show_in_editmode = False
    rig[SMOOTH_PROPERTY] = True
    rig.update_tag()  # or the drivers below find no property and are given up
    rig.id_properties_ui(SMOOTH_PROPERTY).update(
        default=True, description="Round the outline in views and renders, while no strands are shown; slower"
    )
    rig.property_overridable_library_set(f'["{SMOOTH_PROPERTY}"]', True)  # noqa: FBT003 - Blender takes no keyword here
    for channel in ("show_viewport", "show_render"):
        _follow_switch(modifier.driver_add(channel).driver, rig)


def _follow_switch(driver: bpy.types.Driver, rig: bpy.types.Object) -> None:
    driver.type = "SCRIPTED"
    names = {"smooth": SMOOTH_PROPERTY} | ({"hair": HAIR_PROPERTY} if HAIR_PROPERTY in rig else {})
    for name, source in names.items():
        variable = driver.variables.new()
        variable.name = name
        variable.targets[0].id = rig
        variable.targets[0].data_path = f'["{source}"]'
    driver.expression = "smooth" if "hair" not in names else f"smooth if hair != {int(HairForm.STRANDS)} else 0"
    if not driver.is_simple_expression:
        raise AssertionError(f"'{driver.expression}' would need Python drivers, which do not run everywhere")


@contextmanager
def without_smooth_outline(rig: bpy.types.Object) -> Iterator[None]:
    """The head's mesh as it is exported, while the block runs."""
    before = rig.get(SMOOTH_PROPERTY)
    if before is not None:
        _switch(rig, on=False)
    try:
        yield
    finally:
        if before is not None:
            _switch(rig, on=bool(before))


def _switch(rig: bpy.types.Object, *, on: bool) -> None:
    rig[SMOOTH_PROPERTY] = on
    rig.update_tag()
    bpy.context.view_layer.update()
