"""A head in the scene: bones' shapes, smooth outline, asset, append, link, override, save, undo; nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from gltf_file import GlbFile
from mathutils import Quaternion
from mathutils.bvhtree import BVHTree
from sample_hair import with_hair
from sample_head import sample_head

from seif_blender.animate.lookup import FoundHead
from seif_blender.animate.removal import remove_head
from seif_blender.assets.catalogues import EMOTIONS, FILE, HEADS, catalogue_id, name_catalogues
from seif_blender.assets.mark import mark_head, write_to_library
from seif_blender.build.hair_switch import show
from seif_blender.build.head_object import build_head
from seif_blender.build.names import BONE_NAMES, SMOOTH, SMOOTH_PROPERTY, HairForm
from seif_blender.build.settings import BuildSettings
from seif_blender.export.write import export_head
from seif_core.export.presets import PRESETS


@pytest.fixture
def head():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    built = build_head(with_hair(sample_head()), settings=BuildSettings("arkit,emotions"))
    return FoundHead(built.mesh, built.rig, built.camera)


def shapes(rig) -> list:
    return [bone.custom_shape for bone in rig.pose.bones]


def test_bones_are_shown_as_closed_lines_outside_the_skin_in_colours_of_their_side(head):
    tree = BVHTree.FromObject(head.mesh, bpy.context.evaluated_depsgraph_get())
    for name in BONE_NAMES:
        bone, posed = head.rig.data.bones[name], head.rig.pose.bones[name]
        mesh = posed.custom_shape.data
        assert len(mesh.vertices) == len(mesh.edges) > 8
        assert not mesh.polygons
        assert not posed.use_custom_shape_bone_size
        for vertex in mesh.vertices:
            place = bone.matrix_local @ vertex.co
            near, normal, _, _ = tree.find_nearest(place)
            assert (place - near).dot(normal) > 0, name
    palettes = {name: head.rig.data.bones[name].color.palette for name in BONE_NAMES}
    assert palettes["eye.L"] != palettes["eye.R"]
    assert palettes["neck"] == palettes["jaw"]
    assert {collection.name for collection in head.rig.data.collections} == {"Root", "Head", "Eyes"}


def test_shapes_lie_hidden_in_the_head_s_collection_and_go_with_it(head):
    own = head.rig.users_collection[0]
    (hidden,) = own.children
    assert hidden.hide_viewport
    assert hidden.hide_render
    assert set(hidden.objects) == set(shapes(head.rig))
    remove_head(head.rig)
    assert not bpy.data.objects
    assert not bpy.data.collections
    assert not bpy.data.meshes


@pytest.mark.parametrize("name", ["generic", "unity"])
def test_no_export_takes_a_shape_for_a_part_of_the_head(head, tmp_path, name):
    preset = PRESETS[name]
    path = tmp_path / f"head{preset.suffix}"
    losses = export_head(head, preset, path)
    assert not [loss for loss in losses if SMOOTH in loss]
    if preset.suffix == ".glb":
        document = GlbFile(path.read_bytes()).document
        assert len(document["meshes"]) == 2
        (mesh,) = [m for m in document["meshes"] if m.get("extras", {}).get("targetNames")]
        counts = [document["accessors"][p["indices"]]["count"] for p in mesh["primitives"]]
        assert sum(counts) == 3 * sum(len(p.vertices) - 2 for p in head.mesh.data.polygons)
    else:
        assert b"shape\x00\x01Geometry" not in path.read_bytes()


def test_the_outline_is_smooth_by_default_and_that_can_be_switched_off(head):
    def count() -> int:
        head.rig.update_tag()
        bpy.context.view_layer.update()
        return len(head.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices)

    own = len(head.mesh.data.vertices)
    assert head.mesh.modifiers[-1].name == SMOOTH
    assert count() > 3 * own
    head.rig[SMOOTH_PROPERTY] = False
    assert count() == own
    head.rig[SMOOTH_PROPERTY] = True
    show(head.rig, HairForm.STRANDS)  # they would stand crooked on another surface than their own
    assert count() == own
    show(head.rig, HairForm.CARDS)
    assert count() > 3 * own
    plain = build_head(sample_head(), settings=BuildSettings(smooth=False))
    assert SMOOTH not in plain.mesh.modifiers


def test_an_asset_has_a_picture_a_licence_and_a_catalogue(head, tmp_path):
    collection = mark_head(head, "Ada")
    told = collection.asset_data
    assert (told.author, told.license, told.catalog_id) == ("Ada", sample_head().model_licence, catalogue_id(HEADS))
    assert sample_head().attribution in told.description
    width, height = collection.preview.image_size
    picture = np.array(collection.preview.image_pixels_float[:]).reshape(height, width, 4)
    assert width == height == 256
    assert 0.1 < (picture[..., 3] > 0.5).mean() < 0.95
    assert len(bpy.data.scenes) == 1
    name_catalogues(tmp_path)
    name_catalogues(tmp_path)  # what is there is left alone
    lines = (tmp_path / FILE).read_text().splitlines()
    assert [line.split(":")[1] for line in lines if ":" in line] == [HEADS, EMOTIONS]


def test_a_library_s_own_catalogues_stay(tmp_path):
    mine = "# mine\nVERSION 1\n\n0c1e5f0e-0000-4000-8000-000000000000:Props:Props"
    (tmp_path / FILE).write_text(mine)
    name_catalogues(tmp_path)
    assert (tmp_path / FILE).read_text().startswith(mine + "\n")


@pytest.fixture
def library(head, tmp_path) -> Path:
    """An asset library with the head in it, while an empty file is open."""
    file = write_to_library(mark_head(head), tmp_path)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return file


def brought(file: Path, *, link: bool):
    """The head's collection out of a library, in the scene."""
    with bpy.data.libraries.load(str(file), link=link, assets_only=True) as (there, here):
        here.collections = list(there.collections)
    (collection,) = here.collections
    bpy.context.scene.collection.children.link(collection)
    return collection


