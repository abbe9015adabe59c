"""A head built in pieces, as the panel does, with Blender looking at the scene between them."""

from __future__ import annotations

import bpy
import pytest
from sample_hair import with_hair
from sample_head import sample_head

from seif_blender.build.hair_switch import show
from seif_blender.build.head_object import BuiltHead, build_steps
from seif_blender.build.names import PHOTO_EXPRESSION_KEY, PHOTO_EXPRESSION_PROPERTY, HairForm
from seif_blender.build.plan.draw_up import draw_up
from seif_blender.build.settings import BuildSettings


def test_until_a_head_is_whole_what_was_active_and_selected_stays_so():
    """The half-made rig was active between two pieces: panels drew a head that had no mesh yet."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    cube = bpy.data.objects.new("Cube", None)
    bpy.context.scene.collection.objects.link(cube)
    cube.select_set(state=True)
    bpy.context.view_layer.objects.active = cube
    seen = []
    steps = build_steps(draw_up(with_hair(sample_head()), BuildSettings()), settings=BuildSettings())
    try:
        while True:
            next(steps)
            seen.append((bpy.context.view_layer.objects.active, list(bpy.context.selected_objects)))
    except StopIteration as done:
        made = done.value
    assert len(seen) >= 3
    assert all(active == cube and chosen == [cube] for active, chosen in seen)
    assert bpy.context.view_layer.objects.active == made.mesh
    assert set(bpy.context.selected_objects) == {made.mesh, made.rig}


@pytest.fixture
def built() -> BuiltHead:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    settings = BuildSettings("arkit,emotions")
    steps = build_steps(draw_up(with_hair(sample_head()), settings), settings=settings)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            bpy.context.view_layer.update()
            return done.value
        bpy.context.view_layer.update()


def test_switches_and_sliders_of_a_head_built_in_pieces_are_alive(built):
    """Blender gave up drivers for good that were evaluated before it had seen the rig's new properties."""
    shapes = built.mesh.data.shape_keys
    owners = (shapes, built.mesh, *built.hair.values())
    dead = [curve.data_path for owner in owners for curve in owner.animation_data.drivers if not curve.driver.is_valid]
    assert dead == []
    built.rig[PHOTO_EXPRESSION_PROPERTY] = 1.0
    built.rig.update_tag()
    for form in (HairForm.STRANDS, HairForm.NONE, HairForm.SHELL):
        show(built.rig, form)
        bpy.context.view_layer.update()
        assert {kind for kind, ob in built.hair.items() if not ob.hide_viewport} == {form} - {HairForm.NONE}
    assert shapes.key_blocks[PHOTO_EXPRESSION_KEY].value == 1.0
