"""The built zip, installed into a fresh Blender in a process of its own: from installing to animating and reloading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from sample_hair import with_hair
from sample_head import sample_head

from seif_core import __version__
from seif_core.settings import ReconstructionSettings

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "support"
sys.path.insert(0, str(ROOT / "tools"))
import stage_extension  # noqa: E402 - after the path is set


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory) -> Path:
    return stage_extension.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def found(extension_zip, tmp_path_factory) -> dict:
    scratch = tmp_path_factory.mktemp("session")
    sample_head().save(scratch / "head.npz")
    with_hair(sample_head()).save(scratch / "hairy.npz")
    Image.new("RGB", (512, 640), (120, 100, 90)).save(scratch / "photo.jpg")
    (scratch / "tmp").mkdir()
    variables = os.environ | {
        "FAKE_HEAD": str(scratch / "head.npz"),
        "FAKE_PHOTO": str(scratch / "photo.jpg"),
        "FAKE_VERSION": __version__,
        "TMPDIR": str(scratch / "tmp"),
    }
    command = [sys.executable, str(HERE / "extension_session.py"), str(extension_zip), str(scratch)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((scratch / "found.json").read_text())


def test_manifest_is_of_this_release():
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text())
    assert manifest["version"] == __version__
    texts = [manifest["tagline"], *manifest["permissions"].values()]
    assert all(len(text) <= 64 and text[-1] not in ".!?;:" for text in texts)


def test_zip_holds_library_data_and_licence_and_no_rubbish(extension_zip):
    names = zipfile.ZipFile(extension_zip).namelist()
    for needed in ("__init__.py", "blender_manifest.toml", "seif_core/head.py", "seif_core/worker/runtime.py"):
        assert needed in names
    assert any(n.startswith("vendor/open_head/") for n in names)
    assert not [n for n in names if "__pycache__" in n or n.startswith("tests/") or n.endswith(".pyc")]


def test_zip_holds_the_networks_that_are_loaded(extension_zip):
    pytest.importorskip("torch", reason="the newest Blender's environment has no torch")
    from seif_core.implicit.compact import IMPLICIT_FILE, NORMALS_FILE

    names = set(zipfile.ZipFile(extension_zip).namelist())
    assert {f"vendor/weights/{file}" for file, _ in (NORMALS_FILE, IMPLICIT_FILE)} <= names


def test_a_missing_part_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(stage_extension, "ROOT", tmp_path)
    with pytest.raises(stage_extension.StageError, match="missing from the repository"):
        stage_extension.stage(tmp_path / "out")


def test_enabled_without_torch_and_without_touching_the_path(found):
    assert found["enabled"]
    assert found["heavy"] == []
    assert found["on_path"] == []


def test_button_is_disabled_without_a_photo(found):
    assert not found["no_photo_poll"]
    assert found["photo_poll"]


def test_a_photo_beside_an_unsaved_file_is_not_looked_for_in_the_programs_folder(found):
    assert not found["unsaved_relative_poll"]


def test_a_photo_that_may_not_be_looked_at_does_not_break_the_panel(found):
    assert found["forbidden_thumbnail"] == 0


def test_a_dropped_photo_that_cannot_start_says_why_instead_of_a_traceback(found):
    assert found["flame_import"].strip() == "Error: Choose FLAME's file in the options first"


def test_flame_needs_its_file_and_settings_are_those_of_the_library(found):
    assert not found["flame_poll"]
    settings = ReconstructionSettings.from_mapping(found["flame_settings"])
    assert settings.head_model.endswith("flame.pkl")
    assert (settings.texture_size, settings.face, settings.online) == (2048, 0, False)
    assert (settings.quality, settings.hair, settings.weights) == ("full", "layer", "compact")
    assert (settings.resolution, settings.subdivisions, settings.normal_model) == (128, 0, "")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("no_runtime", "Install Runtime"),
        ("no_python", "/no/such/python"),
        ("crash", "fell over"),
        ("no_face", "No face was found"),
    ],
)
def test_every_failure_is_reported_and_changes_nothing(found, case, words):
    outcome, message = found[case]
    assert outcome == []
    assert words in message
    assert found["alive_objects"] == 0


def test_the_head_stands_at_the_cursor(found):
    assert found["result"] == [["FINISHED"], ""]
    assert found["location"] == [1, 2, 3]
    assert found["keys"] == 1 + 52 + 1 + 9
    assert len(found["camera"]) == 1
    assert found["temporary"] == []


def test_a_head_made_anew_takes_the_place_of_the_earlier_one_and_a_failure_keeps_it(found):
    assert found["failed_rerun"] == [0, True]
    assert found["rerun"] == ["FINISHED"]
    assert found["rerun_counts"] == [0, 0]
    assert found["rerun_location"] == [4, 5, 6]
    assert found["rerun_carries"] == ["Ada", 3]
    assert found["diagnostics"] == ["FINISHED"]


def test_a_head_is_made_anew_from_its_own_photo_not_from_another_person_s_in_the_panel(found):
    """It took the panel's photo, and put another person's head in this one's place."""
    origin = sample_head().photo_name
    assert found["rerun_of"] == [Path(origin).stem, ".jpg", 0]
    name, of_copy, size, users = found["rerun_keeps"]
    assert (name, of_copy) == (origin, True)
    assert size > 1000
    assert users == 2  # the rig and the camera's background