def moves(rig, mesh) -> float:
    """Metres by which the slider, a key and a bone move the mesh."""

    def places() -> np.ndarray:
        rig.update_tag()
        bpy.context.view_layer.update()
        data = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        flat = np.empty(3 * len(data.vertices), np.float32)
        data.vertices.foreach_get("co", flat)
        return flat.reshape(-1, 3)

    least, rest = np.inf, places()
    rig["photo_expression"] = 1.0
    least = min(least, np.abs(places() - rest).max())
    rig["photo_expression"] = 0.0
    rig.pose.bones["jaw"].rotation_quaternion = Quaternion((1, 0, 0), 0.3)
    return min(least, np.abs(places() - rest).max())


def objects_of(collection):
    found = list(collection.all_objects)
    rig = next(ob for ob in found if ob.type == "ARMATURE")
    return rig, next(ob for ob in found if ob.parent == rig and "seif_format_version" in ob)


def test_appended_from_the_library_the_head_moves_and_is_whole(library):
    collection = brought(library, link=False)
    rig, mesh = objects_of(collection)
    assert moves(rig, mesh) > 1e-3
    assert all(shapes(rig))
    assert {ob.get("seif_hair") for ob in collection.all_objects} - {None} == {0, 1, 2}
    images = [image for image in bpy.data.images if image.users]
    assert images
    assert all(image.packed_file for image in images if image.source == "FILE")
    assert mesh.modifiers[-1].name == SMOOTH


def test_linked_and_overridden_the_head_moves_is_saved_and_comes_back(library, tmp_path):
    collection = brought(library, link=True)
    made = collection.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer, do_fully_editable=True)
    rig, mesh = objects_of(made)
    assert moves(rig, mesh) > 1e-3
    assert all(shapes(rig))
    rig["photo_expression"] = 0.25
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    rig = next(ob for ob in bpy.data.objects if ob.type == "ARMATURE" and ob.override_library is not None)
    assert rig["photo_expression"] == pytest.approx(0.25)
    assert rig.pose.bones["jaw"].rotation_quaternion.angle == pytest.approx(0.3, abs=1e-4)
    assert all(shapes(rig))


def everything() -> dict:
    """What must be the same after saving and opening: names, keys, drivers, modifiers, shapes, pictures, assets."""
    keys = {key.name: [(b.name, round(b.value, 5)) for b in key.key_blocks] for key in bpy.data.shape_keys}
    drivers = {
        key.name: sorted(c.data_path for c in key.animation_data.drivers)
        for key in bpy.data.shape_keys
        if key.animation_data
    }
    return {
        "objects": {ob.name: (ob.type, [m.name for m in ob.modifiers]) for ob in bpy.data.objects},
        "collections": {c.name: (sorted(o.name for o in c.objects), c.hide_viewport) for c in bpy.data.collections},
        "keys": keys,
        "drivers": drivers,
        "shapes": [s.name for ob in bpy.data.objects if ob.type == "ARMATURE" for s in shapes(ob)],
        "pictures": sorted(image.name for image in bpy.data.images if image.users and image.source == "FILE"),
        "materials": sorted(material.name for material in bpy.data.materials if material.users),
        "assets": [c.asset_data.catalog_id for c in bpy.data.collections if c.asset_data],
    }


def test_saved_and_opened_again_nothing_is_lost(head, tmp_path):
    mark_head(head)
    before = json.loads(json.dumps(everything()))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    assert json.loads(json.dumps(everything())) == before
    assert not [name for name in before["objects"] if ".0" in name]


def test_the_head_has_the_size_of_a_head_in_metres(head):
    spread = sample_head().vertices.max(0) - sample_head().vertices.min(0)
    head.rig[SMOOTH_PROPERTY] = False
    head.rig.update_tag()
    bpy.context.view_layer.update()
    assert list(head.mesh.dimensions) == pytest.approx(spread[[0, 2, 1]].tolist(), abs=1e-5)
    assert all(scale == 1 for scale in (*head.rig.scale, *head.mesh.scale))
    assert bpy.context.scene.unit_settings.scale_length == 1


def test_the_picture_for_the_asset_browser_leaves_the_artist_s_render_alone(head, tmp_path):
    scene = bpy.context.scene
    scene.camera, scene.render.engine = head.camera, "BLENDER_WORKBENCH"
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 48, 64, 100
    bpy.ops.render.render()
    result = bpy.data.images["Render Result"]
    result.save_render(str(tmp_path / "before.png"), scene=scene)
    slot = result.render_slots.active_index
    mark_head(head)
    assert result.render_slots.active_index == slot
    result.save_render(str(tmp_path / "after.png"), scene=scene)
    before, after = ((tmp_path / f"{name}.png").read_bytes() for name in ("before", "after"))
    assert before == after
