"""A head's FLAME parameters, read back by FLAME's equations as the test writes them down."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from flame_head import flame_forward, flame_head, with_keys
from flame_pickle import flame_arrays, write_flame
from sample_head import sample_head

from seif_core import cli
from seif_core.errors import HeadFormatError, ModelError, OutputError, SettingsError
from seif_core.flame_exchange.export_parameters import export_parameters
from seif_core.headmodel.flame import read_flame
from seif_core.headmodel.skinning import pose_vertices

REST = np.zeros((5, 3))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("flame") / "flame2023_Open.pkl"
    arrays = write_flame(path, flame_arrays(shapes=150))
    return path, arrays, with_keys(read_flame(path))


def photo_head(head):
    """The photo's head in its pose, by the head's own fields."""
    pose, joints = head.photo_pose.astype(float), head.joints.astype(float)
    still = pose * [[0], [0], [1], [1], [1]]
    from seif_core.headmodel.skinning import unpose_vertices

    posed = head.vertices.astype(float) + head.photo_delta
    rest = unpose_vertices(posed, joints, head.skin_weights, still, head.pose_deltas)
    return pose_vertices(rest, joints, head.skin_weights, pose, head.pose_deltas) + head.photo_translation


def test_flames_forward_pass_is_the_papers_to_a_thousandth_of_a_millimetre(world):
    _, arrays, model = world
    rng = np.random.default_rng(3)
    shape, expression, pose = rng.normal(size=100), rng.normal(size=50), rng.normal(size=(5, 3)) * 0.3
    neutral = model.template.astype(float) + np.tensordot(shape, model.shape_basis.astype(float), 1)
    joints = model.joint_regressor.astype(float) @ neutral
    rest = neutral + np.tensordot(expression, model.expression_basis.astype(float), 1)
    ours = pose_vertices(rest, joints, model.skin_weights, pose, model.pose_basis)
    assert np.abs(ours - flame_forward(arrays, shape, expression, pose)).max() < 1e-6


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_head_read_back_by_a_plain_flame_is_the_same_head(world, tmp_path, suffix):
    path, arrays, model = world
    head = flame_head(model)
    head.save(tmp_path / "head.npz")
    out = tmp_path / f"flame.{suffix}"
    command = ["export-flame", str(tmp_path / "head.npz"), "--out", str(out), "--model", str(path)]
    assert cli.main(command) == 0
    read = json.loads(out.read_text()) if suffix == "json" else np.load(out, allow_pickle=False)
    told = {name: np.asarray(read[name]) for name in read}
    assert told["shape"].shape == (300,)
    assert told["expr"].shape == (1, 100)
    np.testing.assert_array_equal(told["shape"][100:], 0)
    shape, static = told["shape"][:100], told["static_offset"][0]
    neutral = flame_forward(arrays, shape, np.zeros(0), REST, static=static)
    assert np.abs(neutral - head.vertices).max() < 1e-5
    pose = np.concatenate([told[n][0].reshape(-1, 3) for n in ("rotation", "neck_pose", "jaw_pose", "eyes_pose")])
    frame = {"translation": told["translation"][0], "static": static, "dynamic": told["dynamic_offset"][0]}
    posed = flame_forward(arrays, shape, told["expr"][0, :50], pose, **frame)
    assert np.abs(posed - photo_head(head)).max() < 1e-5
    assert told["focal_length"] == pytest.approx(1000 / 640)
    assert told["image_size"].tolist() == [512, 640]
    assert str(told["model_licence"]) == "CC-BY-4.0"


def test_a_head_whose_joints_are_its_own_brings_them(world):
    _, arrays, model = world
    head = flame_head(model, moved_joints=0.004)
    made = export_parameters(head, model)
    assert made.translation is not None
    assert made.dynamic_offset is not None
    frame = {"translation": made.translation[0], "static": made.static_offset, "dynamic": made.dynamic_offset[0]}
    pieces = made.shape[:100], made.expression[0, :50], made.pose[0]
    assert np.abs(flame_forward(arrays, *pieces, **frame, joints=head.joints) - photo_head(head)).max() < 1e-5
    assert np.abs(flame_forward(arrays, *pieces, **frame) - photo_head(head)).max() > 1e-4


def test_heads_that_have_no_flame_parameters_are_refused_in_words(world):
    _, _, model = world
    head = flame_head(model)
    with pytest.raises(ModelError, match="has no FLAME parameters"):
        export_parameters(sample_head(), model)
    with pytest.raises(ModelError, match="--subdivisions 0"):
        export_parameters(replace(sample_head(), model_name="flame2020"), model)
    with pytest.raises(ModelError, match="another file"):
        export_parameters(head, replace(model, expression_basis=model.expression_basis * 1.1))


def test_mistakes_on_the_command_line_are_told_and_leave_no_file(world, tmp_path, monkeypatch, capsys):
    path, _, model = world
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    flame_head(model).save(tmp_path / "head.npz")
    given = str(tmp_path / "head.npz")
    command = ["export-flame", given, "--out", str(tmp_path / "flame.npz")]
    assert cli.main(command) == ModelError.exit_code
    assert "no head model named 'flame2023open'" in capsys.readouterr().err
    assert cli.main([*command[:3], str(tmp_path / "a.txt"), "--model", str(path)]) == SettingsError.exit_code
    assert cli.main([*command[:3], str(tmp_path / "no" / "a.npz"), "--model", str(path)]) == OutputError.exit_code
    assert cli.main(["export-flame", str(path), "--out", "a.npz", "--model", str(path)]) == HeadFormatError.exit_code
    assert sorted(p.name for p in tmp_path.iterdir()) == ["head.npz"]
