"""Head models and FLAME parameters in Blender: the built zip, installed; its worker is the project's own server."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flame_head import flame_head, with_keys
from flame_pickle import flame_arrays, write_flame
from PIL import Image
from sample_head import sample_head

from seif_core.headmodel.flame import read_flame

pytest.importorskip("igl", reason="the newest Blender's environment lacks what the worker reads head models with")
from gnm_file import write_gnm

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "support"
sys.path.insert(0, str(ROOT / "tools"))
import stage_extension  # noqa: E402 - after the path is set

SMILE = np.random.default_rng(7).normal(size=(6, 12))[1]
"""The components that `with_keys` makes ``mouthSmileLeft`` of."""


class _Runs:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def _write_files(scratch: Path) -> None:
    """Models, parameters and heads that the session uses."""
    (scratch / "hostile.pkl").write_bytes(pickle.dumps({"v_template": _Runs(scratch / "mark")}, 2))
    write_gnm(scratch / "gnm_head.npz")
    path = scratch / "flame2023_Open.pkl"
    write_flame(path, flame_arrays(shapes=150))
    flame_head(with_keys(read_flame(path))).save(scratch / "flame.npz")
    sample_head().save(scratch / "head.npz")
    Image.new("RGB", (64, 64)).save(scratch / "photo.jpg")
    expression = np.zeros((3, 50))
    expression[:, :12] = np.array([0, 0.4, 0.8])[:, None] * SMILE
    jaw = np.zeros((3, 3))
    jaw[:, 0] = [0, 0.1, 0.2]
    rotation = np.zeros((3, 3))
    rotation[:, 1] = [0, 0.2, 0.4]
    np.savez(scratch / "vhap.npz", expr=expression, jaw_pose=jaw, rotation=rotation, eyelids=np.zeros(3))
    np.savez(scratch / "single.npz", expression_params=expression[2:], jaw_params=jaw[:1])
    np.savez(scratch / "components.npz", expr=np.eye(1, 50, 1) * -1.5)
    np.savez(scratch / "bad.npz", weather=np.zeros(3))


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict:
    scratch = tmp_path_factory.mktemp("models")
    zip_file = stage_extension.build(tmp_path_factory.mktemp("dist"))
    _write_files(scratch)
    (scratch / "tmp").mkdir()
    variables = os.environ | {
        "SEIF_DATA": str(scratch / "data"),
        "SEIF_CACHE": str(scratch / "cache"),
        "TMPDIR": str(scratch / "tmp"),
    }
    command = [sys.executable, str(HERE / "models_session.py"), str(zip_file), str(scratch)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((scratch / "found.json").read_text()) | {
        "mark": (scratch / "mark").exists(),
        "temporary": [path.name for path in (scratch / "tmp").glob("seif-*")],
    }


def test_a_hostile_file_is_refused_in_words_and_not_run(found):
    outcome, message = found["hostile"]
    assert outcome == []
    assert "hostile.pkl" in message
    assert not found["mark"]
    assert found["after_hostile"] == []


def test_an_added_model_stands_in_the_preferences_with_title_and_licence(found):
    assert found["gnm"] == [["FINISHED"], ""]
    assert found["after_gnm"] == [["gnm", "GNM Head 3.0", "Apache-2.0"]]
    assert ["flame2023open", "FLAME 2023 Open", "CC-BY-4.0"] in found["after_flame"]


def test_an_added_model_can_be_chosen_for_a_reconstruction(found):
    assert not found["added_poll"]
    assert found["added_settings"] == "gnm"


def test_nothing_is_downloaded_while_blender_is_offline(found):
    assert found["download_poll"] == found["online"]


def test_parameters_need_a_flame_model_and_the_error_says_how_to_get_one(found):
    outcome, message = found["no_flame"]
    assert outcome == []
    assert "add one in the preferences" in message


def test_a_file_without_parameters_is_told_and_changes_nothing(found):
    outcome, message = found["bad_parameters"]
    assert outcome == []
    assert "no FLAME parameters" in message
    assert found["unchanged"] == []


def test_a_sequence_becomes_keyframes_of_keys_and_bones(found):
    assert found["imported"] == [["FINISHED"], ""]
    first, middle, last = found["frames"]
    assert not [name for name in first["keys"] if not name.startswith(("jaw_R", "photo"))]
    assert middle["keys"]["mouthSmileLeft"] == pytest.approx(0.4, abs=0.02)
    assert last["keys"]["mouthSmileLeft"] == pytest.approx(0.8, abs=0.02)
    assert last["keys"].get("jawOpen", 0) == pytest.approx(0, abs=0.02)
    np.testing.assert_allclose(last["bones"]["jaw"], [np.cos(0.1), np.sin(0.1), 0, 0], atol=1e-5)
    np.testing.assert_allclose(last["bones"]["root"], [np.cos(0.2), 0, np.sin(0.2), 0], atol=1e-5)
    assert found["end"] >= 7


def test_turns_are_those_of_the_rigs_plan(found):
    assert max(found["axes"].values()) < 1e-6


def test_a_single_frame_is_keyed_where_the_artist_stands(found):
    assert found["single"] == [["FINISHED"], ""]
    assert found["single_shown"]["keys"]["mouthSmileLeft"] == pytest.approx(0.8, abs=0.02)


def test_a_flame_heads_own_components_are_used_where_it_has_them(found):
    assert found["components"] == [["FINISHED"], ""]
    assert found["components_shown"]["expr_002"] == pytest.approx(-1.5)
    assert "mouthSmileLeft" not in found["components_shown"]


def test_models_are_removed_and_looked_for_again(found):
    assert found["removed"] == [["FINISHED"], ""]
    assert [name for name, _, _ in found["after_remove"]] == ["flame2023open"]
    assert found["refreshed"] == [["FINISHED"], ""]
    assert found["after_refresh"] == found["after_remove"]


def test_the_add_on_stays_light_and_leaves_nothing(found):
    assert found["heavy"] == []
    assert found["disabled"]
    assert found["temporary"] == []
