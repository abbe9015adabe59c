"""Pose correctives in Blender: live, baked, none, against the library's forward pass; the jaw's bone and its key."""

from __future__ import annotations

import dataclasses

import bpy
import numpy as np
import pytest
from flame_head import flame_forward, flame_head, with_keys
from model_head import head_of
from sample_head import sample_head
from test_blender_build import evaluated, set_pose
from tiny_model import tiny_model

from seif_blender.build.head_object import build_head
from seif_blender.build.plan.correctives import BUDGET, PoseCorrective, pose_correctives
from seif_blender.build.settings import BuildSettings
from seif_core.expressions.combination import combine
from seif_core.headmodel import load_head_model
from seif_core.headmodel.skinning import pose_feature, pose_vertices

RANGES = np.radians([[20, 20, 20], [45, 60, 40], [30, 10, 10], [35, 45, 10], [35, 45, 10]])


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def forward(head, pose):
    return pose_vertices(head.vertices, head.joints, head.skin_weights, pose, head.pose_deltas)


def pose_of(jaw=0.0):
    pose = np.zeros((5, 3))
    pose[2, 0] = jaw
    return pose


def open_head():
    """The shipped model's own mean head."""
    return head_of(load_head_model("open"))


def test_flame_s_36_correctives_follow_every_bone_as_the_forward_pass_does():
    head = flame_head(with_keys(tiny_model(vertices=200, expressions=12)), moved_joints=0.0)
    built = build_head(head, settings=BuildSettings("none"))
    rng = np.random.default_rng(3)
    for _ in range(3):
        pose = rng.uniform(-1, 1, (5, 3)) * RANGES
        set_pose(built, pose)
        assert np.linalg.norm(evaluated(built) - forward(head, pose), axis=1).max() < 1e-4


def test_keyframed_flame_components_and_bones_are_flame_s_equations():
    model = with_keys(tiny_model(vertices=120, shapes=300, expressions=100))
    head = flame_head(model)
    built = build_head(head, settings=BuildSettings("flame:100"))
    keys, bones = built.mesh.data.shape_keys.key_blocks, built.rig.pose.bones
    rng = np.random.default_rng(11)
    frames = {f: (rng.uniform(-3, 3, 100), rng.uniform(-1, 1, (5, 3)) * RANGES) for f in (1, 20)}
    for frame, (expression, pose) in frames.items():
        set_pose(built, pose)
        for i, amount in enumerate(expression):
            keys[f"expr_{i + 1:03d}"].value = amount
            keys[f"expr_{i + 1:03d}"].keyframe_insert("value", frame=frame)
        for bone in bones:
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    arrays = {
        "v_template": head.vertices,
        "shapedirs": np.concatenate([model.shape_basis, model.expression_basis]).transpose(1, 2, 0),
        "posedirs": model.pose_basis.transpose(1, 2, 0),
        "J_regressor": model.joint_regressor,
        "weights": model.skin_weights,
    }
    for frame, (expression, pose) in frames.items():
        bpy.context.scene.frame_set(frame)
        expected = flame_forward(arrays, np.zeros(300), expression, pose, joints=head.joints)
        assert np.linalg.norm(evaluated(built) - expected, axis=1).max() < 1e-4


def test_the_open_head_s_jaw_and_lids_follow_the_bones():
    head = open_head()
    built = build_head(head, settings=BuildSettings("arkit"))
    assert {c.bone for c in pose_correctives(head)} == {"jaw", "eye.L", "eye.R"}
    pose = np.random.default_rng(5).uniform(-1, 1, (5, 3)) * RANGES
    set_pose(built, pose)
    assert np.linalg.norm(evaluated(built) - forward(head, pose), axis=1).max() < 1e-4


