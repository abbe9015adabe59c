"""The animation panels of the built zip, installed into a fresh Blender; then the head in one without the add-on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sample_head import sample_head

from seif_blender.animate import regions
from seif_blender.animate.emotions import EMOTIONS as TITLES
from seif_core.expressions.arkit import ARKIT_52
from seif_core.expressions.emotions import EMOTIONS
from seif_core.expressions.spelling import spelled

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "support"
sys.path.insert(0, str(ROOT / "tools"))
import stage_extension  # noqa: E402 - after the path is set


def run(script: str, *arguments: object) -> None:
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="session")
def scratch(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("animation")
    sample_head().save(folder / "head.npz")
    run("animation_session.py", stage_extension.build(tmp_path_factory.mktemp("dist")), folder)
    return folder


@pytest.fixture(scope="session")
def found(scratch) -> dict:
    return json.loads((scratch / "found.json").read_text())


@pytest.fixture(scope="session")
def plain(scratch) -> dict:
    run("without_addon_session.py", scratch)
    return json.loads((scratch / "plain.json").read_text())


def moved(values: dict) -> dict:
    """Keys that are not at 0, without the bones' correctives."""
    return {name: v for name, v in values.items() if v and "_R" not in name[:-2]}


def test_panels_show_with_a_head_and_every_key_has_a_region(found):
    assert found["panels"] == [True, True, True]
    counts = {region: len(names) for region, names in found["regions"].items()}
    assert {r: counts[r] for r in ("eyes", "brows", "mouth", "cheeks", "nose", "tongue")} == {
        "eyes": 14,
        "brows": 5,
        "mouth": 23,
        "cheeks": 3,
        "nose": 2,
        "tongue": 1,
    }
    assert (counts["visemes"], counts["vrm"], counts["components"]) == (15, 18, 3)
    assert set(counts) <= set(regions.REGIONS)


def test_search_takes_words_in_any_spelling(found):
    assert found["search"] == ["mouthSmile_L", "mouthSmile_R"]
    assert regions.found_by("mouthSmile_L", "smile left")
    assert not regions.found_by("mouthSmile_R", "smile left")


@pytest.mark.parametrize("spelling", ["apple", "livelink", "short"])
def test_mirrored_keys_are_pairs_in_every_spelling(spelling):
    pairs = regions.mirrored_keys(spelled(name, spelling) for name in ARKIT_52)
    assert len(pairs) == 40
    assert all(pairs[twin] == name for name, twin in pairs.items())


def test_an_emotion_sets_its_keys_in_their_spelling_and_the_others_to_zero(found):
    assert found["contempt"] == {
        spelled(n, "short"): pytest.approx(w / 2, abs=1e-4) for n, w in EMOTIONS["contempt"].items()
    }
    assert moved(found["reset"]) == {}


def test_an_emotion_may_be_added_to_what_is_there(found):
    assert found["added"]["mouthSmile_R"] == found["contempt"]["mouthSmile_R"]
    assert found["added"]["browInnerUp"] == pytest.approx(EMOTIONS["surprise"]["browInnerUp"], abs=1e-4)


def test_the_panel_s_emotions_are_the_library_s():
    assert [name for name, _, _ in TITLES] == list(EMOTIONS)


def test_left_is_copied_to_right_and_directions_are_not(found):
    both = {"mouthSmile_L": 0.8, "mouthSmile_R": 0.8, "vrm_blinkLeft": 0.6, "vrm_blinkRight": 0.6}
    assert moved(found["copied"]) == {"jawLeft": 0.4, **both}
    assert found["copied_eye"] == pytest.approx([0, 0, -0.2], abs=1e-6)
    assert found["copied_neck"] == pytest.approx([0, 0.3, 0], abs=1e-6)


def test_swapping_mirrors_directions_and_middle_bones_too(found):
    assert found["swapped"]["jawRight"] == 0.4
    assert "jawLeft" not in found["swapped"]
    assert found["swapped_neck"] == pytest.approx([0, -0.3, 0], abs=1e-6)


def test_turns_read_and_write_alike_in_every_rotation_mode(found):
    first, *others = found["turns"]
    assert first[:3] == pytest.approx([0.3, 0.05, -0.1], abs=1e-5)
    assert all(other == pytest.approx(first, abs=1e-5) for other in others)
    assert found["gaze"] == pytest.approx([0.2, 0, -0.1] * 2, abs=1e-6)


def test_eyes_follow_the_target_as_far_as_eyes_turn(found):
    assert max(found["looks_straight"]) < 0.1
    assert max(found["looks"]) < 0.5
    assert min(found["looks_too_far"]) > 40
    assert found["target_parent"]
    assert found["target_keyed"]
    assert found["look_at_gone"] == [0, 0]


def test_key_all_keys_shapes_sliders_components_bones_and_place(found):
    still, half, whole = found["played"]
    assert still == [0, 0, 0, 0, 0]
    assert whole == pytest.approx([1, 1, -2.5, 0.2, 0.1], abs=1e-4)
    assert half == pytest.approx([0.5, 0.5, -1.25, 0.1, 0.05], abs=1e-3)


def test_emotions_become_pose_assets_once_that_set_the_sliders(found):
    assert found["assets_made"] == [["FINISHED"], ["FINISHED"]]
    assert [kind for kind, _ in found["assets"].values()] == sorted(EMOTIONS)
    assert found["own_action_stays"]
    assert found["asset_applied"] == {"joy": 1, "fear": 0}
    assert found["asset_moves"] == 1


def test_disabling_takes_the_sliders_properties_back(found):
    assert found["taken_back"]
    assert found["given_again"]


@pytest.mark.parametrize("way", ["appended", "overridden"])
def test_without_the_add_on_sliders_bones_correctives_and_keys_work(plain, way):
    assert not plain["addon"]
    assert min(plain[way][control] for control in ("slider", "bone", "key")) > 0.003
    assert plain[way]["corrective"] == pytest.approx(0.39, abs=0.01)


def test_an_override_keeps_its_slider_and_key_in_the_file(plain):
    assert plain["is_override"]
    assert plain["reloaded_slider"] == pytest.approx(0.75)
    assert plain["reloaded_key"] == pytest.approx(0.5)


def test_live_link_and_visemes_are_keyed_from_the_current_frame_on(found):
    answer, weights, _ = found["live_link"]
    assert answer == ["FINISHED"]
    assert weights[0] < 0.01
    assert weights[1] == pytest.approx(0.5, abs=0.02)
    answer, weights, _ = found["visemes"]
    assert answer == ["FINISHED"]
    assert weights[1] > weights[0] + 0.1


def test_a_broken_take_is_told_in_a_sentence_and_nothing_is_captured_without_a_head(found):
    assert "broken.csv" in found["broken_take"][0]
    assert "Traceback" not in found["broken_take"][0]
    assert found["capture_without_head"] == [False] * 4
