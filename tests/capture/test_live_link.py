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


def again(path, edit, encoding="utf-8", **values):
    """A take of 120 frames at 60 a second whose text is edited."""
    numbers = np.full((120, 61), 0.25)
    file = csv_file(path / "take.csv", values.pop("codes", codes(120)), numbers)
    file.write_text(edit(file.read_text()), encoding=encoding)
    return file


@pytest.mark.parametrize(
    ("edit", "encoding"),
    [
        (lambda text: text.replace(",", ";"), "utf-8"),
        (lambda text: text.replace(",", ";").replace(".", ","), "utf-8"),
        (lambda text: text.replace(",", ";").replace(".", ","), "utf-16"),
        (lambda text: text.replace(",", "\t"), "utf-16"),
    ],
)
def test_what_a_table_program_saved_is_read_by_its_own_separator(tmp_path, edit, encoding):
    found = read_live_link(again(tmp_path, edit, encoding))
    assert np.allclose(found.weights, 0.25)
    assert found.times[-1] == pytest.approx(119 / 60, abs=0.01)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: text.replace("0.25", "0,25"), "with points in its numbers"),
        (lambda text: text.replace("11:22:01", "11:99:99"), "instead of HH:MM:SS"),
        (lambda text: text.replace("0.25", "25.0"), "percent"),
        (lambda text: text.replace("JawLeft", "JawOpen"), "two columns named jawopen"),
        (lambda text: "\n".join([*text.splitlines()[:1], *text.splitlines()[1:2] * 60]), "stand still"),
    ],
)
def test_what_would_be_silently_wrong_is_refused(tmp_path, edit, said):
    with pytest.raises(PerformanceFileError, match=said):
        read_live_link(again(tmp_path, edit))


@pytest.mark.parametrize("rate", [24, 100])
def test_a_rate_that_the_timecodes_contradict_is_refused(tmp_path, rate):
    with pytest.raises(PerformanceFileError, match="count frames to 59"):
        read_live_link(again(tmp_path, str, codes=codes(120, start=30)), rate)
    assert read_live_link(again(tmp_path, str), 59.94).rate == 59.94


def test_a_clock_that_is_set_back_is_told_and_the_take_goes_on(tmp_path):
    found = read_live_link(again(tmp_path, str, codes=[*codes(60, start=240), *codes(60)]))
    assert "set back (line 62)" in " ".join(found.notes)
    assert found.times[-1] == pytest.approx(119 / 60, abs=0.01)
    assert np.diff(found.times).min() > 0.01


def test_weights_that_are_cut_off_are_told(tmp_path):
    found = read_live_link(again(tmp_path, lambda text: text.replace("0.25", "-0.25", 1)))
    assert "outside of 0 to 1 were cut off there (1)" in " ".join(found.notes)
