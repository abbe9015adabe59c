"""What FLAME's parameters do to heads of FLAME and of other models."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from flame_head import flame_head, with_keys
from flame_pickle import flame_arrays, write_flame
from sample_head import sample_head, sample_model

from seif_core import cli, cli_flame
from seif_core.errors import ModelError, OutputError, SettingsError
from seif_core.flame_exchange.export_parameters import export_parameters
from seif_core.flame_exchange.motion import head_in_frame, motion_of, named_motion
from seif_core.flame_exchange.parameters import FlameParameters
from seif_core.head import Head
from seif_core.headmodel.flame import read_flame
from seif_core.headmodel.skinning import pose_vertices


@pytest.fixture(scope="module")
def flame(tmp_path_factory):
    path = tmp_path_factory.mktemp("flame") / "flame2023_Open.pkl"
    write_flame(path, flame_arrays(shapes=150))
    return with_keys(read_flame(path))


def sequence(model, weights, jaw=0.0, frames=3):
    """A file's parameters whose expression is that of the model's keys at `weights`."""
    components = model.expression_basis.reshape(50, -1).astype(np.float64)
    target = sum(weight * model.key_basis[model.key_names.index(name)] for name, weight in weights.items())
    fitted = (
        np.linalg.lstsq(components.T, np.asarray(target, float).ravel(), rcond=None)[0] if weights else np.zeros(50)
    )
    pose = np.zeros((frames, 5, 3), np.float32)
    pose[:, 2, 0] = jaw * np.linspace(0, 1, frames)
    return FlameParameters(
        np.zeros(0, np.float32), np.linspace(0, 1, frames)[:, None].astype("f4") * fitted.astype("f4"), pose
    )


def test_a_flame_heads_own_parameters_give_its_photo_back(flame):
    head = flame_head(flame)
    again = head_in_frame(
        replace(head, photo_delta=head.photo_delta * 0), motion_of(head, export_parameters(head, flame))
    )
    assert np.abs(again.photo_delta - head.photo_delta).max() < 1e-5
    np.testing.assert_allclose(again.photo_pose, head.photo_pose)
    np.testing.assert_allclose(again.photo_translation, head.photo_translation)
    np.testing.assert_allclose(again.photo_expression, head.photo_expression)


def test_a_smile_of_flames_components_is_a_smile_on_another_model_by_the_keys_names(flame):
    head = sample_head()
    motion = motion_of(head, sequence(flame, {"mouthSmileLeft": 0.8, "browInnerUp": 0.3}), flame)
    last = dict(zip(motion.key_names, motion.key_weights[-1], strict=True))
    assert last["mouthSmileLeft"] == pytest.approx(0.8, abs=0.02)
    assert last["browInnerUp"] == pytest.approx(0.3, abs=0.02)
    assert last["mouthSmileRight"] == pytest.approx(0, abs=0.02)
    assert not motion.key_weights[0].any()
    shown = head_in_frame(head, motion, 2)
    expected = sum(last[name] * head.key_deltas[head.key_names.index(name)] for name in last)
    assert np.abs(shown.photo_delta - expected).max() < 1e-5
    np.testing.assert_array_equal(shown.vertices, head.vertices)


def test_another_family_is_not_taken_for_flame():
    other = sample_model()
    parameters = FlameParameters(np.zeros(0, np.float32), np.ones((1, 4), np.float32), np.zeros((1, 5, 3), np.float32))
    with pytest.raises(ModelError, match="no FLAME model"):
        motion_of(sample_head(), parameters, other)
    with pytest.raises(ModelError, match="no FLAME model"):
        named_motion(other.key_names, parameters, other)


def test_the_jaws_joint_and_jaw_open_do_not_open_the_mouth_twice(flame):
    head = sample_head()
    still = np.zeros((5, 3))
    still[2, 0] = 0.2
    weights, joints = flame.skin_weights, flame.joint_regressor.astype(float) @ flame.template
    opened = pose_vertices(flame.template, joints, weights, still, flame.pose_basis) - flame.template
    keys = flame.key_basis.copy()
    keys[flame.key_names.index("jawOpen")] = opened
    motion = motion_of(head, sequence(flame, {}, jaw=0.2), replace(flame, key_basis=keys))
    opening = motion.key_names.index("jawOpen")
    assert not motion.key_weights[-1].any()
    assert motion.joint_free_weights[-1, opening] == pytest.approx(1, abs=0.02)
    assert motion.pose[-1, 2, 0] == pytest.approx(0.2)
    shown = head_in_frame(head, motion, 2)
    by_joint = pose_vertices(head.vertices, head.joints, head.skin_weights, still, head.pose_deltas) - head.vertices
    assert np.abs(shown.photo_delta - by_joint).max() < 1e-5


def test_what_cannot_be_applied_is_told(flame):
    head, parameters = sample_head(), sequence(flame, {"browInnerUp": 1.0})
    with pytest.raises(ModelError, match="seif models add"):
        motion_of(head, parameters)
    many = replace(parameters, expression=np.ones((3, 100), np.float32))
    with pytest.raises(ModelError, match="100 components"):
        motion_of(head, many, flame)
    padded = replace(parameters, expression=np.pad(parameters.expression, ((0, 0), (0, 50))))
    assert motion_of(head, padded, flame).key_weights.any()
    with pytest.raises(SettingsError, match="no frame 3"):
        head_in_frame(head, motion_of(head, parameters, flame), 3)


def test_the_command_line_writes_a_head_or_a_motion(flame, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    head = flame_head(flame)
    head.save(tmp_path / "head.npz")
    np.savez(tmp_path / "vhap.npz", expr=np.eye(2, 50), jaw_pose=np.full((2, 3), 0.1), eyelids=np.zeros(2))
    command = ["import-flame", str(tmp_path / "vhap.npz"), "--head", str(tmp_path / "head.npz"), "--out"]
    assert cli.main([*command, str(tmp_path / "new.npz"), "--frame", "1"]) == 0
    assert "eyelids" in capsys.readouterr().err
    np.testing.assert_allclose(Head.load(tmp_path / "new.npz").photo_expression, np.eye(2, 50)[1])
    assert cli.main([*command, str(tmp_path / "motion.npz"), "--motion"]) == 0
    with np.load(tmp_path / "motion.npz") as motion:
        assert motion["pose"].shape == (2, 5, 3)
        assert motion["expression"].shape == (2, 50)
        assert motion["key_weights"].shape == motion["joint_free_weights"].shape == (2, len(motion["key_names"]))
    sample_head().save(tmp_path / "head.npz")
    assert cli.main([*command, str(tmp_path / "new.npz")]) == ModelError.exit_code
    assert "--flame" in capsys.readouterr().err
    assert cli.main([*command, str(tmp_path / "new.txt")]) == SettingsError.exit_code


def test_the_flame_model_that_was_taken_of_several_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        cli_flame, "installed_models", lambda: [SimpleNamespace(name=n) for n in ("flame2020", "flame2023")]
    )
    monkeypatch.setattr(cli_flame, "load_head_model", lambda _name: sample_model())
    sample_head().save(tmp_path / "head.npz")
    np.savez(tmp_path / "a.npz", expr=np.zeros((1, 50)))
    cli.main(
        [
            "import-flame",
            str(tmp_path / "a.npz"),
            "--head",
            str(tmp_path / "head.npz"),
            "--out",
            str(tmp_path / "n.npz"),
        ]
    )
    assert "flame2023 is taken, of flame2020, flame2023" in capsys.readouterr().err


def test_a_head_that_cannot_be_written_leaves_nothing(flame, tmp_path):
    flame_head(flame).save(tmp_path / "head.npz")
    np.savez(tmp_path / "a.npz", expr=np.zeros((1, 50)))
    command = ["import-flame", str(tmp_path / "a.npz"), "--head", str(tmp_path / "head.npz"), "--out"]
    assert cli.main([*command, str(tmp_path / "head.npz" / "b.npz")]) == OutputError.exit_code
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "head.npz"]
