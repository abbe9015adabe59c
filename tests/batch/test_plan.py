"""Which photos a batch finds and where their results go: no two results meet."""

from __future__ import annotations

import pytest
from batch_work import photos

from seif_core.batch.plan import plan_batch
from seif_core.errors import PhotoNotFoundError, SettingsError
from seif_core.settings import ReconstructionSettings


def plan(folder, out):
    return {job.name: job.folder for job in plan_batch(folder, out, ReconstructionSettings(), ("npz",))}


def test_photos_of_one_name_in_different_folders_and_of_different_suffixes_get_results_of_their_own(tmp_path):
    folder = photos(tmp_path / "in", "a.jpg", "a.png", "anna/a.jpg", "bert/a.jpg", "bert/A.JPG")
    planned = plan(folder, tmp_path / "out")
    assert planned == {
        "a.jpg": "a",
        "a.png": "a-2",
        "anna/a.jpg": "anna/a",
        "bert/A.JPG": "bert/A",
        "bert/a.jpg": "bert/a-2",
    }


def test_a_photo_with_the_name_of_a_folder_of_photos_does_not_share_its_folder_of_results(tmp_path):
    planned = plan(photos(tmp_path / "in", "anna.jpg", "anna/deep/1.jpg"), tmp_path / "out")
    assert planned == {"anna.jpg": "anna-2", "anna/deep/1.jpg": "anna/deep/1"}


def test_results_of_an_earlier_run_inside_the_folder_are_no_photos(tmp_path):
    folder = photos(tmp_path, "a.jpg", "out/a/preview.png", ".hidden/b.jpg", ".c.jpg", "notes.txt")
    assert plan(folder, tmp_path / "out") == {"a.jpg": "a"}


@pytest.mark.parametrize("out", ["in", "."])
def test_results_do_not_go_to_the_folder_that_holds_the_photos(tmp_path, out):
    photos(tmp_path / "in", "a.jpg")
    with pytest.raises(SettingsError, match="another folder with --out"):
        plan(tmp_path / "in", tmp_path / out)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_photos_is_told(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotoNotFoundError, match=name):
        plan(tmp_path / name, tmp_path / "out")
