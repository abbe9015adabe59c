"""Copy Expression from Image and Animate from Video: the built zip, installed; a stand-in looks at the pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sample_head import sample_head
from sample_performance import sample_performance

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "support"
sys.path.insert(0, str(ROOT / "tools"))
import stage_extension  # noqa: E402 - after the path is set


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict:
    pytest.importorskip("torch", reason="the newest Blender's environment has no torch, which the worker needs")
    scratch = tmp_path_factory.mktemp("capture")
    zip_file = stage_extension.build(tmp_path_factory.mktemp("dist"))
    sample_head().save(scratch / "head.npz")
    for name in ("photo.jpg", "film.mp4", "noface.mp4"):
        (scratch / name).write_bytes(b"a picture or several")
    (scratch / "tmp").mkdir()
    variables = os.environ | {
        "SEIF_DATA": str(scratch / "data"),
        "SEIF_CACHE": str(scratch / "cache"),
        "TMPDIR": str(scratch / "tmp"),
    }
    session = [HERE / "capture_session.py", zip_file, scratch, scratch / "photo.jpg", scratch / "film.mp4"]
    command = [sys.executable, *map(str, session)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((scratch / "found.json").read_text(encoding="utf-8")) | {
        "temporary": [path.name for path in (scratch / "tmp").glob("seif-*")],
    }


def weights(frame: int) -> dict[str, float]:
    performance = sample_performance()
    return dict(zip(performance.key_names, performance.weights[frame].tolist(), strict=True))


def test_both_wait_for_a_head(found):
    assert found["poll_without_a_head"] == [False, False]
    assert found["poll"] == [True, True]


def test_a_photos_expression_stands_on_the_head_where_the_artist_is(found):
    assert found["copied"] == [["FINISHED"], ""]
    assert found["copied_shown"]["keys"] == pytest.approx(weights(0), abs=1e-6)


def test_a_video_is_keyed_from_the_current_frame_on(found):
    assert found["animated"] == [["FINISHED"], ""]
    assert found["end"] == 10 + 24
    for frame, told in found["frames"].items():
        assert told["keys"] == pytest.approx(weights(int(frame) - 10), abs=1e-5)
    turns = [np.array(told["bones"]["neck"]) for told in found["frames"].values()]
    assert np.abs(turns[0] - turns[1]).max() > 0.01


def test_the_worker_is_asked_for_what_the_panel_says(found):
    plain = {"head": None, "model_name": "open", "face": 0}
    usual = {"source": "photo.jpg", "kind": "image", "rate": None, "neutral": "quiet", "smoothing": 1.0}
    chosen = {"source": "film.mp4", "kind": "video", "rate": 30.0, "neutral": "3", "smoothing": 0.5}
    for asked, expected in ((found["copied_asked"], usual), (found["animated_asked"], chosen)):
        assert {**plain, **asked} == plain | expected


def test_what_shows_no_face_is_told_and_leaves_the_head_alone(found):
    outcome, message = found["refused"]
    assert outcome == []
    assert "noface.mp4 shows no face" in message
    for refused in (found["missing"], found["no_name"]):
        assert refused[0] == []
        assert refused[1]
    assert found["kept"]
    assert found["poll_after"] == [True, True]


def test_blender_loads_no_heavy_library_and_nothing_is_left_behind(found):
    assert found["heavy"] == []
    assert found["temporary"] == []
