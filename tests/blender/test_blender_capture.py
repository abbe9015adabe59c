"""Performances keyed on a head in module bpy: keys, bones, one action."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from sample_head import sample_head
from sample_performance import sample_performance
from test_blender_build import evaluated

from seif_blender.build.head_object import build_head
from seif_blender.build.settings import BuildSettings
from seif_blender.capture.apply import apply_performance
from seif_core.capture.playback import Playback
from seif_core.headmodel.skinning import pose_vertices

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.context.scene.render.fps = 25


def expected(head, performance, playback, frame):
    played, pose = playback.of(performance), np.zeros((5, 3))
    for joint, turns in played.joint_turns().items():
        pose[joint] = turns[frame]
    rest = head.vertices + np.tensordot(played.for_keys(head.key_names)[frame], head.key_deltas, 1)
    return pose_vertices(rest, head.joints, head.skin_weights, pose, head.pose_deltas)


@pytest.mark.parametrize("playback", [Playback(), Playback(bones=True), Playback(head="root"), Playback(head="none")])
@pytest.mark.parametrize("spelling", ["apple", "short"])
def test_every_frame_stands_where_the_library_puts_it(playback, spelling):
    head, performance = sample_head(), sample_performance()
    built = build_head(head, settings=BuildSettings(spelling=spelling, photo_camera=False))
    apply_performance(bpy.context.scene, built.mesh, built.rig, performance, playback, first_frame=10)
    for frame in (0, 7, 24):
        bpy.context.scene.frame_set(10 + frame)
        off = np.linalg.norm(evaluated(built) - expected(head, performance, playback, frame), axis=1)
        assert off.max() < 2e-5


def test_keys_and_bones_share_one_action_and_the_range_reaches_its_end():
    built = build_head(sample_head(), settings=BuildSettings(photo_camera=False))
    bpy.context.scene.frame_end = 5
    apply_performance(bpy.context.scene, built.mesh, built.rig, sample_performance(), Playback(bones=True))
    keys, bones = built.mesh.data.shape_keys.animation_data, built.rig.animation_data
    if bpy.app.version >= (4, 4, 0):
        assert keys.action == bones.action
        assert keys.action_slot != bones.action_slot
    assert bpy.context.scene.frame_end == 25


def test_drivers_of_the_photos_expression_stay():
    built = build_head(sample_head(), settings=BuildSettings(photo_camera=False))
    before = {curve.data_path for curve in built.mesh.data.shape_keys.animation_data.drivers}
    apply_performance(bpy.context.scene, built.mesh, built.rig, sample_performance(), Playback())
    assert {curve.data_path for curve in built.mesh.data.shape_keys.animation_data.drivers} == before


def test_one_frame_is_keyed_where_the_artist_stands():
    built, performance = build_head(sample_head(), settings=BuildSettings(photo_camera=False)), sample_performance(1)
    apply_performance(bpy.context.scene, built.mesh, built.rig, performance, Playback(), first_frame=7)
    key = built.mesh.data.shape_keys.key_blocks["jawOpen"]
    assert key.value == pytest.approx(performance.for_keys(("jawOpen",))[0, 0], abs=1e-6)
    assert built.mesh.data.shape_keys.animation_data.action is not None


def test_command_writes_a_blend_that_plays(tmp_path):
    sample_head().save(tmp_path / "head.npz")
    (tmp_path / "p.npz").write_bytes(sample_performance().as_bytes())
    command = [sys.executable, "-m", "seif_blender.write_blend", "head.npz", "out.blend", "--performance", "p.npz"]
    command[3:5] = [str(tmp_path / name) for name in command[3:5]]
    command[6] = str(tmp_path / "p.npz")
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    assert any("performance" in action.name for action in bpy.data.actions)
