"""Performance files, how they are played, turns, smoothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from seif_core.capture.performance import Performance
from seif_core.capture.playback import Playback
from seif_core.capture.rotations import axis_angles, continuous, from_yaw_pitch_roll, quaternions
from seif_core.capture.smoothing import fill_gaps, gaps, smooth
from seif_core.errors import HeadFormatError, SettingsError


def performance(frames=4):
    rng = np.random.default_rng(0)
    return Performance(
        source="take.mp4",
        times=np.arange(frames) / 30,
        rate=30.0,
        key_names=("jawOpen", "eyeLookUpLeft", "mouthSmileLeft"),
        weights=rng.uniform(0, 1, (frames, 3)).astype(np.float32),
        head_rotation=rng.normal(0, 0.3, (frames, 3)).astype(np.float32),
        head_translation=rng.normal(0, 1, (frames, 3)).astype(np.float32),
        jaw_rotation=rng.normal(0, 0.1, (frames, 3)).astype(np.float32),
        eye_rotations=rng.normal(0, 0.1, (frames, 2, 3)).astype(np.float32),
        notes=("1 frame shows no face.",),
    )


def test_file_gives_the_performance_back(tmp_path):
    file, first = tmp_path / "p.npz", performance()
    file.write_bytes(first.as_bytes())
    again = Performance.load(file)
    assert again.as_bytes() == first.as_bytes()
    assert again.notes == first.notes
    assert again.key_names == first.key_names


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("times", np.array([0.0, 0.0, 0.1, 0.2])),
        ("weights", np.full((4, 3), np.nan, np.float32)),
        ("weights", np.zeros((3, 3), np.float32)),
        ("head_rotation", np.zeros((4, 2), np.float32)),
        ("rate", 0.0),
        ("key_names", ("jawOpen", "jawOpen", "mouthSmileLeft")),
    ],
)
def test_damaged_file_is_refused_in_a_sentence(tmp_path, field, value):
    arrays = performance().arrays()
    arrays[field] = np.array(value)
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(HeadFormatError, match="damaged"):
        Performance.load(tmp_path / "p.npz")


def test_newer_missing_and_foreign_files_are_refused(tmp_path):
    np.savez(tmp_path / "new.npz", **performance().arrays() | {"format_version": np.array(99)})
    (tmp_path / "text.npz").write_text("no zip")
    np.savez(tmp_path / "other.npz", vertices=np.zeros(3))
    for name in ("new.npz", "text.npz", "other.npz", "absent.npz"):
        with pytest.raises(HeadFormatError):
            Performance.load(tmp_path / name)


def test_jaw_and_eyes_are_never_played_twice():
    by_keys, by_bones = Playback().of(performance()), Playback(bones=True).of(performance())
    assert set(by_keys.joint_turns()) == {1}
    assert by_keys.weights[:, 0].any()
    assert set(by_bones.joint_turns()) == {1, 2, 3, 4}
    assert not by_bones.weights[:, :2].any()
    assert np.array_equal(by_bones.weights[:, 2], by_keys.weights[:, 2])


def test_bones_that_the_source_does_not_tell_are_refused():
    plain = dataclasses.replace(performance(), jaw_rotation=None)
    with pytest.raises(SettingsError, match="by its keys"):
        Playback(bones=True).of(plain)
    with pytest.raises(SettingsError):
        Playback(head="tail")


def test_turns_agree_with_scipy():
    rng = np.random.default_rng(1)
    yaw, pitch, roll = rng.uniform(-1, 1, (3, 20))
    found = from_yaw_pitch_roll(yaw, pitch, roll)
    wanted = Rotation.from_euler("YXZ", np.stack([yaw, -pitch, roll], 1))
    assert np.allclose(found, wanted.as_rotvec(), atol=1e-6)
    assert np.allclose(axis_angles(quaternions(found.astype(float))), found, atol=1e-6)


def test_quaternions_take_the_short_way():
    turns = np.stack([np.zeros(40), np.linspace(2.9, 3.4, 40), np.zeros(40)], 1)
    wrapped = np.where(np.abs(turns) > np.pi, turns - np.sign(turns) * 2 * np.pi, turns)
    found = continuous(quaternions(wrapped))
    assert (np.diff(found, axis=0) ** 2).sum(1).max() < 0.01


def test_smoothing_has_no_lag_and_keeps_a_blink():
    rng, frames = np.random.default_rng(2), np.arange(120)
    slow = 0.5 + 0.3 * np.sin(frames / 15)
    blink = np.exp(-(((frames - 60) / 2.0) ** 2))
    noise = rng.normal(0, 0.02, (120, 2))
    found = smooth(np.stack([slow, blink], 1) + noise, 30.0, 1.0)
    assert np.abs(found[:, 0] - slow).mean() < 0.6 * np.abs(noise[:, 0]).mean()
    assert found[60, 1] > 0.85
    shifts = [np.abs(np.roll(found[20:-20, 0], k) - slow[20:-20])[5:-5].mean() for k in (-1, 0, 1)]
    assert int(np.argmin(shifts)) == 1


def test_smoothing_is_the_same_backwards():
    curves = np.random.default_rng(3).uniform(0, 1, (50, 3))
    assert np.allclose(smooth(curves[::-1], 25.0, 1.0)[::-1], smooth(curves, 25.0, 1.0), atol=1e-9)
    assert np.array_equal(smooth(curves, 25.0, 0.0), curves)


def test_gaps_are_straight_and_told():
    known = np.array([False, True, False, False, True, False])
    filled = fill_gaps(np.array([[1.0], [4.0]]), known)
    assert np.allclose(filled[:, 0], [1, 1, 2, 3, 4, 4])
    assert gaps(known) == [(0, 0), (2, 3), (5, 5)]
