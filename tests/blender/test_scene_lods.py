"""Make LODs: levels of detail beside a head in the scene, in module bpy."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Quaternion
from sample_hair import with_hair
from sample_head import sample_head

from seif_blender.animate.lookup import FoundHead, find_head
from seif_blender.build.head_object import build_head
from seif_blender.build.names import SMOOTH_PROPERTY, HairForm
from seif_blender.hair.lookup import hair_objects
from seif_blender.lods.lookup import lod_objects
from seif_blender.lods.make import make_lods
from seif_blender.lods.making import LodsInTheMaking
from seif_blender.worker import registry
from seif_blender.worker.job import State
from seif_blender.worker.task import Task

COUNTS = (900, 500)


@pytest.fixture
def head():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    built = build_head(with_hair(sample_head()))
    return FoundHead(built.mesh, built.rig, built.camera)


def shown(ob) -> np.ndarray:
    """Vertices (V, 3) as Blender deforms them, without the smooth outline."""
    ob.parent[SMOOTH_PROPERTY] = False
    ob.parent.update_tag()
    bpy.context.view_layer.update()
    mesh = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def test_levels_are_hidden_objects_of_the_head_s_collection_with_their_share_of_hair(head):
    made = make_lods(head, COUNTS)
    assert list(made) == [1, 2]
    for number, bound in zip(made, COUNTS, strict=True):
        level = made[number]
        assert level.mesh.name == f"sample LOD{number}"
        assert len(level.mesh.data.polygons) <= bound
        assert set(level.hair) == {HairForm.SHELL, HairForm.CARDS}
        for ob in (level.mesh, *level.hair.values()):
            assert ob.hide_viewport
            assert ob.hide_render
            assert ob.parent == head.rig
            assert set(ob.users_collection) == set(head.mesh.users_collection)
    bpy.context.view_layer.objects.active = made[1].mesh
    assert find_head(bpy.context).mesh == head.mesh
    assert set(hair_objects(head)) == {HairForm.SHELL, HairForm.STRANDS, HairForm.CARDS}


def test_a_level_follows_keys_sliders_and_bones_of_the_head(head):
    level = make_lods(head, COUNTS)[1].mesh
    level.hide_viewport = False
    rest = shown(level)
    distance = np.linalg.norm(shown(head.mesh)[None] - rest[:, None], axis=2)
    origin = distance.argmin(axis=1)
    assert distance.min(axis=1).max() < 1e-6
    head.mesh.data.shape_keys.key_blocks["jawOpen"].value = 0.7
    head.rig["photo_expression"] = 0.5
    head.rig.pose.bones["jaw"].rotation_quaternion = Quaternion((1, 0, 0), 0.2)
    head.rig.pose.bones["neck"].rotation_quaternion = Quaternion((0, 0, 1), 0.3)
    head.rig.update_tag()
    moved = shown(level)
    assert np.linalg.norm(moved - rest, axis=1).max() > 5e-3
    np.testing.assert_allclose(moved, shown(head.mesh)[origin], atol=2e-6)


def test_made_again_the_earlier_levels_are_gone_and_the_artist_s_changes_are_in(head):
    make_lods(head, COUNTS)
    before = {ob.name for ob in bpy.data.objects}, len(bpy.data.meshes), len(bpy.data.shape_keys)
    key = head.mesh.data.shape_keys.key_blocks["jawOpen"]
    changed = np.empty(3 * len(key.points), np.float32)
    key.points.foreach_get("co", changed)
    key.points.foreach_set("co", changed + np.float32(0.01))
    level = make_lods(head, COUNTS)[1].mesh
    assert ({ob.name for ob in bpy.data.objects}, len(bpy.data.meshes), len(bpy.data.shape_keys)) == before
    rows = np.empty((2, 3 * len(level.data.vertices)), np.float32)
    for row, name in zip(rows, ("Basis", "jawOpen"), strict=True):
        level.data.shape_keys.key_blocks[name].points.foreach_get("co", row)
    assert (rows[1] - rows[0]).mean() == pytest.approx(0.01, abs=5e-3)


def test_deleting_the_head_deletes_its_levels(head):
    from seif_blender.animate.removal import remove_head

    make_lods(head, COUNTS)
    remove_head(head.rig)
    assert not bpy.data.objects
    assert not bpy.data.meshes


def test_saved_and_opened_again_the_levels_are_there(head, tmp_path):
    make_lods(head, COUNTS)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    rig = next(ob for ob in bpy.data.objects if ob.type == "ARMATURE")
    mesh = bpy.data.objects["sample"]
    levels = lod_objects(FoundHead(mesh, rig, None))
    assert [len(level.hair) for level in levels.values()] == [2, 2]
    assert levels[1].mesh.data.shape_keys.animation_data.drivers


def steps_of(making: LodsInTheMaking, *, cancel_at: float = 2.0):
    """What is in the file after each step, with the share that is done; cancelled once so much is."""
    seen = []
    while not making.step():
        seen.append((making.job.total, making.exclusive, len(bpy.data.objects)))
        if making.job.total >= cancel_at and registry.current_job() is making.job:
            registry.cancel()
        time.sleep(0.002)
    return seen


def test_levels_are_decimated_beside_blender_with_a_bar_and_built_an_object_a_step(head):
    """Blender stood still for twenty seconds, without progress."""
    before = len(bpy.data.objects)
    making = LodsInTheMaking(head, COUNTS, Task(Path("sample"), kind="lods"))
    assert registry.current_job() is making.job
    seen = steps_of(making)
    assert making.job.state is State.SUCCEEDED
    assert registry.current_job() is None
    assert list(making.made) == [1, 2]
    waiting = [total for total, exclusive, _ in seen if not exclusive]
    assert len(waiting) > 5
    assert waiting == sorted(waiting)
    assert len({round(total, 3) for total in waiting}) > 3
    built = [count for _, _, count in seen]
    assert max(b - a for a, b in itertools.pairwise(built)) <= 1
    assert built[-1] == before + 6


def test_cancelled_in_the_middle_the_scene_is_as_it_was_and_the_next_attempt_works(head):
    names = {ob.name for ob in bpy.data.objects}
    making = LodsInTheMaking(head, COUNTS, Task(Path("sample"), kind="lods"))
    steps_of(making, cancel_at=0.2)
    assert making.job.state is State.CANCELLED
    assert {ob.name for ob in bpy.data.objects} == names
    assert registry.current_job() is None
    again = LodsInTheMaking(head, COUNTS, Task(Path("sample"), kind="lods"))
    steps_of(again)
    assert again.job.state is State.SUCCEEDED


def test_a_head_that_was_changed_or_deleted_meanwhile_is_a_sentence(head):
    making = LodsInTheMaking(head, COUNTS, Task(Path("sample"), kind="lods"))
    while making.exclusive:
        making.step()
    head.mesh.shape_key_add(name="mine")
    steps_of(making)
    assert making.job.state is State.FAILED
    assert "changed meanwhile" in making.job.message
