"""Live Link Face's CSV."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.capture.live_link import read_live_link
from seif_core.errors import PerformanceFileError
from seif_core.expressions.arkit import ARKIT_52

ROTATIONS = [f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")]
NAMES = [name[0].upper() + name[1:] for name in ARKIT_52] + ROTATIONS


def csv_file(path, codes, numbers, names=NAMES):
    lines = [",".join(["Timecode", "BlendshapeCount", *names])]
    lines += [",".join([code, "61", *(f"{n:.6f}" for n in row)]) for code, row in zip(codes, numbers, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


def codes(count, rate=60, start=0):
    frames = np.arange(start, start + count)
    return [f"11:22:{f // rate % 60:02}:{f % rate:02}.{f % 7:03}" for f in frames]


def take(tmp_path, count=120):
    numbers = np.random.default_rng(0).uniform(0, 1, (count, 61))
    return csv_file(tmp_path / "take.csv", codes(count), numbers), numbers


def test_a_thousand_frames_keep_their_weights_and_turns(tmp_path):
    file, numbers = take(tmp_path, 1000)
    found = read_live_link(file)
    assert found.key_names == ARKIT_52
    assert np.allclose(found.weights, numbers[:, :52], atol=1e-5)
    assert found.rate == 60
    assert np.allclose(found.times[::60], np.round(found.times[::60], 1), atol=0.02)
    assert found.eye_rotations.shape == (1000, 2, 3)


def test_yaw_turns_to_the_subjects_left_and_pitch_upwards(tmp_path):
    numbers = np.zeros((2, 61))
    numbers[0, 52], numbers[1, 53] = 0.3, 0.3
    found = read_live_link(csv_file(tmp_path / "t.csv", codes(2), numbers))
    assert np.allclose(found.head_rotation, [[0, 0.3, 0], [-0.3, 0, 0]], atol=1e-6)


def test_columns_may_stand_in_another_order_and_eyes_may_be_missing(tmp_path):
    names = NAMES[:55][::-1]
    numbers = np.random.default_rng(1).uniform(0, 1, (30, 55))
    found = read_live_link(csv_file(tmp_path / "t.csv", codes(30), numbers, names))
    assert np.allclose(found.weights, numbers[:, ::-1][:, :52], atol=1e-5)
    assert found.eye_rotations is None


def test_dropped_frames_keep_their_time(tmp_path):
    kept = [k for k in range(90) if not 30 <= k < 45]
    every = codes(90, rate=30)
    found = read_live_link(csv_file(tmp_path / "t.csv", [every[k] for k in kept], np.zeros((75, 61))))
    assert found.rate == 30
    assert 0.5 < np.diff(found.times).max() < 0.56


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "Timecode,BlendshapeCount,JawOpen\n",
        "Timecode,BlendshapeCount,JawOpen\n11:22:33:01.5,61\n",
        "Timecode,BlendshapeCount,JawOpen\n11:22:33:01.5,61,wide\n",
        "Timecode,BlendshapeCount,JawOpen\n11:22:33:01.5,61,nan\n",
        "Timecode,BlendshapeCount,JawOpen\nnoon,61,0.5\n",
    ],
)
def test_damaged_csv_is_refused_in_a_sentence(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(PerformanceFileError):
        read_live_link(tmp_path / "t.csv")
    with pytest.raises(PerformanceFileError):
        read_live_link(tmp_path / "absent.csv")
