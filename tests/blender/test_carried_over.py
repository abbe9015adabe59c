"""A head that is made anew is shown as the earlier one was, is an asset if that was one, and asks for its levels."""

from __future__ import annotations

import bpy
import pytest
from sample_hair import with_hair
from sample_head import sample_head

from seif_blender.animate.lookup import FoundHead, head_of
from seif_blender.animate.removal import remove_head
from seif_blender.assets.mark import mark_head
from seif_blender.build.hair_switch import show
from seif_blender.build.head_object import build_head
from seif_blender.build.names import HAIR_PROPERTY, SMOOTH_PROPERTY, HairForm
from seif_blender.export.prepared import exported_objects, hair_form
from seif_blender.export.write import losses_in_scene
from seif_blender.hair.lookup import hair_objects
from seif_blender.lods.make import make_lods
from seif_blender.lods.properties import COUNTS
from seif_blender.reconstruct.carried_over import carried_over, lod_counts, take_over
from seif_core.export.presets import PRESETS


def built(*, hair: bool = True) -> FoundHead:
    made = build_head(with_hair(sample_head()) if hair else sample_head())
    return FoundHead(made.mesh, made.rig, made.camera)


@pytest.fixture
def head() -> FoundHead:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return built()


@pytest.mark.parametrize("form", [HairForm.CARDS, HairForm.STRANDS, HairForm.NONE])
def test_the_hair_that_was_shown_and_the_smooth_outline_stay(head, form):
    show(head.rig, form)
    head.rig[SMOOTH_PROPERTY] = False
    had = carried_over(head)
    remove_head(head.rig)
    made = built()
    assert take_over(made, had) == ""
    assert made.rig[HAIR_PROPERTY] == form
    assert not made.rig[SMOOTH_PROPERTY]


def test_hair_that_the_new_head_lacks_is_not_chosen(head):
    show(head.rig, HairForm.CARDS)
    had = carried_over(head)
    bald, without_cards = built(hair=False), built()
    bpy.data.objects.remove(hair_objects(without_cards)[HairForm.CARDS])
    take_over(bald, had)
    take_over(without_cards, had)
    assert HAIR_PROPERTY not in bald.rig
    assert without_cards.rig[HAIR_PROPERTY] == HairForm.SHELL


def test_an_asset_stays_one_with_its_author_and_the_artist_s_catalogue(head):
    own = "0c1e5f0e-0000-4000-8000-000000000000"
    mark_head(head, "Ada").asset_data.catalog_id = own
    had = carried_over(head)
    remove_head(head.rig)
    made = built()
    take_over(made, had)
    told = made.rig.users_collection[0].asset_data
    assert (told.author, told.catalog_id) == ("Ada", own)
    assert made.rig.users_collection[0].preview.image_size[0] > 0


def test_a_head_that_was_no_asset_becomes_none(head):
    made = built()
    take_over(made, carried_over(head))
    assert made.rig.users_collection[0].asset_data is None
    assert head_of("no such object") is None


def test_levels_are_asked_for_as_the_earlier_head_had_them(head):
    assert lod_counts(carried_over(head).triangles) == ()
    make_lods(head, (900, 700, 500))
    had = carried_over(head)
    assert had.triangles == lod_counts(had.triangles)
    assert len(had.triangles) == 3
    assert lod_counts(had.triangles[:2]) == COUNTS  # one was deleted


@pytest.mark.parametrize("name", list(PRESETS))
def test_an_export_takes_cards_where_cards_are_shown(head, name):
    preset = PRESETS[name]
    plain = HairForm.CARDS if preset.hair == "cards" else HairForm.SHELL
    assert hair_form(head, preset) == plain
    show(head.rig, HairForm.CARDS)
    assert hair_form(head, preset) == HairForm.CARDS
    assert hair_objects(head)[HairForm.CARDS] in exported_objects(head, preset)
    assert any("hair is the cards" in loss for loss in losses_in_scene(head, preset))
    bpy.data.objects.remove(hair_objects(head)[HairForm.CARDS])
    assert hair_form(head, preset) == HairForm.SHELL