def test_a_head_without_its_photo_cannot_be_made_anew_and_one_with_it_can_after_dismiss(found):
    assert found["rerun_without_photo"] is False
    assert found["rerun_linked_photo"] is True


def test_a_picture_that_is_no_file_of_the_artist_s_is_kept_in_the_file_that_is_saved(found):
    """The path of a temporary file was saved, which was dead after the next start."""
    assert found["from_image_saved"] == "Painted.png"
    assert found["pasted_reloaded"] == [True, "Painted.png"]
    assert found["pasted_forgotten"] is True


def test_of_several_photos_each_has_its_turn_and_one_that_fails_stops_no_other(found):
    assert found["empty_queue_poll"] is False
    names, turns, messages = zip(*found["queue"], strict=True)
    assert names == ("ok.jpg", "noface.jpg", "crash.jpg", "ok2.jpg")
    assert turns == ("Done", "Failed", "Failed", "Done")
    assert messages[1].startswith("No face was found")
    assert "ended unexpectedly" in messages[2]
    assert found["queue_places"] == [1.0, 1.4]
    assert found["queue_left"] == []
    assert found["queue_cleared"] == 0


def test_a_photo_comes_from_the_clipboard_and_from_an_image_that_is_loaded(found):
    nothing, path = found["paste"]
    if "clipboard holds neither" not in path:  # where there is no window, some systems' clipboard keeps nothing
        assert path[0] == ["FINISHED"]
        assert path[1].endswith("photo.jpg")
    assert "clipboard holds neither" in nothing
    finished, photo = found["from_image"]
    assert finished == ["FINISHED"]
    assert photo.endswith("Painted.png")


def test_another_file_loaded_in_the_middle_cancels_the_job_clears_the_queue_and_leaves_nothing(found):
    assert found["reloaded_job"] == ["CANCELLED", "The reconstruction was cancelled; the scene is as it was.", True, 0]
    assert found["reloaded_left"] == []
    assert found["hairy"][0] == ["FINISHED"]  # the next attempt


def test_keyed_shape_and_bone_play_back_with_their_drivers(found):
    assert found["keyed"] == ["FINISHED"]
    start, middle, end = found["moved"]
    assert start < 1e-6 < middle < end


def test_saved_and_reloaded_the_animation_and_its_drivers_are_the_same(found):
    assert found["reloaded"] < 1e-6
    assert found["back"] < 1e-6


def test_hair_switches_follows_the_head_and_survives_saving(found):
    assert found["hairy"] == [["FINISHED"], ""]
    assert [name.split(" ", 1)[1] for name in found["hair_names"]] == ["Hair", "Hair Cards", "Hair Guides"]
    assert found["hair_shown"] == {"shell": [0], "strands": [1], "cards": [2], "none": []}
    assert min(found["hair_moved"].values()) > 0.02
    assert max(found["hair_reloaded"].values()) < 1e-6


def test_cards_are_made_and_a_head_is_deleted_with_its_hair(found):
    assert found["panel"]
    assert found["cards_made"] == found["deleted"] == ["FINISHED"]
    assert found["cards_shown"] == [2]
    assert found["left_after_delete"] == []


def test_reset_and_disable_leave_nothing(found):
    assert found["reset"] == ["FINISHED"]
    assert found["slider_after_reset"] == 0
    assert found["disabled"]
    assert found["enabled_again"]