def test_correctives_too_small_to_see_get_no_key_and_are_not_missed():
    head = sample_head()
    small = head.pose_deltas.copy()
    small[:9] = small[9:18] * 1e-3  # a neck whose correctives move some micrometres
    head = dataclasses.replace(head, pose_deltas=small)
    kept = pose_correctives(head)
    assert {c.bone for c in kept} == {"jaw"}
    left = np.setdiff1d(np.arange(36), [c.index for c in kept])
    rng = np.random.default_rng(0)
    for _ in range(20):
        feature = pose_feature(rng.uniform(-1, 1, (5, 3)) * RANGES)
        moved = np.tensordot(feature[left], head.pose_deltas[left], axes=1)
        assert np.linalg.norm(moved, axis=1).max() <= BUDGET


def test_baked_correctives_are_one_key_that_is_exact_at_its_angle():
    head = sample_head()
    built = build_head(head, settings=BuildSettings(correctives="baked"))
    driven = [k.name for k in built.mesh.data.shape_keys.key_blocks if k.name.startswith("jaw_")]
    assert driven == ["jaw_baked"]
    for turn, bound in ((0.36, 1e-5), (0.18, 1e-3)):
        set_pose(built, pose_of(turn))
        assert np.abs(evaluated(built) - forward(head, pose_of(turn))).max() < bound


def test_without_correctives_bones_skin_alone():
    head = sample_head()
    built = build_head(head, settings=BuildSettings(correctives="none"))
    set_pose(built, pose_of(0.3))
    plain = dataclasses.replace(head, pose_deltas=np.zeros_like(head.pose_deltas))
    assert np.abs(evaluated(built) - forward(plain, pose_of(0.3))).max() < 1e-5


def test_jaw_bone_and_key_add_up_to_the_whole_turn():
    head = open_head()
    built = build_head(head)
    whole = np.radians(20.7)
    built.mesh.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    set_pose(built, pose_of(whole / 2))
    both = evaluated(built)
    away = np.linalg.norm(both - forward(head, pose_of(whole)), axis=1)
    opened = np.linalg.norm(forward(head, pose_of(whole)) - head.vertices, axis=1).max()
    assert opened > 0.02
    assert away.max() < 0.1 * opened


def test_expressions_of_a_bone_are_simple():
    expression = PoseCorrective("neck", 0, 1, 0).expression
    assert set(expression) <= set("0123456789wxyz*+-() ")


def test_pairs_of_keys_follow_the_product_of_their_keys_without_python():
    head = open_head()
    built = build_head(head, settings=BuildSettings("arkit", "livelink"))
    keys = built.mesh.data.shape_keys.key_blocks
    keys["MouthSmileLeft"].value, keys["JawOpen"].value = 0.5, 0.8
    weights = {"mouthSmileLeft": 0.5, "jawOpen": 0.8}
    wanted = head.vertices + combine(weights, head.key_names, head.key_deltas, head.combinations)
    assert np.linalg.norm(evaluated(built) - wanted, axis=1).max() < 1e-5
    curves = built.mesh.data.shape_keys.animation_data.drivers
    products = [curve.driver for curve in curves if "_x_" in curve.data_path]
    assert len(products) == len(head.combinations.pairs) - 1
    assert all(driver.is_simple_expression and driver.expression == "a*b" for driver in products)


def test_what_closes_more_than_the_jaw_is_open_by_key_or_by_bone_presses_the_lips():
    head = open_head()
    built = build_head(head, settings=BuildSettings("arkit"))
    keys = built.mesh.data.shape_keys.key_blocks
    for weights in ({"mouthClose": 0.9}, {"mouthClose": 0.9, "jawOpen": 0.6}, {"mouthClose": 0.5, "jawOpen": 0.8}):
        for name in ("mouthClose", "jawOpen"):
            keys[name].value = weights.get(name, 0)
        wanted = head.vertices + combine(weights, head.key_names, head.key_deltas, head.combinations)
        assert np.linalg.norm(evaluated(built) - wanted, axis=1).max() < 1e-5
    keys["jawOpen"].value, keys["mouthClose"].value = 0, 1
    set_pose(built, pose_of(0.36))
    evaluated(built)
    assert keys["mouthClose_over_jawOpen"].value < 0.01


def test_no_correctives_means_no_pairs():
    built = build_head(open_head(), settings=BuildSettings("arkit", correctives="none"))
    assert not any("_x_" in key.name for key in built.mesh.data.shape_keys.key_blocks)
