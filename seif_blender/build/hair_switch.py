"""The switch that shows one form of a head's hair: a custom property of the rig, and drivers that hide the others.

Simple drivers run in every file, with the add-on or without, and in library overrides.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from .names import HAIR_FORM_PROPERTY, HAIR_PROPERTY, HairForm

_LABELS = {
    HairForm.SHELL: ("Shell", "One closed surface with the photo's strands as its texture"),
    HairForm.STRANDS: ("Strands", "Hair curves that grow on the head, to be groomed and rendered"),
    HairForm.CARDS: ("Cards", "Ribbons of strands, for engines"),
    HairForm.NONE: ("None", "The bald head"),
}


def add_switch(rig: bpy.types.Object, forms: Iterable[HairForm], shown: HairForm) -> None:
    """Give the rig the property, with the forms that the head has and none, or exchange its forms for these.

    Args:
        rig: the armature object.
        forms: what there are objects for.
        shown: what is shown.
    """
    offered = [*sorted(set(forms) - {HairForm.NONE}), HairForm.NONE]
    rig[HAIR_PROPERTY] = int(shown)
    rig.update_tag()  # or the drivers below find no property and are given up
    rig.id_properties_ui(HAIR_PROPERTY).update(
        min=0,
        max=max(HairForm),
        default=int(min(offered)),
        description="Which hair is shown and rendered",
        items=[(form.name, *_LABELS[form], 0, int(form)) for form in offered],
    )
    rig.property_overridable_library_set(f'["{HAIR_PROPERTY}"]', True)  # noqa: FBT003 - Blender takes no keyword here


def follow_switch(ob: bpy.types.Object, rig: bpy.types.Object, form: HairForm) -> None:
    """Mark an object as that form of the rig's hair, and hide it from view and render while another is chosen."""
    ob[HAIR_FORM_PROPERTY] = int(form)
    for channel in ("hide_viewport", "hide_render"):
        ob.driver_remove(channel)
        driver = ob.driver_add(channel).driver
        driver.type = "SCRIPTED"
        variable = driver.variables.new()
        variable.name = "shown"
        variable.type = "SINGLE_PROP"
        variable.targets[0].id = rig
        variable.targets[0].data_path = f'["{HAIR_PROPERTY}"]'
        driver.expression = f"shown != {int(form)}"
        if not driver.is_simple_expression:
            raise AssertionError(f"'{driver.expression}' would need Python drivers, which do not run everywhere")


def show(rig: bpy.types.Object, form: HairForm) -> None:
    """Choose what is shown."""
    rig[HAIR_PROPERTY] = int(form)
    rig.update_tag()
